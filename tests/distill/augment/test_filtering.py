"""Sure texts stay, near the wanted shares of labels; the others go with a reason."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.data import Example, LabelSet, Task
from edgekd.distill.augment.filtering import TOO_MANY, UNSURE, confidence, filter_texts, label_shares
from edgekd.errors import LabelError, UsageError
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("a", "b", "c"))


def said(*logits: float, tags: list[list[float]] | None = None) -> SoftLabels:
    return SoftLabels(
        np.array(logits, np.float32) if logits else None,
        np.array([(2 * i, 2 * i + 1) for i in range(len(tags or ()))], np.int32).reshape(-1, 2),
        None if tags is None else np.array(tags, np.float32).reshape(-1, 3),
    )


def one_label(label: int, probability: float) -> SoftLabels:
    """One label with this probability, and the others with half of the rest each."""
    logits = [math.log((1 - probability) / 2)] * 3
    logits[label] = math.log(probability)
    return said(*logits)


def test_confidence_is_that_of_the_least_sure_decision():
    two_thirds, nine_tenths = math.log(2), math.log(9)
    assert confidence(said(two_thirds, 0), Task.CLASSIFICATION) == pytest.approx(2 / 3)
    assert confidence(said(nine_tenths, -two_thirds), Task.MULTILABEL) == pytest.approx(2 / 3)
    tags = [[9, 0, 0], [math.log(3), 0, 0]]
    assert confidence(said(tags=tags), Task.TAGGING) == pytest.approx(3 / 5)
    assert confidence(said(nine_tenths, 0, tags=tags), Task.JOINT) == pytest.approx(3 / 5)
    assert confidence(said(0, 0, tags=tags), Task.JOINT) == pytest.approx(1 / 2)
    assert confidence(said(tags=[]), Task.TAGGING) == 1
    assert (
        confidence(said(5000, -5000), Task.MULTILABEL) == confidence(said(5000, 0), Task.CLASSIFICATION) == 1
    )


def filtered(outputs: list[SoftLabels], task: Task = Task.CLASSIFICATION, **settings):
    examples = [Example(str(number), "en") for number in range(len(outputs))]
    soft = {example.text: output for example, output in zip(examples, outputs, strict=True)}
    return filter_texts(examples, soft, LABELS, task, **settings)


def names(result) -> str:
    return " ".join(example.text for example in result.kept)


SURE = [one_label(0, p) for p in (0.9, 0.5, 0.7, 0.8)]


def test_unsure_texts_go():
    result = filtered(SURE, threshold=0.7 - 1e-6)
    assert names(result) == "0 2 3"
    (dropped,) = result.dropped
    assert (dropped.example.text, dropped.reason, dropped.labels) == ("1", UNSURE, ("a",))
    assert dropped.confidence == pytest.approx(0.5)
    assert names(filtered(SURE)) == "0 1 2 3"


def test_the_stricter_of_threshold_and_quantile_counts():
    assert names(filtered(SURE, quantile=0.5)) == "0 3"
    assert names(filtered(SURE, quantile=0.25, threshold=0.85)) == "0"
    assert names(filtered(SURE, quantile=0.5, threshold=0.1)) == "0 3"
    assert filtered(SURE, quantile=0.5).threshold == pytest.approx(0.75)


def test_the_surest_of_a_label_stay():
    outputs = [one_label(0, p) for p in (0.6, 0.9, 0.7, 0.8)] + [one_label(1, 0.6), one_label(2, 0.99)]
    result = filtered(outputs, balance={"a": 1, "b": 2})
    assert names(result) == "1 3 4"
    assert [(one.example.text, one.reason) for one in result.dropped] == [
        ("0", TOO_MANY), ("2", TOO_MANY), ("5", TOO_MANY)
    ]  # fmt: skip


def distance(counts: Counter, shares: dict[str, float]) -> float:
    return sum(abs(counts[label] / counts.total() - share) for label, share in shares.items()) / 2


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(50, 99)), min_size=1, max_size=60),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
)
def test_the_kept_are_no_farther_from_the_wanted_shares(texts, weights):
    shares = {label: weight / sum(weights) for label, weight in zip("abc", weights, strict=True)}
    outputs = [one_label(label, percent / 100) for label, percent in texts]
    result = filtered(outputs, balance=shares)
    assert result == filtered(outputs, balance=shares)
    before = Counter("abc"[label] for label, _ in texts)
    after = Counter("abc"[texts[int(example.text)][0]] for example in result.kept)
    assert len(result.kept) + len(result.dropped) == len(texts)
    # Whole texts are kept, so that each of three labels may be off by less than one.
    assert distance(after, shares) <= distance(before, shares) + 3 / after.total()
    for label, share in shares.items():
        assert after[label] == min(before[label], math.ceil(len(texts) * share - 1e-6))


def test_the_shares_of_labelled_examples():
    examples = [Example("", labels=labels) for labels in (("b",), ("a",), ("b",), ("b",))]
    assert label_shares(examples) == {"a": 0.25, "b": 0.75}


@pytest.mark.parametrize(
    "settings, error",
    [
        ({"threshold": 1.5}, UsageError),
        ({"quantile": -0.1}, UsageError),
        ({"balance": {}}, UsageError),
        ({"balance": {"a": -1, "b": 2}}, UsageError),
        ({"balance": {"a": 1}, "task": Task.MULTILABEL}, UsageError),
        ({"balance": {"z": 1}}, LabelError),
    ],
)
def test_wrong_settings_are_refused(settings, error):
    with pytest.raises(error):
        filtered(SURE, **settings)


def test_no_texts():
    result = filtered([], quantile=0.5, balance={"a": 1})
    assert result.kept == result.dropped == ()
