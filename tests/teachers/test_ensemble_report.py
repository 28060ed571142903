from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import Example
from edgekd.teachers.answers import answers, at_once
from edgekd.teachers.ensemble import Ensemble, Member
from edgekd.teachers.ensemble_report import ensemble_report
from edgekd.teachers.weights import Weighting


def example(number, language="en"):
    return Example(f"text {number}", language, ("ab"[number % 2],))


DEV = [example(number) for number in range(200)]


def test_weights_chosen_on_dev_are_used_and_reported(chance):
    good, bad = chance(DEV, 0.95, "good"), chance(DEV, 0.5, "bad")
    unseen = example(1000)
    ensemble = Ensemble([Member(good, name="good"), Member(bad, name="bad")])
    soft = answers(
        ensemble,
        [*DEV, unseen],
        at_once,
        weighting=Weighting.parse("dev"),
        held_back={"dev": DEV, "test": []},
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
    return said.decode(teacher.labels, teacher.task).labels == one.labels


def test_teachers_that_answer_together_are_weighed_together(chance):
    german = [example(number, "de") for number in range(200, 300)]
    good, bad, only = chance(DEV, 0.95, "good"), chance(DEV, 0.5, "bad"), chance(german, 0.9, "only")
    ensemble = Ensemble([Member(good, ("en",)), Member(bad, ("en",)), Member(only, ("de",))])
    dev = [*DEV, *german]
    soft = answers(ensemble, dev, at_once, weighting=Weighting.parse("dev"), held_back={"dev": dev})
    assert list(soft.choices) == [(0, 1)]
    np.testing.assert_allclose(soft["text 200"].logits, next(only.label(["text 200"])).logits)
    report = ensemble_report(soft, dev)
    assert [one["dev"]["texts"] for one in report["teachers"]] == [200, 200, 100]


@pytest.mark.parametrize("spelling", ["mean", "confidence:2", "1,3"])
def test_every_weighting_is_reported(chance, spelling):
    teachers = [chance(DEV, 0.9, "one"), chance(DEV, 0.8, "two", size=2.0)]
    soft = answers(
        Ensemble(teachers), DEV, at_once, weighting=Weighting.parse(spelling), held_back={"dev": DEV}
    )
    report = ensemble_report(soft, DEV)
    assert (report["mix"] == report["mean"]) == (spelling == "mean")
    assert report["weighting"] == Weighting.parse(spelling).kind
    assert report.get("weights", [1, 3]) == [1, 3]
    assert report.get("temperature", 2) == 2
    assert "chosen" not in report
