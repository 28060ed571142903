from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import Example, LabelSet, Span, Task
from edgekd.errors import LabelError
from edgekd.runtime.decode import softmax
from edgekd.teachers.answers import answers, at_once
from edgekd.teachers.ensemble import Ensemble, Member
from edgekd.teachers.ensemble_report import ensemble_report
from edgekd.teachers.store import stored_labels
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.weights import Weighting
from edgekd.text.tokens import tokenize

LABELS = LabelSet(("a", "b"), ("x",))


class Chance:
    """Is right so often, each text by itself; and remembers what it was asked."""

    task, labels, any_text = Task.JOINT, LABELS, True

    def __init__(self, examples=(), right=1.0, name="t", size=3.0):
        self.known = {example.text: example for example in examples}
        self.right, self.fingerprint, self.size, self.asked = right, name, size, []

    def label(self, texts):
        for text in texts:
            self.asked.append(text)
            seed = sum(f"{self.fingerprint} {text}".encode())
            draw = np.random.default_rng([seed, len(text)])
            number = LABELS.labels.index(self.known[text].labels[0]) if text in self.known else 0
            number = number if draw.random() < self.right else 1 - number
            tokens = np.array(tokenize(text), np.int32).reshape(-1, 2)
            tags = np.tile(np.array([self.size, 0, 0], np.float32), (len(tokens), 1))
            yield SoftLabels(np.eye(2, dtype=np.float32)[number] * self.size, tokens, tags)


def example(number, language="en", label=None):
    return Example(f"text {number}", language, (label or "ab"[number % 2],))


def weigh(spelling):
    return Weighting.parse(spelling)


def test_each_is_asked_once_for_the_languages_it_knows():
    german, every = Chance(name="german"), Chance(name="every", size=1.0)
    ensemble = Ensemble([Member(german, ("de",)), every])
    examples = [example(0, "en"), example(1, "de"), example(2, "de-AT"), example(0, "en"), example(3, "fr")]
    soft = answers(ensemble, examples, at_once)
    assert german.asked == ["text 1", "text 2"]
    assert every.asked == ["text 0", "text 1", "text 2", "text 3"]
    assert list(soft) == ["text 0", "text 1", "text 2", "text 3"]
    np.testing.assert_allclose(sorted(soft["text 0"].logits), [0, 1])
    assert set(np.abs(soft["text 1"].logits).tolist()) <= {0.0, 0.5, 1.5, 2.0}


def test_a_text_in_two_languages_is_answered_by_both():
    german, english = Chance(name="de", size=2.0), Chance(name="en", size=4.0)
    ensemble = Ensemble([Member(german, ("de",)), Member(english, ("en",))])
    soft = answers(ensemble, [example(0, "de"), example(0, "en"), example(1, "de")], at_once)
    np.testing.assert_allclose(soft["text 0"].logits, [3, 0])
    np.testing.assert_allclose(soft["text 1"].logits, [2, 0])


def test_nobody_is_asked_where_somebody_is_missing():
    german = Chance()
    with pytest.raises(LabelError, match="no teacher answers texts in 'fr'"):
        answers(Ensemble([Member(german, ("de",))]), [example(0, "de"), example(1, "fr")], at_once)
    assert not german.asked


def test_a_single_teacher_is_taken_as_it_is():
    teacher = Chance()
    (text,), (wanted,) = ["text 0"], teacher.label(["text 0"])
    np.testing.assert_array_equal(answers(teacher, [example(0)], at_once)[text].logits, wanted.logits)


def test_given_weights():
    ensemble = Ensemble([Chance(size=2.0), Chance(size=6.0)])
    soft = answers(ensemble, [example(0)], at_once, weighting=weigh("3,1"))
    np.testing.assert_allclose(soft["text 0"].logits, [3, 0])
    np.testing.assert_allclose(soft["text 0"].tag_logits, [[3, 0, 0]] * 2)


def test_another_weighting_asks_nobody_again(tmp_path):
    teachers = [Chance(name="one", size=2.0), Chance(name="two", size=6.0)]
    for weights, wanted in (("1,0", 2), ("0,1", 6), ("mean", 4)):
        soft = answers(Ensemble(teachers), [example(0)], stored_labels(tmp_path), weighting=weigh(weights))
        np.testing.assert_allclose(soft["text 0"].logits, [wanted, 0])
    assert [teacher.asked for teacher in teachers] == [["text 0"], ["text 0"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


class Says(Chance):
    def __init__(self, p, tag_p=0.8):
        super().__init__(name=str(p))
        self.p, self.tag_p = p, tag_p

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


DEV = [example(number) for number in range(200)]


def test_weights_chosen_on_dev_are_used_and_reported():
    good, bad = Chance(DEV, 0.95, "good"), Chance(DEV, 0.5, "bad")
    unseen = example(1000)
    ensemble = Ensemble([Member(good, name="good"), Member(bad, name="bad")])
    soft = answers(
        ensemble, [*DEV, unseen], at_once, weighting=weigh("dev"), held_back={"dev": DEV, "test": []}
    )
    choice = soft.choices[0, 1]
    assert choice.weights[0] > 0.9
    said = soft.side("text 1000").labels.logits[:, 0]
    np.testing.assert_allclose(soft["text 1000"].logits, choice.weights @ said, rtol=1e-5)

    report = ensemble_report(soft, DEV)
    assert [one["name"] for one in report["teachers"]] == ["good", "bad"]
    first, second = (one["dev"] for one in report["teachers"])
    assert first["accuracy"] == np.mean([good_at(good, one) for one in DEV])
    assert first["accuracy"] > 0.9 > 0.6 > second["accuracy"]
    assert report["mix"]["accuracy"] >= report["mean"]["accuracy"]
    assert report["mix"]["log_likelihood"] > report["mean"]["log_likelihood"]
    gain = report["mix"]["log_likelihood"] - report["mean"]["log_likelihood"]
    assert report["chosen"][0]["gain"] == pytest.approx(gain)
    assert report["chosen"][0]["weights"] == choice.weights.tolist()
    assert report["mix"]["texts"] == 200


def good_at(teacher, one):
    (said,) = teacher.label([one.text])
    return said.decode(LABELS, Task.JOINT).labels == one.labels


def test_teachers_that_answer_together_are_weighed_together():
    german = [example(number, "de") for number in range(200, 300)]
    good, bad, only = Chance(DEV, 0.95, "good"), Chance(DEV, 0.5, "bad"), Chance(german, 0.9, "only")
    ensemble = Ensemble([Member(good, ("en",)), Member(bad, ("en",)), Member(only, ("de",))])
    dev = [*DEV, *german]
    soft = answers(ensemble, dev, at_once, weighting=weigh("dev"), held_back={"dev": dev})
    assert list(soft.choices) == [(0, 1)]
    np.testing.assert_allclose(soft["text 200"].logits, next(only.label(["text 200"])).logits)
    report = ensemble_report(soft, dev)
    assert [one["dev"]["texts"] for one in report["teachers"]] == [200, 200, 100]


@pytest.mark.parametrize("spelling", ["mean", "confidence:2", "1,3"])
def test_every_weighting_is_reported(spelling):
    teachers = [Chance(DEV, 0.9, "one"), Chance(DEV, 0.8, "two", size=2.0)]
    soft = answers(Ensemble(teachers), DEV, at_once, weighting=weigh(spelling), held_back={"dev": DEV})
    report = ensemble_report(soft, DEV)
    assert (report["mix"] == report["mean"]) == (spelling == "mean")
    assert report["weighting"] == weigh(spelling).kind
    assert report.get("weights", [1, 3]) == [1, 3]
    assert report.get("temperature", 2) == 2
    assert "chosen" not in report
