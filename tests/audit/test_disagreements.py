from __future__ import annotations

import numpy as np
import pytest

from edgekd.audit.disagreements import Doubt, disagreements, doubts_of
from edgekd.data.examples import Example, LabelSet, Span, Task
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("a", "b", "c"), ("x", "y"))
UNITS = np.array([[0, 3], [4, 7], [8, 13]], np.int32)
TEXT = "one two three"


def says(label_p=(0.8, 0.1, 0.1), tags=("O", "O", "O"), sure=0.9):
    """A reading with these tags, each with the same probability."""
    p = np.full((3, 5), (1 - sure) / 4)
    p[np.arange(3), [LABELS.tags.index(tag) for tag in tags]] = sure
    return SoftLabels(np.log(label_p).astype(np.float32), UNITS, np.log(p).astype(np.float32))


def test_nothing_differs():
    example = Example(TEXT, labels=("a",), spans=(Span(4, 13, "x"),))
    said = says(tags=("O", "B-x", "I-x"))
    assert doubts_of(example, said, LABELS, Task.JOINT) == ()
    assert disagreements([example], {example.text: said}, LABELS, Task.JOINT) == []


def test_a_label_is_doubted_by_the_difference_of_the_probabilities():
    (doubt,) = doubts_of(Example(TEXT, labels=("b",)), says((0.7, 0.2, 0.1)), LABELS, Task.JOINT)
    assert doubt == Doubt("label", "b", "a", pytest.approx(0.5, abs=1e-6))


def test_each_slot_is_doubted_once_by_its_least_sure_word():
    example = Example(TEXT, labels=("a",), spans=(Span(0, 7, "x"), Span(8, 13, "y")))
    said = says(tags=("B-y", "I-y", "O"))
    said.tag_logits[1] = np.log([0.05, 0.05, 0.3, 0.1, 0.5])
    doubts = doubts_of(example, said, LABELS, Task.JOINT)
    assert [(doubt.given, doubt.said) for doubt in doubts] == [("y", ""), ("x", "y")]
    assert doubts[1].margin == pytest.approx(0.2, abs=1e-6)


def test_bounds_alone_are_a_doubt():
    example = Example(TEXT, labels=("a",), spans=(Span(4, 13, "x"),))
    (doubt,) = doubts_of(example, says(tags=("O", "B-x", "B-x")), LABELS, Task.JOINT)
    assert (doubt.given, doubt.said) == ("x", "x")


def test_what_units_cannot_say_is_no_doubt():
    cut = Example(TEXT + " and more", labels=("a",), spans=(Span(1, 3, "x"), Span(18, 22, "y")))
    assert doubts_of(cut, says(tags=("B-x", "O", "O")), LABELS, Task.JOINT) == ()


def test_of_several_labels_each_is_doubted_by_itself():
    logits = np.array([2.0, -1.0, 0.5], np.float32)
    said = SoftLabels(logits, np.zeros((0, 2), np.int32), None)
    doubts = doubts_of(Example(TEXT, labels=("a", "b")), said, LABELS, Task.MULTILABEL)
    assert [(doubt.given, doubt.said) for doubt in doubts] == [("b", ""), ("", "c")]
    assert [doubt.margin for doubt in doubts] == pytest.approx(np.abs(np.tanh(logits[1:] / 2)), abs=1e-6)


def test_the_surest_come_first():
    texts = {"little": says((0.5, 0.4, 0.1)), "much": says((0.9, 0.05, 0.05)), "some": says((0.6, 0.2, 0.2))}
    examples = [Example(text, labels=("b",)) for text in texts]
    found = disagreements(examples, texts, LABELS, Task.JOINT)
    assert [(one.index, one.example.text) for one in found] == [(1, "much"), (2, "some"), (0, "little")]
    assert found[0].said.labels == ("a",)
