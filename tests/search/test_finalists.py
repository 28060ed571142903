"""The best again with other seeds: mean and best, and who wins."""

from dataclasses import replace

import pytest

from edgekd.search.finalists import FINALISTS, Finalist, finalists
from edgekd.search.trial import Curve, State, Trial


class SeededRunner:
    """Trial 0 was lucky; by other seeds trial 1 is better."""

    qualities = {0: {2: 0.6, 3: 0.8}, 1: {2: 0.75, 3: 0.77}, 2: {2: 0.5, 3: 0.5}}

    def __init__(self, folder):
        self.folder, self.trained, self.done = folder, [], {}

    def quality(self, recipe, folder):
        number = int(folder.name.split("-")[0])
        self.trained.append((number, recipe.training.seed))
        self.done[folder] = self.qualities[number][recipe.training.seed]
        return self.done[folder]

    def known_quality(self, folder):
        return self.done.get(folder)


@pytest.fixture
def trials(base):
    recipes = [base.changed({"training.batch_size": 8 + size}) for size in range(FINALISTS + 2)]
    return [
        Trial(number, State.COMPLETE, {}, recipe.model_dump(mode="json"), Curve(), 0.9 - number / 10)
        for number, recipe in enumerate(recipes)
    ]


def test_the_best_mean_wins_and_the_luck_of_the_search_does_not_count(tmp_path, trials):
    runner = SeededRunner(tmp_path)
    found = finalists(runner, trials, 2)
    assert [one.trial.number for one in found] == [1, 0, 2]
    assert found[1].to_json() == {
        "trial": 0,
        "by_search": 0.9,
        "qualities": {"2": 0.6, "3": 0.8},
        "mean": pytest.approx(0.7),
        "best": 0.8,
        "deviation": pytest.approx(0.02**0.5),
    }
    assert runner.trained == [(number, seed) for number in range(3) for seed in (2, 3)]
    assert finalists(runner, trials, 2) == found
    assert len(runner.trained) == 6


def test_an_equal_recipe_takes_part_once(tmp_path, trials):
    runner = SeededRunner(tmp_path)
    found = finalists(runner, [trials[0], replace(trials[0], number=9), trials[1]], 1)
    assert {one.trial.number for one in found} == {0, 1}


def test_one_seed_has_no_deviation(trials):
    assert Finalist(trials[0], {2: 0.5}).deviation is None
