"""AutoDistiller: finished runs propose recipes for other data, and successive halving tries them.

After Distiller (He et al., 2021), which learns from past runs what pipelines are worth on new data. Such runs
alone tell little of a task that was left out, so here they are a prior: real trials decide, and the prior has
as much to say as it has proved (`search.shortlist`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from edgekd.errors import ExportError, RunError, UsageError
from edgekd.files import read_json, write_json
from edgekd.lock import try_locked
from edgekd.recipe import Recipe
from edgekd.search.halving import affordable, halve
from edgekd.search.prior import Prior
from edgekd.search.runner import Budget, Runner
from edgekd.search.runs import FinishedRun
from edgekd.search.shortlist import shortlist
from edgekd.search.space import Space
from edgekd.search.trial import Curve, State, Trial

_DRAWN = 500
"""Recipes of the space that the prior ranks, beside those of the runs."""


class _Paused(Exception):
    """Ends a training at its rung."""


@dataclass(frozen=True)
class Halving:
    """The trials of a search that AutoDistiller leads; one process at a time.

    Args:
        runner: trains the recipes.
        space: they come from it.
        base: the recipe that the space changes; the first candidate.
        budget: a student that costs too much is no candidate.
        seed: of the candidates.
        runs: what the prior learns from.
    """

    runner: Runner
    space: Space
    base: Recipe
    budget: Budget
    seed: int
    runs: Sequence[FinishedRun]

    def explore(self, trials: int) -> list[Trial]:
        """Try as many candidates as can be halved for what so many full trainings cost.

        Raises:
            RunError: another process works in the folder.
            UsageError: no recipe of the space is cheap enough.
        """
        with try_locked(self.runner.folder / "lock") as alone:
            if not alone:
                raise RunError(
                    f"another process searches in {self.runner.folder}",
                    expected="one process at a time with --auto",
                )
            candidates = self._candidates(affordable(trials))
            tried = [self._known(number, changes) for number, changes in enumerate(candidates)]

            def train(number: int, share: float) -> float:
                tried[number] = self._advanced(tried[number], share)
                return _standing(tried[number], share)

            halve(range(len(tried)), train)
            return [self._ended(trial) for trial in tried]

    def _candidates(self, count: int) -> list[dict[str, Any]]:
        """Changes of the base, chosen once for a folder."""
        path = self.runner.folder / "candidates.json"
        if not path.exists():
            prior = Prior(self.runs)
            about = self.runner.features
            candidates = self._shortlist(prior, about, count)
            write_json(path, {"trust": prior.trust, "features": about, "candidates": candidates})
        return read_json(path, RunError)["candidates"]

    def _shortlist(self, prior: Prior, about: dict[str, float], count: int) -> list[dict[str, Any]]:
        """Those that are cheap enough."""
        pool = self._pool()
        recipes = [self.base.changed(changes) for changes in pool]
        said = prior.predict(about, [recipe.model_dump(mode="json") for recipe in recipes])
        left = np.arange(len(pool))
        while len(left):
            rng = np.random.default_rng(self.seed)
            chosen = left[shortlist(said[left], prior.trust, count, rng)]
            dear = [number for number in chosen if not self.budget.allows(self._cost(recipes[number]))]
            if not dear:
                return [pool[number] for number in chosen]
            left = np.setdiff1d(left, dear)
        raise UsageError(
            f"no recipe of the space costs at most {self.budget.most:g}",
            expected="some that do: cost depends on the shape of the student",
            fix="search smaller students, or allow more",
        )

    def _pool(self) -> list[dict[str, Any]]:
        """The base as it is, what recipes of the runs have in the space, and recipes by lot; each once."""
        distinct = {}
        for changes in self._proposed():
            recipe = self.base.changed(changes)
            distinct.setdefault(recipe.model_dump_json(), changes)
        return list(distinct.values())

    def _proposed(self) -> Iterator[dict[str, Any]]:
        yield {}
        for run in self.runs:
            values = self.space.proposing(Recipe.model_validate(run.recipe))
            if set(values) == set(self.space.fields):
                yield self.space.choose(optuna.trial.FixedTrial(values))
        lot = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=self.seed))
        for _ in range(_DRAWN):
            yield self.space.choose(lot.ask())

    def _cost(self, recipe: Recipe) -> float | None:
        return self.runner.cost(recipe, self.budget.kind) if self.budget.kind else None

    def _known(self, number: int, changes: dict[str, Any]) -> Trial:
        """A candidate, as far as it has come."""
        path = self._record(number)
        if path.exists():
            return Trial.from_json(read_json(path, RunError))
        recipe = self.base.changed(changes).model_dump(mode="json")
        return Trial(number, State.RUNNING, changes, recipe, Curve())

    def _advanced(self, trial: Trial, share: float) -> Trial:
        """The candidate after at least this share of its epochs."""
        target = math.ceil(share * trial.epochs)
        paused_there = target < trial.epochs and max(trial.curve, default=0) >= target
        if trial.state is not State.RUNNING or paused_there:
            return trial
        begin = time.monotonic()

        def watch(epoch: int, measured: dict[str, float]) -> None:
            trial.curve[epoch] = measured[f"dev/{self.runner.metric}"]
            self._write(trial)
            if target <= epoch < trial.epochs:
                raise _Paused

        found: dict[str, Any] = {}
        recipe = Recipe.model_validate(trial.recipe)
        folder = self.runner.folder / "trials" / str(trial.number)
        try:
            quality = self.runner.quality(recipe, folder, watch)
            found = {"state": State.COMPLETE, "quality": quality, "cost": self._cost(recipe)}
        except _Paused:
            pass
        except (UsageError, RunError, ExportError) as error:
            found = {"state": State.REFUSED, "reason": error.given}
        trial = replace(trial, seconds=trial.seconds + time.monotonic() - begin, **found)
        self._write(trial)
        return trial

    def _ended(self, trial: Trial) -> Trial:
        """A candidate that nobody will go on with has lost."""
        if trial.state is State.RUNNING:
            reason = f"others were better after {max(trial.curve)} of {trial.epochs} epochs"
            trial = replace(trial, state=State.PRUNED, reason=reason)
            self._write(trial)
        return trial

    def _write(self, trial: Trial) -> None:
        write_json(self._record(trial.number), trial.to_json())

    def _record(self, number: int) -> Path:
        return self.runner.folder / "tried" / f"{number}.json"


def _standing(trial: Trial, share: float) -> float:
    """What a candidate is worth on the rung of this share."""
    if trial.state is State.REFUSED:
        return -math.inf
    if trial.quality is not None and (share == 1 or not trial.curve):
        return trial.quality
    return trial.curve.at(math.ceil(share * trial.epochs))
