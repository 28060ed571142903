"""Successive halving: many candidates a little, the better ones more, the best to the end.

Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016.
Training goes on from rung to rung, so what a candidate had is not paid again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

RUNGS = (1 / 9, 1 / 3, 1.0)
"""Shares of its epochs after which a candidate is held against the others."""

KEPT = 1 / 3
"""Of the candidates, from rung to rung."""

_Candidate = TypeVar("_Candidate")


def halve(
    candidates: Sequence[_Candidate], train: Callable[[_Candidate, float], float]
) -> list[tuple[_Candidate, float]]:
    """Train the candidates in rungs.

    Args:
        candidates: at least one.
        train: brings a candidate to a share of its epochs, and gives its quality there.

    Returns:
        The candidates that came to the end with their quality there, the best first; the earlier of equals.
    """
    left = list(candidates)
    for rung, count in zip(RUNGS, _counts(len(left)), strict=True):
        qualities = {place: train(candidate, rung) for place, candidate in enumerate(left[:count])}
        order = sorted(qualities, key=lambda place: -qualities[place])
        found = [(left[place], qualities[place]) for place in order]
        left = [candidate for candidate, _ in found]
    return found


def affordable(full_trainings: float) -> int:
    """How many candidates can be halved for what so many full trainings cost; one at least."""
    count = 1
    while _cost(count + 1) <= full_trainings + 1e-9:
        count += 1
    return count


def _counts(candidates: int) -> Iterator[int]:
    """How many are on each rung."""
    for _ in RUNGS:
        yield candidates
        candidates = math.ceil(candidates * KEPT - 1e-9)


def _cost(candidates: int) -> float:
    """In full trainings."""
    steps = (high - low for low, high in pairwise((0.0, *RUNGS)))
    return sum(count * step for count, step in zip(_counts(candidates), steps, strict=True))
