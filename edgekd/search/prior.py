"""What finished runs say of recipes on a data set that none of them had.

A Gaussian process on pairs of a recipe r and a problem d (a data set with its teacher), whose values are the
qualities of finished runs, standardised within each problem. Its kernel is

    k((r, d), (r', d')) = exp(-distance(r, r')) * (1 + exp(-difference(d, d'))) / 2

so that a recipe is worth what near recipes were worth: half of it on any data, and half on like data only.
The distance is the number of fields that differ (`encoding.distances`), the difference the mean squared
difference of the standardised features. The mean of the process given the runs (Rasmussen and Williams,
"Gaussian Processes for Machine Learning", 2006, equation 2.25) ranks the recipes.

How far to trust it is measured: each problem of the store is left out in turn, and the correlation between
what the others say of its runs and what they were is taken; the mean over the problems, if it is positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edgekd.search.encoding import distances
from edgekd.search.runs import FinishedRun, by_problem

NOISE = 0.3
"""Variance, of the standardised qualities, that is put down to chance: to seeds above all."""

LEAST_RUNS = 3
"""Of a problem, for its runs to be standardised."""


@dataclass(frozen=True)
class Prior:
    """The runs that are asked.

    Args:
        runs: of any problems; those with fewer than `LEAST_RUNS` runs are left out.
    """

    runs: Sequence[FinishedRun]

    def predict(self, features: Mapping[str, float], recipes: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Float (recipes,): expected quality on a data set, in standard deviations from the mean recipe.

        Args:
            features: of the data set, as `search.features`.
            recipes: as JSON values.
        """
        known, values = self._standardised
        if not known:
            return np.zeros(len(recipes))
        alike = _alike([*(run.features for run in known), features])[-1:, :-1]
        towards = np.exp(-distances(recipes, [run.recipe for run in known])) * alike
        return towards @ _weights(self._kernel, values)

    @cached_property
    def trust(self) -> float:
        """0 for none to 1: how well runs on some problems tell those on others; 0 for fewer than two."""
        known, values = self._standardised
        problems = by_problem(known)
        if len(problems) < 2:
            return 0.0
        found = []
        for problem in problems:
            left_out = np.array([run.problem == problem for run in known])
            rest = ~left_out
            weights = _weights(self._kernel[np.ix_(rest, rest)], values[rest])
            found.append(_correlation(self._kernel[np.ix_(left_out, rest)] @ weights, values[left_out]))
        return max(float(np.mean(found)), 0.0)

    @cached_property
    def _kernel(self) -> np.ndarray:
        """Float (runs, runs)."""
        known, _ = self._standardised
        recipes = [run.recipe for run in known]
        return np.exp(-distances(recipes, recipes)) * _alike([run.features for run in known])

    @cached_property
    def _standardised(self) -> tuple[list[FinishedRun], np.ndarray]:
        """The runs, and the quality of each in deviations from the mean of its problem."""
        known, values = [], []
        for runs in by_problem(self.runs).values():
            if len(runs) >= LEAST_RUNS:
                qualities = np.array([run.quality for run in runs])
                known += runs
                values += list((qualities - qualities.mean()) / (qualities.std() or 1.0))
        return known, np.array(values)


def _weights(kernel: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Float (runs,): what each run adds, by its kernel, to a prediction."""
    return np.linalg.solve(kernel + NOISE * np.eye(len(values)), values)


def _alike(problems: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Float (problems, problems), from 1/2 to 1."""
    names = sorted(set.intersection(*(set(one) for one in problems)))
    table = np.array([[one[name] for name in names] for one in problems])
    # Each problem once, whatever the number of its runs.
    spread = np.unique(table, axis=0).std(axis=0)
    varying = spread > 0
    table = table[:, varying] / spread[varying]
    if not table.size:
        return np.ones((len(problems), len(problems)))
    squares = (table**2).sum(axis=1)
    difference = np.maximum(squares[:, None] + squares[None] - 2 * table @ table.T, 0) / table.shape[1]
    return (1 + np.exp(-difference)) / 2


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's; 0 where either does not vary."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
