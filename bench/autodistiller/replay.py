"""Searches replayed in a table of results: each data set is left out in turn, and nothing is trained.

A search sees the runs of one seed. What it chose is judged by the mean over the other seeds, where there are
any, so that luck does not count. Its regret is what the best candidate has more than the one it chose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.errors import RunError
from edgekd.files import read_json
from edgekd.recipe import Recipe
from edgekd.search.halving import affordable, halve
from edgekd.search.prior import Prior
from edgekd.search.runs import FinishedRun, RunStore, by_problem, pipeline
from edgekd.search.shortlist import shortlist

LEAST_PROBLEMS = 3


@dataclass(frozen=True)
class View:
    """What a search knows of a data set.

    Attributes:
        candidates: recipes as JSON values; the first is the default one.
        features: of the data set.
        runs: of each candidate on it, which the search may look up as if it trained them.
        others: the runs on all other data sets.
    """

    candidates: Sequence[Mapping[str, Any]]
    features: Mapping[str, float]
    runs: Sequence[FinishedRun]
    others: Sequence[FinishedRun]

    @cached_property
    def prior(self) -> tuple[np.ndarray, float]:
        """What the other runs say of each candidate, and how far to trust it."""
        prior = Prior(self.others)
        return prior.predict(self.features, self.candidates), prior.trust

    def trained(self, number: int, share: float) -> float:
        """The quality of a candidate after a share of its epochs."""
        run = self.runs[number]
        if share == 1:
            return run.quality
        return run.curve.at(math.ceil(share * run.recipe["training"]["epochs"]))


@dataclass(frozen=True)
class Table:
    """Every candidate on every problem, with every seed.

    Attributes:
        runs: by problem, by seed, in the order of the candidates.
    """

    candidates: Sequence[Mapping[str, Any]]
    runs: Mapping[str, Mapping[int, Sequence[FinishedRun]]]

    @classmethod
    def load(cls, folder: Path) -> Table:
        """Read what `bench.autodistiller.table` wrote, as far as it has come.

        Raises:
            RunError: it is damaged, or has too little for any comparison.
        """
        listed = read_json(folder / "candidates.json", RunError)
        candidates = [Recipe.parse(one, where=f"{folder}: a candidate") for one in listed]
        return cls.of(candidates, RunStore(folder / "runs").runs())

    @classmethod
    def of(cls, candidates: Sequence[Recipe], runs: Sequence[FinishedRun]) -> Table:
        """As `load`. Candidates that lack a problem or a seed of the default recipe are left out."""
        contents = [recipe.model_dump(mode="json") for recipe in candidates]
        cells = {(run.problem, pipeline(run.recipe), run.seed): run for run in runs}
        problems = list(by_problem(runs))
        wanted = [key[::2] for key in cells if key[1] == pipeline(contents[0])]
        complete = [
            content
            for content in contents
            if all((problem, pipeline(content), seed) in cells for problem, seed in wanted)
        ]
        if {problem for problem, _ in wanted} < set(problems) or len(problems) < LEAST_PROBLEMS:
            raise RunError(
                f"the default recipe has runs on {len({problem for problem, _ in wanted})} data sets",
                expected=f"on each of the {len(problems)} of the table, and {LEAST_PROBLEMS} at least",
                fix="let bench.autodistiller.table go on",
            )
        table: dict[str, dict[int, list[FinishedRun]]] = {problem: {} for problem in problems}
        for problem, seed in wanted:
            table[problem][seed] = [cells[problem, pipeline(content), seed] for content in complete]
        return cls(complete, table)

    def name(self, problem: str) -> str:
        """Of the data set."""
        return next(iter(self.runs[problem].values()))[0].data

    def view(self, left_out: str, seed: int) -> View:
        """What a search on a problem sees, with the runs of one seed."""
        ours = self.runs[left_out][seed]
        others = [
            run
            for problem, by_seed in self.runs.items()
            if problem != left_out
            for run in by_seed.get(seed) or next(iter(by_seed.values()))
        ]
        return View(self.candidates, ours[0].features, ours, others)

    def worth(self, problem: str, seed: int) -> np.ndarray:
        """Float (candidates,): the mean quality over the seeds that a search with this one does not see."""
        judged = [runs for other, runs in self.runs[problem].items() if other != seed]
        qualities = [[run.quality for run in runs] for runs in judged or [self.runs[problem][seed]]]
        return np.mean(qualities, axis=0)


Search = Callable[[View, int, np.random.Generator], int]
"""From a view, a budget of full trainings, and lots to the candidate of its choice."""


def default(view: View, budget: int, rng: np.random.Generator) -> int:
    """The default recipe, whatever the data."""
    return 0


def random_search(view: View, budget: int, rng: np.random.Generator) -> int:
    """The best of so many by lot."""
    return int(max(rng.permutation(len(view.candidates))[:budget], key=lambda one: view.trained(one, 1)))


def prior_alone(view: View, budget: int, rng: np.random.Generator) -> int:
    """The first of the prior, untried."""
    said, _ = view.prior
    return int(np.argmax(said))


def halving(view: View, budget: int, rng: np.random.Generator) -> int:
    """Successive halving of the default recipe and candidates by lot."""
    return _halved(view, np.zeros(len(view.candidates)), 0.0, budget, rng)


def autodistiller(view: View, budget: int, rng: np.random.Generator) -> int:
    """The same, where the runs on other data have a say in who is a candidate."""
    return _halved(view, *view.prior, budget, rng)


SEARCHES: Mapping[str, Search] = {
    "default recipe": default,
    "prior alone": prior_alone,
    "random search": random_search,
    "halving by lot": halving,
    "AutoDistiller": autodistiller,
}


def regrets(table: Table, budget: int, repeats: int) -> dict[str, dict[str, float]]:
    """By problem, by search: the mean regret over so many lots with every seed."""
    found = {}
    for problem, by_seed in table.runs.items():
        missed: dict[str, list[float]] = {name: [] for name in SEARCHES}
        for seed in by_seed:
            view, worth = table.view(problem, seed), table.worth(problem, seed)
            for repeat in range(repeats):
                for name, search in SEARCHES.items():
                    chosen = search(view, budget, np.random.default_rng([budget, seed, repeat]))
                    missed[name].append(float(worth.max() - worth[chosen]))
        found[problem] = {name: float(np.mean(values)) for name, values in missed.items()}
    return found


def _halved(view: View, said: np.ndarray, trust: float, budget: int, rng: np.random.Generator) -> int:
    return halve(shortlist(said, trust, affordable(budget), rng), view.trained)[0][0]
