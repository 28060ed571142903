"""A data set in numbers, by hand."""

import math

import pytest

from edgekd.data import Dataset, Example, LabelSet, Span, Task
from edgekd.search.features import features

TRAIN = [
    Example("play jazz", "en", ("music",), (Span(5, 9, "genre"),)),
    Example("play rock", "en", ("music",), (Span(5, 9, "genre"),)),
    Example("wake me up", "en", ("alarm",)),
    Example("Слушай рок", "ru", ("music",)),
]
DEV = [Example("play jazz now", "en", ("music",)), Example("wake him now", "en", ("music",))]


@pytest.fixture
def found():
    dataset = Dataset("x", Task.JOINT, {"train": TRAIN, "dev": DEV}, LabelSet.of(TRAIN))
    return features(dataset, 0.8)


def test_counts(found):
    assert found["log_texts"] == pytest.approx(math.log10(4))
    assert found["log_dev_texts"] == pytest.approx(math.log10(2))
    assert found["log_labels"] == pytest.approx(math.log10(3))
    assert found["log_slots"] == pytest.approx(math.log10(2))
    assert found["log_languages"] == pytest.approx(math.log10(2))
    assert found["teacher"] == 0.8
    assert found["several_labels"] == 0


def test_labels_and_slots(found):
    assert found["label_entropy"] == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert found["commonest_label"] == 0.75
    assert found["spans"] == 0.5
    assert found["spanned"] == pytest.approx(2 / 9)


def test_words(found):
    assert found["tokens"] == 9 / 4
    assert found["log_vocabulary"] == pytest.approx(math.log10(1 + 8))
    assert found["type_token_ratio"] == pytest.approx(8 / 9)
    assert found["unseen"] == pytest.approx(3 / 6)  # now, him, now
    letters = sum(len(example.text) for example in TRAIN)
    assert found["ascii"] == pytest.approx(1 - 9 / letters)


def test_nearest_texts(found):
    """play jazz / play jazz now: 2 of 3; wake me up / wake him now: 1 of 5, and another label."""
    assert found["overlap"] == pytest.approx((2 / 3 + 1 / 5) / 2)
    assert found["neighbour_right"] == 0.5


def test_a_task_without_labels_or_slots():
    train = [Example("a b", "en", (), (Span(0, 1, "x"),))]
    tagging = Dataset("x", Task.TAGGING, {"train": train, "dev": [Example("", "en")]}, LabelSet.of(train))
    found = features(tagging, 0.5)
    assert all(math.isfinite(value) for value in found.values())
    assert found["label_entropy"] == 0 and found["log_labels"] == 0
