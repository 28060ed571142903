"""Wrong labels put into the project's corpus are found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgekd.audit.audit import audit
from edgekd.audit.shares import overall
from edgekd.data.examples import Example, Task
from edgekd.errors import LabelError, UsageError
from edgekd.teachers.ensemble import Ensemble

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


def test_several_teachers_vote(noisy, linear, other_linear):
    data, wrong = noisy
    found = audit(data, "dev", Ensemble([linear, other_linear]), name="both")
    assert {one.asked for one in found.disagreements} == {2}
    assert {one.agreeing for one in found.disagreements} >= {1, 2}
    assert precision(found, wrong["dev"]) > 7 * NOISE
    alone = audit(data, "dev", linear, name="linear")
    assert {(one.agreeing, one.asked) for one in alone.disagreements} == {(1, 1)}


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
