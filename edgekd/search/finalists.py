"""The best few again, with other seeds.

The best of many trials is partly lucky: its figure is the largest of many. So the few best are trained again
with seeds that no choice was made by, and the one with the best mean over those wins. Mean and best are told
apart, beside the figure by which the search had chosen it.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgekd.lock import locked
from edgekd.recipe import Recipe
from edgekd.search.runner import Runner, forget_student
from edgekd.search.runs import pipeline
from edgekd.search.trial import Trial

FINALISTS = 3
"""The best trials, so many, are trained again."""


@dataclass(frozen=True)
class Finalist:
    """A trial with what it came to by other seeds.

    Attributes:
        qualities: the main metric on dev, by seed.
    """

    trial: Trial
    qualities: Mapping[int, float]

    @property
    def mean(self) -> float:
        return statistics.mean(self.qualities.values())

    @property
    def best(self) -> float:
        return max(self.qualities.values())

    @property
    def deviation(self) -> float | None:
        """Of one seed from another; None for a single one."""
        return statistics.stdev(self.qualities.values()) if len(self.qualities) > 1 else None

    def to_json(self) -> dict[str, Any]:
        return {
            "trial": self.trial.number,
            "by_search": self.trial.quality,
            "qualities": {str(seed): quality for seed, quality in self.qualities.items()},
            "mean": self.mean,
            "best": self.best,
            "deviation": self.deviation,
        }


def finalists(runner: Runner, ranked: Sequence[Trial], seeds: int) -> list[Finalist]:
    """Train the first of the trials with so many seeds after their own; the best mean first.

    What was trained before is not trained again, and of equal recipes only the first takes part.
    """
    distinct: dict[str, Trial] = {}
    for trial in ranked:
        distinct.setdefault(pipeline(trial.recipe), trial)
    first = list(distinct.values())[:FINALISTS]
    found = [Finalist(trial, _qualities(runner, trial, seeds)) for trial in first]
    return sorted(found, key=lambda one: -one.mean)


def _qualities(runner: Runner, trial: Trial, seeds: int) -> dict[int, float]:
    recipe = Recipe.model_validate(trial.recipe)
    own = recipe.training.seed
    found = {}
    for seed in range(own + 1, own + 1 + seeds):
        folder = runner.folder / "seeds" / f"{trial.number}-{seed}"
        with locked(runner.folder / "locks" / folder.name):
            quality = runner.known_quality(folder)
            if quality is None:
                quality = runner.quality(recipe.changed({"training.seed": seed}), folder)
            forget_student(folder)
        found[seed] = quality
    return found
