"""The prior, on runs whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from edgekd.recipe import Recipe
from edgekd.search.prior import NOISE, Prior
from edgekd.search.runs import FinishedRun
from edgekd.search.trial import Curve

DROPOUTS = np.linspace(0, 0.6, 13)
RECIPES = [Recipe().changed({"student.dropout": float(one)}).model_dump(mode="json") for one in DROPOUTS]


def runs_of(best_dropouts, *, noise=0.0, seed=0):
    """Problems whose one feature is the dropout that is best for them."""
    rng = np.random.default_rng(seed)
    return [
        FinishedRun(
            f"data {number}",
            f"d{number}",
            "t",
            {"best": best, "constant": 1.0},
            recipe,
            "accuracy",
            0.8 - abs(dropout - best) + noise * rng.normal(),
            Curve({1: 0.5}),
        )
        for number, best in enumerate(best_dropouts)
        for recipe, dropout in zip(RECIPES, DROPOUTS, strict=True)
    ]


def unlike(problems=6, seed=0):
    """Problems on which recipes are worth what lots say."""
    return runs_of([0.3] * problems, noise=100.0, seed=seed)


def best_for(prior, best):
    return DROPOUTS[np.argmax(prior.predict({"best": best, "constant": 1.0}, RECIPES))]


def test_one_run_by_hand():
    """A problem of the same features: k(r, r') = exp(-distance), and the values are -1.22, 0, 1.22."""
    runs = runs_of([0.6])[::6]
    said = Prior(runs).predict(runs[0].features, [runs[-1].recipe])
    kernel = np.exp(-np.abs(np.subtract.outer([0, 0.5, 1], [0, 0.5, 1])))
    values = np.array([-1, 0, 1]) / np.std([-1, 0, 1])
    assert said == pytest.approx(kernel[2] @ np.linalg.solve(kernel + NOISE * np.eye(3), values))


def test_what_was_best_on_all_data_is_best_on_new_data():
    prior = Prior(runs_of([0.3] * 4, noise=0.02))
    assert best_for(prior, 0.3) == pytest.approx(0.3, abs=0.06)
    assert prior.trust > 0.9


def test_like_data_have_more_to_say_than_others():
    prior = Prior(runs_of([0.1, 0.11, 0.5, 0.51]))
    assert best_for(prior, 0.1) < 0.2
    assert best_for(prior, 0.5) > 0.4


def test_where_data_are_unlike_it_trusts_itself_little():
    assert np.mean([Prior(unlike(seed=seed)).trust for seed in range(8)]) < 0.15


def test_without_runs_or_with_one_problem_it_says_nothing_of_itself():
    assert Prior([]).trust == 0
    assert Prior(runs_of([0.3])).trust == 0
    assert not Prior([]).predict({}, RECIPES).any()
    assert not Prior(runs_of([0.3])[:2]).predict({"best": 0.3, "constant": 1.0}, RECIPES).any()


def test_equal_qualities_are_no_reason():
    flat = [replace(run, quality=0.5) for run in unlike(3)]
    assert Prior(flat).trust == 0
    assert not Prior(flat).predict({"best": 0.3, "constant": 1.0}, RECIPES).any()
