"""Wrong labels put into the project's corpus are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgekd.audit.audit import audit
from edgekd.audit.shares import overall
from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.errors import LabelError, UsageError
from edgekd.teachers.ensemble import Ensemble
from edgekd.teachers.teacher import SoftLabels

NOISE = 0.1


def precision(found, wrong):
    """Of half as many as there are wrong examples, from the top of the list."""
    top = found.disagreements[: len(wrong) // 2]
    return sum(one.index in wrong for one in top) / len(top)


@pytest.mark.parametrize("split", ["dev", "train"])
def test_the_top_of_the_list_is_mostly_wrong_labels(noisy, linear, split):
    data, wrong = noisy
    assert len(wrong[split]) == round(NOISE * len(data.splits[split]))
    found = audit(data, split, linear, name="linear")
    assert precision(found, wrong[split]) > 7 * NOISE
    margins = [one.margin for one in found.disagreements]
    assert margins == sorted(margins, reverse=True)


def test_most_wrong_labels_are_listed_and_fewer_where_the_teacher_has_learned_them(noisy, linear):
    data, wrong = noisy
    found = {}
    for split in ("dev", "train"):
        listed = {one.index for one in audit(data, split, linear, name="linear").disagreements}
        found[split] = len(wrong[split] & listed) / len(wrong[split])
    assert found["dev"] > 0.9
    assert found["train"] < 0.5


@pytest.mark.parametrize("kind", ["label", "slot"])
def test_the_estimated_share_rises_by_what_was_put_in(clean, noisy, linear, kind):
    """Without noise it is what the teacher is sure of and wrong about."""
    data, wrong = noisy
    before, after = (overall(audit(one, "dev", linear, name="linear").shares, kind) for one in (clean, data))
    pairs = list(zip(clean.splits["dev"], data.splits["dev"], strict=True))
    if kind == "label":
        put_in = sum(one.labels != other.labels for one, other in pairs) / len(pairs)
    else:
        spans = [pair for one, other in pairs for pair in zip(one.spans, other.spans, strict=True)]
        put_in = sum(one != other for one, other in spans) / len(spans)
    assert after - before == pytest.approx(put_in, abs=0.02)


class Says:
    """The same label for every text, with a probability."""

    task, labels, any_text = Task.CLASSIFICATION, LabelSet(("a", "b", "c")), True

    def __init__(self, *p):
        self.p, self.fingerprint = p, str(p)

    def label(self, texts):
        for _ in texts:
            yield SoftLabels(np.log(self.p).astype(np.float32), np.zeros((0, 2), np.int32), None)


def test_several_teachers_vote():
    data = Dataset("x", Task.CLASSIFICATION, {"dev": [Example("hm", "en", ("a",))]}, Says.labels)
    teachers = [Says(0.1, 0.8, 0.1), Says(0.3, 0.6, 0.1), Says(0.2, 0.3, 0.5), Says(0.9, 0.05, 0.05)]
    (found,) = audit(data, "dev", Ensemble(teachers[:3]), name="three").disagreements
    assert (found.said.labels, found.agreeing, found.asked) == (("b",), 2, 3)
    (alone,) = audit(data, "dev", teachers[2], name="one").disagreements
    assert (alone.said.labels, alone.agreeing, alone.asked) == (("c",), 1, 1)
    assert audit(data, "dev", Ensemble([teachers[3], teachers[2]]), name="two").disagreements == ()


def test_the_mean_of_several_finds_wrong_labels_too(noisy, linear, other_linear):
    data, wrong = noisy
    found = audit(data, "dev", Ensemble([linear, other_linear]), name="both")
    assert precision(found, wrong["dev"]) > 7 * NOISE


@pytest.mark.parametrize(
    ("change", "split", "error", "said"),
    [
        ({}, "test", UsageError, "no split 'test'(.|\n)*train, dev"),
        ({"task": Task.TAGGING}, "dev", LabelError, "read as tagging"),
        ({"splits": {"dev": [Example("hm", "en", ("hum",))]}}, "dev", LabelError, "'hum'"),
    ],
)
def test_what_does_not_fit_is_refused(noisy, linear, change, split, error, said):
    data, _ = noisy
    with pytest.raises(error, match=said):
        audit(replace(data, **change), split, linear, name="linear")
