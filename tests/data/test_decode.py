"""The best tags against all sequences, tried one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgekd.data.decode import best_tags

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")


def makes_sense(tags):
    return all(
        not TAGS[tag].startswith("I") or (before and TAGS[before][2:] == TAGS[tag][2:])
        for before, tag in zip((0, *tags), tags, strict=False)
    )


def log_probability(logits, tags):
    normal = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return sum(normal[token, tag] for token, tag in enumerate(tags))


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.just(5)), elements=st.floats(-5, 5, width=16)))
def test_no_sequence_that_makes_sense_is_better(logits):
    found = best_tags(logits)
    assert makes_sense(found)
    best = max(
        log_probability(logits, tags)
        for tags in itertools.product(range(5), repeat=len(logits))
        if makes_sense(tags)
    )
    assert log_probability(logits, found) == pytest.approx(best, abs=1e-4)


def test_one_tag_alone_may_give_way():
    logits = np.array([[0, 3, 0, 0, 0], [0, 0, 2, 0, 2.1]], np.float32)
    assert logits.argmax(-1).tolist() == [1, 4]
    assert best_tags(logits) == [1, 2]


def test_nothing_to_tag():
    assert best_tags(np.zeros((0, 5), np.float32)) == []
