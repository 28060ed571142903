"""Slot values swapped for others of the same slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.distill.augment.changes import Change, changed

_SWAPPED = 0.7


@dataclass(frozen=True)
class Recombination(Augmenter):
    """Swaps slot values for others that the examples have for the same slot and language.

    Attributes:
        times: tries for each example that has slots.
    """

    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        values: dict[tuple[str, str], list[str]] = defaultdict(list)
        for example in examples:
            for span in example.spans:
                values[example.language, span.slot].append(example.text[span.start : span.end])
        for example in examples:
            for _ in range(self.times if example.spans else 0):
                changes = []
                for span in example.spans:
                    choices = values[example.language, span.slot]
                    value = choices[int(rng.integers(len(choices)))]
                    if rng.random() < _SWAPPED:
                        changes.append(Change(span.start, span.end, value))
                yield changed(example, changes)
