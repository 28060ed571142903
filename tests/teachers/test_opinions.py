from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import Example, LabelSet, Span, Task
from edgekd.runtime.decode import sigmoid, softmax
from edgekd.teachers.opinions import UNKNOWN, Opinions, right_choices, side_by_side
from edgekd.teachers.teacher import SoftLabels

NOTHING = np.zeros((0, 2), np.int32)
ALIKE = np.ones((2, 1))


def labels_only(logits):
    return SoftLabels(np.array(logits), NOTHING, None)


def tags_only(units, tag_logits):
    return SoftLabels(None, np.array(units, np.int32).reshape(-1, 2), np.array(tag_logits, np.float64))


def test_a_mix_is_the_weighted_geometric_mean_of_probabilities():
    p = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    side = side_by_side([labels_only(np.log(row)) for row in p], Task.CLASSIFICATION)
    mixed = side.mixed(np.array([[0.75], [0.25]]), ALIKE, Task.CLASSIFICATION)
    wanted = p[0] ** 0.75 * p[1] ** 0.25
    np.testing.assert_allclose(softmax(mixed.logits), wanted / wanted.sum(), rtol=1e-6)
    assert mixed.logits.dtype == np.float32


def test_labels_without_an_opinion_keep_the_probability_that_the_others_give_them():
    complete, partial = np.log([0.2, 0.3, 0.5]), np.array([np.log(0.9) + 7, np.log(0.1) + 7, np.nan])
    side = side_by_side([labels_only(complete), labels_only(partial)], Task.CLASSIFICATION)
    np.testing.assert_allclose(softmax(side.labels.logits[1]), [[0.45, 0.05, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(softmax(side.labels.logits[0]), [[0.2, 0.3, 0.5]], rtol=1e-6)


def test_without_any_opinion_a_teacher_says_what_the_others_say():
    side = side_by_side([labels_only([1.0, 3.0]), labels_only([np.nan, np.nan])], Task.CLASSIFICATION)
    np.testing.assert_allclose(side.labels.logits, [[[1, 3]], [[1, 3]]])


def test_each_of_several_labels_is_decided_by_itself():
    side = side_by_side([labels_only([1.0, -3.0]), labels_only([5.0, np.nan])], Task.MULTILABEL)
    mixed = side.mixed(np.array([[0.5, 0.5], [0.5, 0.5]]), ALIKE, Task.MULTILABEL)
    np.testing.assert_allclose(mixed.logits, [3.0, -3.0])
    np.testing.assert_allclose(softmax(side.labels.logits)[0, :, 1], sigmoid(np.array([1.0, -3.0])))


def test_outside_of_known_slots_is_split_as_the_complete_teachers_split_it():
    # O, B-u, I-u, B-k, I-k; the second teacher does not know u.
    complete = np.log([[0.4, 0.2, 0.1, 0.2, 0.1]])
    partial = np.array([[np.log(0.35), np.nan, np.nan, np.log(0.6), np.log(0.05)]]) - 4
    side = side_by_side([tags_only([[0, 2]], complete), tags_only([[0, 2]], partial)], Task.TAGGING)
    np.testing.assert_allclose(softmax(side.tags.logits[1]), [[0.2, 0.1, 0.05, 0.6, 0.05]], rtol=1e-6)


def test_units_are_those_of_the_complete_teachers():
    complete = tags_only([[0, 4], [5, 6]], np.log([[0.4, 0.2, 0.1, 0.2, 0.1]] * 2))
    partial = tags_only([[0, 2], [2, 4]], [[0, np.nan, np.nan, 5, 1], [0, np.nan, np.nan, 1, 5]])
    side = side_by_side([complete, partial], Task.TAGGING)
    assert side.units.tolist() == [[0, 4], [5, 6]]
    assert side.tags.known.tolist() == [[True, True], [True, False]]
    assert side.tags.logits[1, 0].argmax() == 3
    # Only the complete teacher has read the second unit.
    np.testing.assert_allclose(softmax(side.tags.mixed(ALIKE))[1], [0.4, 0.2, 0.1, 0.2, 0.1], rtol=1e-6)


def test_a_partial_teacher_inside_of_a_unit_goes_on_with_what_it_began():
    fine = tags_only([[0, 2], [2, 4]], np.log([[0.4, 0.2, 0.1, 0.2, 0.1]] * 2))
    coarse = tags_only([[0, 4]], [[0, np.nan, np.nan, 9, 1]])
    side = side_by_side([fine, coarse], Task.TAGGING)
    assert side.tags.logits[1].argmax(-1).tolist() == [3, 4]


def test_those_without_weight_count_alike_where_nobody_else_speaks():
    known = np.array([[True, False], [True, True], [True, True]])
    opinions = Opinions(np.array([[[4.0], [9.0]], [[1.0], [1.0]], [[7.0], [3.0]]]), known)
    np.testing.assert_allclose(opinions.mixed(np.array([[1.0], [0.0], [0.0]])), [[4.0], [2.0]])


def test_right_choices():
    labels = LabelSet(("a", "b"), ("x",))
    outputs = [SoftLabels(np.zeros(2), np.array([[0, 3], [4, 6]], np.int32), np.zeros((2, 3)))]
    side = side_by_side(outputs, Task.JOINT)
    example = Example("one to", labels=("b",), spans=(Span(4, 6, "x"),))
    of_labels, of_tags = right_choices(side, example, labels, Task.JOINT)
    assert (of_labels.tolist(), of_tags.tolist()) == ([1], [0, 1])
    stranger = Example("one to", labels=("c",), spans=(Span(0, 3, "y"),))
    of_labels, of_tags = right_choices(side, stranger, labels, Task.JOINT)
    assert (of_labels.tolist(), of_tags.tolist()) == ([UNKNOWN], [UNKNOWN, 0])
    of_labels, of_tags = right_choices(side, None, labels, Task.JOINT)
    assert (of_labels.tolist(), of_tags.tolist()) == ([UNKNOWN], [UNKNOWN, UNKNOWN])


@pytest.mark.parametrize(("names", "wanted"), [((), [0, 0]), (("b",), [0, 1]), (("a", "b"), [1, 1])])
def test_right_choices_of_several_labels(names, wanted):
    side = side_by_side([labels_only([0.0, 0.0])], Task.MULTILABEL)
    found, _ = right_choices(side, Example("", labels=names), LabelSet(("a", "b")), Task.MULTILABEL)
    assert found.tolist() == wanted
