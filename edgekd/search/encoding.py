"""How far recipes are from each other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_SPAN_FOR_LOGARITHM = 10
"""Numbers above zero whose largest is this many times the least are compared by their logarithms."""


def distances(some: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Float (some, others): the number of fields in which two recipes differ.

    Numbers differ by a share of the range that they have among all recipes here, anything else by 0 or 1. The
    parts of a field that is nested, such as one step of the augmentation, count as one field together, and
    the seed does not count.

    Args:
        some, others: recipes as JSON values.
    """
    flat = [_flat(recipe) for recipe in (*some, *others)]
    leaves = sorted({leaf for recipe in flat for leaf in recipe} - {"training.seed"})
    fields: dict[str, list[np.ndarray]] = defaultdict(list)
    for leaf in leaves:
        values = [recipe.get(leaf, _MISSING) for recipe in flat]
        if any(value != values[0] for value in values):
            fields[".".join(leaf.split(".")[:2])].append(_differences(values, len(some)))
    whole = np.zeros((len(some), len(others)))
    return sum((np.mean(parts, axis=0) for parts in fields.values()), whole)


_MISSING = object()


def _flat(content: Any, name: str = "") -> dict[str, Any]:
    """Values by dotted name; lists are values."""
    if not isinstance(content, Mapping):
        return {name: json.dumps(content) if isinstance(content, list | tuple) else content}
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= _flat(value, f"{name}.{key}" if name else key)
    return found


def _differences(values: Sequence[Any], count: int) -> np.ndarray:
    """Float (count, the others), 0 to 1."""
    known = np.array([isinstance(value, int | float) and not isinstance(value, bool) for value in values])
    kinds = {value: number for number, value in enumerate(dict.fromkeys(values))}
    codes = np.array([kinds[value] for value in values])
    different = (codes[:count, None] != codes[None, count:]).astype(float)
    if known.any():
        numbers = np.array(
            [value if is_known else np.nan for value, is_known in zip(values, known, strict=True)]
        )
        numbers = _scaled(numbers.astype(float))
        apart = np.abs(numbers[:count, None] - numbers[None, count:])
        different = np.where(np.isnan(apart), different, apart)
    return different


def _scaled(numbers: np.ndarray) -> np.ndarray:
    """From 0 for the least to 1 for the largest."""
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    if low > 0 and high >= _SPAN_FOR_LOGARITHM * low:
        numbers, low, high = np.log(numbers), np.log(low), np.log(high)
    return (numbers - low) / (high - low or 1.0)
