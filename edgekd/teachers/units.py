"""Units: where a teacher's sub-words meet the tokens of edgekd, the same for training and for labelling.

A unit is a run of whole tokens with one tag. It begins at the first sub-word of a token that no earlier unit
holds. Later sub-words of the same token belong to it, and a sub-word that covers several tokens (Thai and
Chinese, where each character is a token) makes one unit of them. So a unit is never smaller than a token, and
the tags of units can be handed to tokens by their characters.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Unit(NamedTuple):
    """A run of whole tokens, `text[start:end]`, tagged at sub-word number `subword`."""

    start: int
    end: int
    subword: int


def units_of(text: str, tokens: Sequence[tuple[int, int]], subwords: Sequence[tuple[int, int]]) -> list[Unit]:
    """The units of a text.

    Args:
        tokens: start and end of each token, from `edgekd.text.tokens.tokenize`.
        subwords: start and end of each sub-word as a fast tokenizer gives them: empty for special tokens,
            possibly with the space before the word, possibly several for one character.
    """
    ends = [end for _, end in tokens]
    units: list[Unit] = []
    covered = 0  # tokens that a unit holds already, or that no sub-word reached
    for index, (start, end) in enumerate(subwords):
        while start < end and text[start].isspace():
            start += 1
        first = bisect_right(ends, start)
        after = first
        while after < len(tokens) and tokens[after][0] < end:
            after += 1
        if start == end or after == first:
            continue
        if first >= covered:
            units.append(Unit(tokens[first][0], tokens[after - 1][1], index))
        elif after > covered:
            units[-1] = units[-1]._replace(end=tokens[after - 1][1])
        covered = max(covered, after)
    return units


def holders(
    units: NDArray[np.int32], targets: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The unit in which each of other character spans begins.

    Args:
        units: (units, 2), sorted.
        targets: (targets, 2).

    Returns:
        (targets,), the number of a unit; and (targets,), where the target does begin in it.
    """
    if not len(units):
        return np.zeros(len(targets), np.int64), np.zeros(len(targets), bool)
    holder = np.searchsorted(units[:, 0], targets[:, 0], side="right") - 1
    return holder, (holder >= 0) & (targets[:, 0] < units[holder, 1])


def beginning_with(
    units: NDArray[np.int32], targets: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The unit that begins where each of other character spans does; as `holders`."""
    holder, held = holders(units, targets)
    if not held.any():
        return holder, held
    return holder, held & (units[holder, 0] == targets[:, 0])


def spread(
    tag_logits: NDArray[np.float32], units: NDArray[np.int32], targets: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Tag logits of other character spans, finer than the units or equal to them.

    A target that starts inside a unit continues what the unit began: its I- takes the weight of B- and I-
    together, and its B- the smallest logit of the row.

    Args:
        tag_logits: (units, tags) in the order O, B-, I-, B-, I-, ...
        units: (units, 2), sorted.
        targets: (targets, 2).

    Returns:
        (targets, tags), zero where no unit covers the target's start; and (targets,), where one does.
    """
    spread_logits = np.zeros((len(targets), tag_logits.shape[-1]), np.float32)
    holder, known = holders(units, targets)
    if not known.any():
        return spread_logits, known
    spread_logits[known] = tag_logits[holder[known]]
    inside = known & (targets[:, 0] > units[holder, 0])
    rows = spread_logits[inside]
    smallest = rows.min(axis=-1, keepdims=True)
    rows[:, 2::2] = np.logaddexp(rows[:, 1::2], rows[:, 2::2])
    rows[:, 1::2] = smallest
    spread_logits[inside] = rows
    return spread_logits, known
