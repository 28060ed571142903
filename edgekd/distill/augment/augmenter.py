"""What all methods of augmentation have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import Example


class Augmenter(ABC):
    """Makes new examples of given ones, each in the language of its origin.

    What comes out carries the labels of its origin, and the spans at the places where their values went. That
    lets a later method change it in turn, and a control learn from the same texts without a teacher. It is no
    claim that the labels are right for the new text: that is for the teacher to say.

    Attributes:
        follows_spans: it knows where the values of the spans went; if not, what it makes has no spans.
    """

    follows_spans: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        """New examples, repetitions and the given texts possibly among them.

        Args:
            examples: any texts; those of which the method can make nothing are passed over.
            rng: the only source of chance.
        """


def some(count: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of `count` > 0 things are chosen: each with probability `share`, and one in any case."""
    chosen = rng.random(count) < share
    chosen[int(rng.integers(count))] = True
    return chosen
