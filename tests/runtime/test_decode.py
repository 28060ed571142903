from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.runtime.decode import (
    best_label,
    labels_above_half,
    out_of_scope_score,
    sigmoid,
    softmax,
    spans_of,
)

logits = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8).map(
    lambda x: np.array(x, np.float32)
)


@given(logits)
def test_probabilities_are_finite_and_sum_to_one(values: np.ndarray) -> None:
    assert softmax(values).sum() == pytest.approx(1, abs=1e-5)
    assert np.all((sigmoid(values) >= 0) & (sigmoid(values) <= 1))


@given(logits)
def test_the_best_label_has_its_softmax(values: np.ndarray) -> None:
    names = [str(i) for i in range(len(values))]
    name, score = best_label(values, names)
    assert values[int(name)] == values.max()
    assert score == pytest.approx(float(softmax(values)[int(name)]), rel=1e-5)


@given(logits, st.integers(-1, 7))
def test_the_out_of_scope_score_is_of_the_labels_in_scope(values: np.ndarray, label: int) -> None:
    unscoped = label if 0 <= label < len(values) else None
    probabilities = softmax(values.astype(np.float64))
    inside = [p for number, p in enumerate(probabilities) if number != unscoped]
    best = float(probabilities.max())
    assert out_of_scope_score(values, best, unscoped) == pytest.approx(1 - max(inside, default=0), abs=1e-5)


def test_sigmoid_of_known_values() -> None:
    assert sigmoid(np.array([0.0, np.log(3.0)])) == pytest.approx([0.5, 0.75])


def test_labels_above_half() -> None:
    names, scores = labels_above_half(np.array([2.0, -1.0, 0.5], np.float32), ["a", "b", "c"])
    assert names == ("a", "c")
    assert scores == pytest.approx((0.880797, 0.622459), abs=1e-5)
    assert labels_above_half(np.array([-1.0], np.float32), ["a"]) == ((), ())


SLOTS = ["x", "y"]
TAGS = ["O", "B-x", "I-x", "B-y", "I-y"]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O O O", []),
        ("B-x I-x O", [(0, 3, "x")]),
        ("B-x B-x I-x", [(0, 1, "x"), (2, 5, "x")]),
        ("O I-x I-x", [(2, 5, "x")]),
        ("B-x I-y I-y", [(0, 1, "x"), (2, 5, "y")]),
    ],
)
def test_spans(tags: str, spans: list[tuple[int, int, str]]) -> None:
    tag_logits = np.eye(5, dtype=np.float32)[[TAGS.index(tag) for tag in tags.split()]]
    token_spans = np.array([[0, 1], [2, 3], [4, 5]], np.int32)
    assert spans_of(tag_logits, token_spans, SLOTS) == spans


def test_no_tokens_no_spans() -> None:
    assert spans_of(np.zeros((0, 5), np.float32), np.zeros((0, 2), np.int32), SLOTS) == []
