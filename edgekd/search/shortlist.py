"""Which recipes AutoDistiller tries: the given one, those that the prior ranks first, and others by lot."""

from __future__ import annotations

import numpy as np


def shortlist(said: np.ndarray, trust: float, count: int, rng: np.random.Generator) -> list[int]:
    """Numbers of the recipes to try, in the order in which to prefer them.

    The prior fills as large a share of the places as it is trusted, so that one that has shown nothing costs
    nothing: what is left is random search.

    Args:
        said: float (recipes,), what the prior expects of each. The first is where the search starts from, and
            is always tried.
        trust: in the prior, 0 to 1.
        count: places.
        rng: draws those that the prior does not choose.
    """
    best_first = [int(number) for number in np.argsort(-said, kind="stable") if number]
    by_prior = best_first[: round(trust * (count - 1))]
    others = [number for number in best_first if number not in by_prior]
    by_lot = rng.permutation(others)[: count - 1 - len(by_prior)]
    return [0, *by_prior, *map(int, by_lot)]
