"""search.html: what it says, and that it needs nothing else."""

import re
from dataclasses import replace

import pytest

from edgekd.search.page import changes, render
from edgekd.search.trial import Curve, State, Trial, front

RECIPE = {"training": {"epochs": 10}}
TRIALS = [
    Trial(0, State.COMPLETE, {}, RECIPE, Curve({10: 0.8}), 0.8, 300.0),
    Trial(1, State.PRUNED, {"student.dropout": 0.25}, RECIPE, Curve({4: 0.1}), None, 200.0, 0.0, "others"),
    Trial(
        2, State.COMPLETE, {"augmentation": {"typing": {"times": 3}}}, RECIPE, Curve({10: 0.9}), 0.9, 500.0
    ),
    Trial(3, State.REFUSED, {"student.dropout": 0.5}, RECIPE, Curve(), None, None, 0.0, "a <bad> loss"),
    Trial(4, State.COMPLETE, {"student.dropout": 0.123456}, RECIPE, Curve({10: 0.7}), 0.7, 600.0),
]
FINALISTS = [
    {
        "trial": 2,
        "by_search": 0.9,
        "qualities": {"2": 0.85, "3": 0.87},
        "mean": 0.86,
        "best": 0.87,
        "deviation": 0.014,
    }
]


def results(cost="latency", trials=TRIALS, **changed):
    return {
        "data": "mine & yours",
        "metric": "exact_match",
        "cost": cost,
        "auto": False,
        "trials": [trial.to_json() for trial in trials],
        "front": [trial.number for trial in front(trials)],
        "importance": {"student.dropout": 0.75, "augmentation": 0.25},
        "finalists": FINALISTS,
        "winner": 2,
        **changed,
    }


def test_everything_is_said():
    page = render(results())
    for said in (
        "mine &amp; yours",
        "Winner: trial 2",
        "3 complete, 1 pruned, 1 refused",
        "86.0%",
        "87.0%",
        "1.4",
    ):
        assert said in page
    for title in (
        "History",
        "Quality against p50",
        "What decides",
        "Trials",
        "The best again, with other seeds",
    ):
        assert f"<h2>{title}</h2>" in page
    assert "a &lt;bad&gt; loss" in page
    assert not re.search(r"<script|https?://(?!www.w3.org)|src=|@import", page)


def test_the_front_is_marked_in_both_drawings():
    page = render(results())
    told = re.findall(r'<circle class="dot (\w*)".*?<title>(trial \d)', page)
    assert sorted(told) == sorted([("pass", "trial 0"), ("pass", "trial 2"), ("", "trial 4")] * 2)


def test_the_best_so_far_never_falls():
    history = render(results()).split("<h2>History</h2>")[1].split("</section>")[0]
    heights = [
        (float(y1), float(y2))
        for y1, y2 in re.findall(r'class="series"[^>]* y1="([\d.]+)" y2="([\d.]+)"', history)
    ]
    assert heights and all(end <= start for start, end in heights)


@pytest.mark.parametrize("cost", [None, "size"])
def test_other_costs(cost):
    trials = TRIALS if cost else [replace(trial, cost=None) for trial in TRIALS]
    page = render(results(cost, trials, importance={}, finalists=[]))
    assert ("Quality against size" in page) == bool(cost)
    assert "What decides" not in page and "other seeds" not in page


def test_one_trial_alone():
    page = render(results(None, [replace(TRIALS[2], cost=None)], importance={}, finalists=[]))
    assert "1 complete" in page


def test_changes_in_a_line():
    assert [changes(trial) for trial in TRIALS[:3]] == [
        "nothing changed",
        "dropout 0.25",
        "augmentation {typing: {times: 3}}",
    ]
