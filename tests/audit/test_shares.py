from __future__ import annotations

import numpy as np
import pytest

from edgekd.audit.shares import FEWEST, overall, shares
from edgekd.data.examples import Example, LabelSet, Span, Task
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("a", "b"), ("x", "y"))
TAGS = {"": 0, "x": 1, "y": 3}


def said(label, slot):
    units = np.array([[0, 4]], np.int32)
    return SoftLabels(
        4 * np.eye(2, dtype=np.float32)[LABELS.labels.index(label)],
        units,
        6 * np.eye(5, dtype=np.float32)[TAGS[slot]][None],
    )


def cases(given, found, times, number):
    """(label, slot) as given and as found."""
    for index in range(times):
        text = f"{number:02}{index:02}"
        spans = (Span(0, 4, given[1]),) if given[1] else ()
        yield Example(text, labels=(given[0],), spans=spans), said(*found)


def of(*rows):
    pairs = [pair for number, row in enumerate(rows) for pair in cases(*row, number)]
    return [example for example, _ in pairs], {example.text: soft for example, soft in pairs}


def test_shares_of_labels_and_slots():
    examples, soft = of(
        (("a", "x"), ("a", "x"), 30),
        (("a", "x"), ("b", "y"), 10),
        (("b", "y"), ("b", "y"), 40),
        (("b", ""), ("b", ""), 50),
    )
    found = {(one.kind, one.name): one for one in shares(examples, soft, LABELS, Task.JOINT)}
    assert list(found) == [("label", "a"), ("label", "b"), ("slot", "x"), ("slot", "y")]
    a, x, y = found["label", "a"], found["slot", "x"], found["slot", "y"]
    assert (a.given, a.confident, a.wrong, a.instead) == (40, 40, 0.25, "b")
    assert (x.given, x.wrong, x.instead) == (40, 0.25, "y")
    assert (y.given, y.wrong, y.instead) == (40, 0.0, None)
    assert overall(list(found.values()), "label") == pytest.approx(10 / 130)
    assert overall(list(found.values()), "slot") == pytest.approx(10 / 80)


def test_few_cases_give_no_estimate():
    examples, soft = of((("a", "x"), ("a", "x"), FEWEST - 1), (("b", ""), ("b", ""), FEWEST))
    found = shares(examples, soft, LABELS, Task.JOINT)
    assert [(one.name, one.wrong) for one in found] == [("a", None), ("b", 0.0), ("x", None)]
    assert overall(found, "slot") is None


def test_with_several_labels_each_is_a_question_of_its_own():
    labels = LabelSet(("p", "q"))
    examples, soft = [], {}
    for number in range(80):
        names = ("p", "q") if number < 40 else ("q",) if number < 60 else ()
        has_p = 4.0 if number < 30 else -4.0  # a quarter of what is given p has it not
        examples.append(Example(str(number), labels=names))
        logits = np.array([has_p, 4.0 if number < 60 else -4.0], np.float32)
        soft[str(number)] = SoftLabels(logits, np.zeros((0, 2), np.int32), None)
    found = shares(examples, soft, labels, Task.MULTILABEL)
    assert [(one.name, one.given, one.wrong, one.instead) for one in found] == [
        ("p", 40, 0.25, ""),
        ("q", 60, 0.0, None),
    ]
