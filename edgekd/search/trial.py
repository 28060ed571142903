"""One recipe tried, and what is asked of many: the best, the front, whether one more is hopeless."""

from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

Found = TypeVar("Found")

LEAST_COMPARED = 4
"""Finished trials that a running one is held against, at least."""

FIRST_SHARE = 1 / 3
"""Of its epochs, those that every trial may take."""


class State(enum.StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"  # others were better, or it costs too much
    REFUSED = "refused"  # its recipe cannot be trained
    RUNNING = "running"


class Curve(dict[int, float]):
    """The main metric on dev by the number of epochs done.

    After an interruption the figure of an epoch may be missing.
    """

    def at(self, epoch: int) -> float:
        """The figure of the last epoch up to this one, or else of the first after it."""
        return self[max((one for one in self if one <= epoch), default=min(self))]

    def best_until(self, epoch: int) -> float:
        """The best figure up to this epoch."""
        return max((value for one, value in self.items() if one <= epoch), default=self[min(self)])

    @classmethod
    def of(cls, content: Mapping[str, float]) -> Curve:
        """From JSON, whose keys are text."""
        return cls({int(epoch): value for epoch, value in content.items()})


@dataclass(frozen=True)
class Trial:
    """One recipe tried.

    Attributes:
        number: within the search, and of its folder.
        changes: of the recipe that the search started from, by dotted name.
        recipe: all of it, as JSON values.
        quality: the main metric on dev; None unless it is complete.
        cost: p50 in microseconds or size in bytes of the exported file; None where it was not asked for.
        reason: why it was pruned or refused.
    """

    number: int
    state: State
    changes: Mapping[str, Any]
    recipe: Mapping[str, Any]
    curve: Curve
    quality: float | None = None
    cost: float | None = None
    seconds: float = 0.0
    reason: str = ""

    @property
    def epochs(self) -> int:
        """That its recipe asks for."""
        return self.recipe["training"]["epochs"]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Trial:
        read = {"state": State(content["state"]), "curve": Curve.of(content["curve"])}
        return cls(**{**content, **read})


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """The complete trials, the best first; the cheaper of equals."""
    complete = [trial for trial in trials if trial.state is State.COMPLETE]
    return sorted(complete, key=lambda trial: (-trial.quality, trial.cost or 0.0, trial.number))


def front(trials: Iterable[Trial]) -> list[Trial]:
    """The complete trials of which none is as good and cheaper, or better and as cheap; the best first."""
    return undominated(ranked(trials), lambda trial: math.inf if trial.cost is None else trial.cost)


def undominated(best_first: Iterable[Found], cost: Callable[[Found], float]) -> list[Found]:
    """Those that are cheaper than all that are better.

    Args:
        best_first: in the order of quality; of equals the cheaper first.
        cost: of one of them.
    """
    kept: list[Found] = []
    for one in best_first:
        if not kept or cost(one) < cost(kept[-1]):
            kept.append(one)
    return kept


def is_hopeless(curve: Curve, epochs: int, finished: Sequence[Trial], *, cost: float | None = None) -> bool:
    """Whether a running trial should stop: the median rule, among trials that are no dearer.

    Its best figure so far is below the median of theirs after the same share of their epochs (the median
    stopping rule of Golovin et al., "Google Vizier", 2017, section 3.2.2, with their best figures in place of
    their averages). A trial that is cheaper than the others is not held against them, since it may still be
    on the front.

    Args:
        curve: of the trial up to now.
        epochs: that its recipe asks for.
        finished: other trials.
        cost: of the trial; None where cost does not count.
    """
    done = max(curve) / epochs
    rivals = [
        trial
        for trial in finished
        if trial.state is State.COMPLETE and trial.curve and (cost is None or trial.cost <= cost)
    ]
    if done < FIRST_SHARE or len(rivals) < LEAST_COMPARED:
        return False
    theirs = [trial.curve.best_until(math.ceil(done * trial.epochs)) for trial in rivals]
    return curve.best_until(max(curve)) < statistics.median(theirs)
