from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import Example, LabelSet, Span, Task
from edgekd.errors import LabelError
from edgekd.runtime.decode import softmax
from edgekd.teachers.answers import answers, at_once
from edgekd.teachers.ensemble import Ensemble, Member
from edgekd.teachers.label_map import LabelMap
from edgekd.teachers.store import stored_labels
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.weights import Weighting
from edgekd.text.tokens import tokenize

LABELS = LabelSet(("a", "b"), ("x",))


def example(number, language="en"):
    return Example(f"text {number}", language, ("ab"[number % 2],))


def weigh(spelling):
    return Weighting.parse(spelling)


def test_each_is_asked_once_for_the_languages_it_knows(chance):
    german, every = chance(name="german"), chance(name="every", size=1.0)
    ensemble = Ensemble([Member(german, ("de",)), every])
    examples = [example(0, "en"), example(1, "de"), example(2, "de-AT"), example(0, "en"), example(3, "fr")]
    soft = answers(ensemble, examples, at_once)
    assert german.asked == ["text 1", "text 2"]
    assert every.asked == ["text 0", "text 1", "text 2", "text 3"]
    assert list(soft) == ["text 0", "text 1", "text 2", "text 3"]
    np.testing.assert_allclose(sorted(soft["text 0"].logits), [0, 1])
    assert set(np.abs(soft["text 1"].logits).tolist()) <= {0.0, 0.5, 1.5, 2.0}


def test_a_text_in_two_languages_is_answered_by_both(chance):
    german, english = chance(name="de", size=2.0), chance(name="en", size=4.0)
    ensemble = Ensemble([Member(german, ("de",)), Member(english, ("en",))])
    soft = answers(ensemble, [example(0, "de"), example(0, "en"), example(1, "de")], at_once)
    np.testing.assert_allclose(soft["text 0"].logits, [3, 0])
    np.testing.assert_allclose(soft["text 1"].logits, [2, 0])


def test_nobody_is_asked_where_somebody_is_missing(chance):
    german = chance()
    with pytest.raises(LabelError, match="no teacher answers texts in 'fr'"):
        answers(Ensemble([Member(german, ("de",))]), [example(0, "de"), example(1, "fr")], at_once)
    assert not german.asked


def test_a_single_teacher_is_taken_as_it_is(chance):
    teacher = chance()
    (text,), (wanted,) = ["text 0"], teacher.label(["text 0"])
    np.testing.assert_array_equal(answers(teacher, [example(0)], at_once)[text].logits, wanted.logits)


def test_given_weights(chance):
    ensemble = Ensemble([chance(size=2.0), chance(size=6.0)])
    soft = answers(ensemble, [example(0)], at_once, weighting=weigh("3,1"))
    np.testing.assert_allclose(soft["text 0"].logits, [3, 0])
    np.testing.assert_allclose(soft["text 0"].tag_logits, [[3, 0, 0]] * 2)


def test_another_weighting_asks_nobody_again(chance, tmp_path):
    teachers = [chance(name="one", size=2.0), chance(name="two", size=6.0)]
    for weights, wanted in (("1,0", 2), ("0,1", 6), ("mean", 4)):
        soft = answers(Ensemble(teachers), [example(0)], stored_labels(tmp_path), weighting=weigh(weights))
        np.testing.assert_allclose(soft["text 0"].logits, [wanted, 0])
    assert [teacher.asked for teacher in teachers] == [["text 0"], ["text 0"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


class Says:
    """The same for every text: the label "a" with a probability, and "x" begins at each word with another."""

    task, labels, any_text = Task.JOINT, LABELS, True

    def __init__(self, p, tag_p):
        self.p, self.tag_p, self.fingerprint = p, tag_p, str(p)

    def label(self, texts):
        for text in texts:
            units = np.array(tokenize(text), np.int32)
            rest = (1 - self.tag_p) / 2
            tags = np.log(np.tile([rest, self.tag_p, rest], (len(units), 1))).astype(np.float32)
            yield SoftLabels(np.log([self.p, 1 - self.p]).astype(np.float32), units, tags)


def by_confidence(**more):
    teachers = [Says(0.9, 0.6), Says(0.2, 0.9)]
    soft = answers(
        Ensemble(teachers), [Example("one two", "en")], at_once, weighting=weigh("confidence"), **more
    )["one two"]
    return softmax(soft.logits.astype(np.float64))[0]


def mix(weights):
    a, b = (0.9 ** weights[0] * 0.2 ** weights[1]), (0.1 ** weights[0] * 0.8 ** weights[1])
    return a / (a + b)


def test_confidence_follows_the_label_where_it_is_known():
    train = [Example("one two", "en", ("b",), (Span(0, 3, "x"),))]
    assert by_confidence(train=train) == pytest.approx(mix([0.1 / 0.9, 0.8 / 0.9]), rel=1e-5)


def test_confidence_follows_the_entropy_where_it_is_not():
    entropy = np.array([-(p * np.log(p) + (1 - p) * np.log(1 - p)) for p in (0.9, 0.2)])
    unknown = by_confidence()
    assert unknown == pytest.approx(mix(softmax(-entropy)), rel=1e-5)
    labelled = Example("one two", "en", ("b",))
    assert by_confidence(train=[labelled, Example("one two", "en", ("a",))]) == pytest.approx(unknown)
    assert by_confidence(train=[labelled], held_back={"test": [labelled]}) == pytest.approx(unknown)


def test_confidence_for_slots_is_by_unit():
    train = [Example("one two", "en", ("b",), (Span(0, 3, "x"),))]
    soft = answers(
        Ensemble([Says(0.9, 0.6), Says(0.2, 0.9)]), train, at_once, weighting=weigh("confidence"), train=train
    )["one two"]
    # The first word is B-x, the second is O, of which the first teacher thinks more.
    for unit, of_right in enumerate(([0.6, 0.9], [0.2, 0.05])):
        w = np.array(of_right) / sum(of_right)
        wanted = np.array([0.2, 0.6, 0.2]) ** w[0] * np.array([0.05, 0.9, 0.05]) ** w[1]
        found = softmax(soft.tag_logits[unit].astype(np.float64))
        np.testing.assert_allclose(found, wanted / wanted.sum(), rtol=1e-5)


class Known:
    """The same probabilities of some labels for every text."""

    task, any_text = Task.CLASSIFICATION, True

    def __init__(self, **p):
        self.labels, self.p, self.fingerprint = LabelSet(tuple(sorted(p))), p, str(p)

    def label(self, texts):
        p = np.array([self.p[name] for name in self.labels.labels])
        for _ in texts:
            yield SoftLabels(np.log(p).astype(np.float32), np.zeros((0, 2), np.int32), None)


def test_a_teacher_of_other_labels_counts_for_those_that_it_knows():
    every = Known(a=0.2, b=0.3, c=0.5)
    other = Known(a1=0.3, a2=0.42, b=0.08, strange=0.2)
    mapping = LabelMap({"a1": "a", "a2": "a", "strange": None})
    ensemble = Ensemble([every, Member(other, mapping=mapping)])
    assert ensemble.labels == every.labels
    soft = answers(ensemble, [Example("hm")], at_once, weighting=weigh("0,1"))
    # Of a and b alone it says 0.9 and 0.1, and the other teacher gives both together one half.
    np.testing.assert_allclose(softmax(soft["hm"].logits.astype(np.float64)), [0.45, 0.05, 0.5], rtol=1e-5)
    soft = answers(ensemble, [Example("hm")], at_once)
    wanted = np.sqrt([0.2 * 0.45, 0.3 * 0.05, 0.5 * 0.5])
    np.testing.assert_allclose(
        softmax(soft["hm"].logits.astype(np.float64)), wanted / wanted.sum(), rtol=1e-5
    )
