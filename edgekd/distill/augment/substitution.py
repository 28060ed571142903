"""Words swapped for random ones of the language: what the teacher makes of each word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter, some
from edgekd.distill.augment.changes import Change, Word, changed, words

_SHORTEST = 3


@dataclass(frozen=True)
class Substitution(Augmenter):
    """Swaps words of three letters or more for others of the language, as often as these occur.

    Attributes:
        vocabulary: whose words may come in.
        share: of the words that are swapped, one at least.
        times: tries for each example.
    """

    vocabulary: Sequence[Example]
    share: float = 0.2
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        known: dict[str, list[str]] = defaultdict(list)
        for example in self.vocabulary:
            known[example.language] += [example.text[start:end] for start, end, _ in _words(example)]
        for example in examples:
            places, choices = _words(example), known[example.language]
            for _ in range(self.times if places and choices else 0):
                chosen = some(len(places), self.share, rng)
                yield changed(
                    example,
                    [
                        Change(start, end, choices[int(rng.integers(len(choices)))])
                        for (start, end, _), swapped in zip(places, chosen, strict=True)
                        if swapped
                    ],
                )


def _words(example: Example) -> list[Word]:
    return [word for word in words(example) if word.end - word.start >= _SHORTEST]
