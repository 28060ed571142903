"""AutoDistiller's trials: candidates, rungs, interruption."""

import json
from dataclasses import replace

import pytest

from edgekd.errors import RunError, UsageError
from edgekd.lock import locked
from edgekd.search.auto import Halving
from edgekd.search.halving import affordable
from edgekd.search.runner import Budget
from edgekd.search.runs import FinishedRun
from edgekd.search.space import Space
from edgekd.search.trial import Curve, State, ranked

TRIALS = 3


@pytest.fixture
def runs(base, formula):
    """On two other data sets the same recipes are good as on the one at hand."""
    recipes = [
        base.changed({"student.dropout": dropout / 20, "student.units": units})
        for dropout in range(13)
        for units in (50, 100, 200)
    ]
    return [
        FinishedRun(
            f"data {data}",
            f"d{data}",
            "t",
            {"log_texts": 3.0 + data, "overlap": 0.5},
            recipe.model_dump(mode="json"),
            "accuracy",
            formula(recipe),
            Curve({1: 0.1}),
        )
        for data in range(2)
        for recipe in recipes
    ]


@pytest.fixture
def halving(runner, space, base, runs):
    return Halving(runner, space, base, Budget(), 1, runs)


def test_the_prior_brings_the_best_and_the_rungs_save_the_rest(halving, runner, base):
    trials = halving.explore(TRIALS)
    count = affordable(TRIALS)
    assert len(trials) == count
    assert trials[0].changes == {} and trials[0].recipe == base.model_dump(mode="json")
    best = ranked(trials)[0]
    assert best.recipe["student"]["dropout"] == pytest.approx(0.3) and best.recipe["student"]["units"] == 200
    assert len(runner.trained) == len(set(runner.trained)) <= TRIALS * base.training.epochs
    epochs = sorted(max(trial.curve) for trial in trials)
    assert epochs[0] == 1 and epochs[-1] == 9 and set(epochs) <= {1, 3, 9}
    for trial in trials:
        assert trial.state is (State.COMPLETE if max(trial.curve) == 9 else State.PRUNED)


def test_without_trust_the_others_are_drawn(halving, runner, space, base):
    trials = replace(halving, runs=halving.runs[:39]).explore(TRIALS)  # of one data set
    assert json.loads((runner.folder / "candidates.json").read_text())["trust"] == 0
    assert trials[0].changes == {}
    again = replace(halving, runner=type(runner)(runner.folder.parent / "b"), runs=[], seed=2).explore(TRIALS)
    assert [trial.changes for trial in again] != [trial.changes for trial in trials]


@pytest.mark.parametrize("dies_after", [1, 5, 12, 20])
def test_killed_it_goes_on_to_the_same_end(halving, runner, tmp_path, dies_after):
    runner.dies_after = dies_after
    with pytest.raises(KeyboardInterrupt):
        halving.explore(TRIALS)
    runner.dies_after = None
    trials = halving.explore(TRIALS)
    assert len(runner.trained) == len(set(runner.trained))
    whole = replace(halving, runner=type(runner)(tmp_path / "whole")).explore(TRIALS)
    assert [replace(one, seconds=0) for one in trials] == [replace(one, seconds=0) for one in whole]
    count = len(runner.trained)
    assert halving.explore(TRIALS) == trials
    assert len(runner.trained) == count


def test_what_costs_too_much_is_no_candidate(halving, runner):
    trials = replace(halving, budget=Budget("size", 100)).explore(TRIALS)
    assert len(trials) == affordable(TRIALS)
    assert {trial.recipe["student"]["units"] for trial in trials} <= {50, 100}
    assert ranked(trials)[0].cost <= 100
    with pytest.raises(UsageError, match="no recipe of the space costs at most 10"):
        other = type(runner)(runner.folder.parent / "b")
        replace(halving, runner=other, budget=Budget("size", 10)).explore(TRIALS)


def test_a_candidate_that_cannot_be_trained_is_refused(halving, base):
    content = {"training.batch_size": [13, 64], "student.dropout": {"low": 0.0, "high": 0.6}}
    trials = replace(halving, space=Space.parse(content, base, where="test"), runs=[]).explore(TRIALS)
    assert {trial.state for trial in trials} == {State.COMPLETE, State.PRUNED, State.REFUSED}
    for trial in trials:
        assert (trial.state is State.REFUSED) == (trial.recipe["training"]["batch_size"] == 13)


def test_one_process_at_a_time(halving, runner):
    with locked(runner.folder / "lock"), pytest.raises(RunError, match="another process"):
        halving.explore(TRIALS)
