"""The search that Optuna leads: what it finds, prunes, survives and refuses."""

import threading
from dataclasses import replace

import pytest

from edgekd.errors import RunError
from edgekd.search.runner import Budget
from edgekd.search.space import Space
from edgekd.search.study import Proposals
from edgekd.search.trial import State, front, ranked


@pytest.fixture
def proposals(runner, space, base):
    return Proposals(runner, space, base, Budget(), seed=1)


def epochs_of(runner, number):
    return [epoch for name, epoch in runner.trained if name == str(number)]


@pytest.fixture(scope="module")
def explored(formula_runner, space, base, tmp_path_factory):
    """A whole search, and its trials."""
    runner = formula_runner(tmp_path_factory.mktemp("explored"))
    proposals = Proposals(runner, space, base, Budget(), seed=1)
    return proposals, proposals.explore(30)


def test_the_best_is_found_from_the_given_recipe_on(explored, base, formula):
    _, trials = explored
    assert [trial.number for trial in trials] == list(range(30))
    first = trials[0]
    assert first.recipe["student"]["dropout"] == base.student.dropout
    best = ranked(trials)[0]
    assert best.quality > first.quality
    assert best.quality > 0.88
    for trial in trials:
        recipe = base.changed(trial.changes)
        assert trial.recipe == recipe.model_dump(mode="json")
        if trial.state is State.COMPLETE:
            assert trial.quality == formula(recipe)


def test_the_hopeless_are_pruned_and_take_fewer_epochs(explored):
    proposals, trials = explored
    pruned = [trial for trial in trials if trial.state is State.PRUNED]
    assert pruned
    for trial in pruned:
        assert len(epochs_of(proposals.runner, trial.number)) == max(trial.curve) < trial.epochs
        assert "others were better" in trial.reason


def test_only_the_best_keeps_its_student_and_all_keep_their_recipe(explored):
    proposals, trials = explored
    best = ranked(trials)[0]
    for trial in trials:
        folder = proposals.runner.folder / "trials" / str(trial.number)
        assert (folder / "student.keras").exists() == (trial is best)
        assert not (folder / "training").exists() or trial is best
        assert (folder / "recipe.yaml").exists() == (trial.state is State.COMPLETE)


def test_what_decides(explored):
    shares = explored[0].importance()
    assert set(shares) == {"student.dropout", "student.units"}
    assert sum(shares.values()) == pytest.approx(1)


def test_killed_it_goes_on_where_it_was(proposals, runner, tmp_path):
    runner.dies_after = 25
    with pytest.raises(KeyboardInterrupt):
        proposals.explore(5)
    runner.dies_after = None
    trials = proposals.explore(5)
    assert len(trials) == 5 and not any(trial.state is State.RUNNING for trial in trials)
    assert len(runner.trained) == len(set(runner.trained))
    whole = replace(proposals, runner=type(runner)(tmp_path / "whole")).explore(5)
    assert [trial.changes for trial in trials] == [trial.changes for trial in whole]
    assert [trial.quality for trial in trials] == [trial.quality for trial in whole]


def test_more_trials_are_added_to_those_that_are_there(proposals, runner):
    before = proposals.explore(3)
    count = len(runner.trained)
    assert proposals.explore(3) == before
    assert len(runner.trained) == count
    assert proposals.explore(4)[:3] == before
    assert proposals.importance() == {}  # of so few trials


def test_two_at_once_share_the_trials(proposals, runner):
    """Each trial is trained by one of them."""
    other = replace(proposals, runner=type(runner)(runner.folder))
    thread = threading.Thread(target=other.explore, args=(10,))
    thread.start()
    proposals.explore(10)
    thread.join()
    together = runner.trained + other.runner.trained
    assert runner.trained and other.runner.trained
    assert len(together) == len(set(together))
    assert len(proposals.explore(10)) == 10


def test_quality_against_cost(runner, space, base):
    trials = Proposals(runner, space, base, Budget("size"), seed=1).explore(14)
    assert all(trial.cost == trial.recipe["student"]["units"] for trial in trials)
    assert {trial.state for trial in trials if trial.cost == 50} >= {State.COMPLETE}
    found = front(trials)
    assert len(found) > 1
    for trial in found:
        assert (runner.folder / "trials" / str(trial.number) / "student.keras").exists()


def test_what_costs_too_much_is_not_trained(runner, space, base):
    trials = Proposals(runner, space, base, Budget("size", 100), seed=1).explore(8)
    dear = [trial for trial in trials if trial.cost > 100]
    assert dear
    for trial in dear:
        assert trial.state is State.PRUNED and trial.reason == "it costs too much"
        assert not epochs_of(runner, trial.number)


def test_a_recipe_that_cannot_be_trained_is_refused_and_the_search_goes_on(runner, base):
    content = {"training.batch_size": [13, 64, 128], "student.dropout": {"low": 0.0, "high": 0.6}}
    space = Space.parse(content, base, where="test")
    trials = Proposals(runner, space, base, Budget(), seed=1).explore(8)
    refused = [trial for trial in trials if trial.state is State.REFUSED]
    assert refused and all(trial.reason == "the loss is nan" for trial in refused)
    assert all(trial.recipe["training"]["batch_size"] == 13 for trial in refused)
    assert len(trials) == 8


def test_a_recipe_is_trained_once_however_often_it_is_proposed(runner, base):
    space = Space.parse({"student.units": [50, 100]}, base, where="test")
    trials = Proposals(runner, space, base, Budget(), seed=1).explore(6)
    assert {trial.state for trial in trials} == {State.COMPLETE}
    assert len(runner.trained) == 2 * base.training.epochs
    assert len({(trial.recipe["student"]["units"], trial.quality) for trial in trials}) == 2


def test_where_nothing_can_be_trained_it_stops(runner, base):
    space = Space.parse({"training.batch_size": [13]}, base, where="test")
    with pytest.raises(RunError, match="the first 3 recipes cannot be trained; the last: the loss is nan"):
        Proposals(runner, space, base, Budget(), seed=1).explore(12)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database" * 1000),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes()[:8192] + bytes(path.stat().st_size - 8192)),
    ],
)
def test_a_damaged_storage_is_told_of_before_any_training(proposals, runner, damage):
    proposals.explore(2)
    damage(proposals.storage)
    runner.trained.clear()
    with pytest.raises(RunError, match=r"study.db, is damaged"):
        proposals.explore(6)
    assert not runner.trained
