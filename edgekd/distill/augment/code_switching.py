"""Words swapped for those of another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.distill.augment.lexicon import Lexicon, for_language, replaced


@dataclass(frozen=True)
class CodeSwitching(Augmenter):
    """Swaps words for translations, all of a text into one language, drawn among those there are.

    The text keeps the language of its origin. After CoSDA-ML (Qin et al., 2020), which draws a language for
    each word; one for a text is how people mix them.

    Attributes:
        lexicons: translations by language of the text, then by the other language.
        share: of the words with translations that are swapped, one at least.
        times: tries for each example.
    """

    lexicons: Mapping[str, Mapping[str, Lexicon]]
    share: float = 0.3
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            targets = list((for_language(self.lexicons, example.language) or {}).values())
            for _ in range(self.times if targets else 0):
                target = targets[int(rng.integers(len(targets)))]
                yield from replaced(example, target, self.share, rng)
