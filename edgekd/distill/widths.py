"""The numbers of tokens that batches are padded to.

Each is a graph that has to be compiled, which takes as long as fifty steps; padding makes every step longer.
So there are as many as pay: one for a training of seconds, eight or nine for one of a few minutes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTHS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)

# Measured on one core of a server with AMX, where compiling takes 2 s whatever the student.
_COMPILING_S = 2.0
_MULTIPLICATIONS_A_SECOND = 6e10


def fitting_widths(
    lengths: NDArray[np.int32], *, batch_size: int, batches: int, parameters: int
) -> tuple[int, ...]:
    """Those with which training takes the least time, ascending; and all that are longer than any text.

    Args:
        lengths: of the texts, in tokens.
        batch_size: texts a batch, which are of about the same length.
        batches: of the whole training.
        parameters: of the network. Each is multiplied three times for a token: once on the way there, twice
            on the way back.
    """
    longest = np.sort(lengths)[::-1][::batch_size]
    place = np.searchsorted(WIDTHS, np.minimum(longest, WIDTHS[-1]))
    share = np.bincount(place, minlength=len(WIDTHS)) / max(len(longest), 1)
    column_s = 3 * batch_size * parameters / _MULTIPLICATIONS_A_SECOND
    last = int(place.max(initial=0))
    # By the widest: the least time for all texts that fit, and the widths it takes.
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for widest in range(last + 1):
        costs = []
        for narrower, (before, chosen) in enumerate(best):
            columns = batches * share[narrower : widest + 1].sum() * WIDTHS[widest]
            costs.append((before + _COMPILING_S + columns * column_s, (*chosen, WIDTHS[widest])))
        best.append(min(costs))
    return (*best[-1][1], *WIDTHS[last + 1 :])
