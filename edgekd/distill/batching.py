"""Cutting texts into batches of similar length, as padded rows of token numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from edgekd.distill.token_table import PieceNumbers, TokenTable
from edgekd.distill.widths import WIDTHS, fitting_widths

_BATCHES_SORTED_TOGETHER = 64


def batches_of(count: int, batch_size: int) -> int:
    """How many batches `cut` makes."""
    return max(1, -(-count // batch_size))


def cut(
    chosen: np.ndarray,
    lengths: np.ndarray,
    batch_size: int,
    rng: np.random.Generator,
    *,
    abreast: int = 1,
    fill: bool = True,
) -> Iterator[np.ndarray]:
    """Batches of texts of similar length, in random order.

    All have as many texts, since another number would take a graph of its own, but where all texts are fewer
    than a batch.

    Args:
        chosen: numbers of texts, in random order.
        lengths: of every text, in tokens.
        batch_size: texts a batch.
        abreast: so many batches of about the same length come one after the other, for as many devices.
        fill: let some texts come a second time where the last batch would have fewer than the others.
    """
    if fill and len(chosen) > batch_size:
        chosen = np.concatenate([chosen, chosen[: -len(chosen) % batch_size]])
    together = batch_size * _BATCHES_SORTED_TOGETHER
    batches = []
    for start in range(0, len(chosen), together):
        group = chosen[start : start + together]
        group = group[np.argsort(lengths[group], kind="stable")]
        batches += np.split(group, range(batch_size, len(group), batch_size))
    whole = len(batches) // abreast
    for number in rng.permutation(whole):
        yield from batches[number * abreast : (number + 1) * abreast]
    yield from batches[whole * abreast :]


class TokenRows:
    """Texts as rows of token numbers.

    Args:
        texts: the table holds the tokens of all of them.

    Attributes:
        lengths: of each text, in tokens.
        spans: of each text, where its tokens are, int32 (tokens, 2).
        count: tokens of all texts together.
        widths: numbers of tokens that a batch may be padded to.
    """

    def __init__(self, texts: Iterable[str], table: TokenTable | PieceNumbers) -> None:
        self.table = table
        tokenized = [table.numbers(text) for text in texts]
        self.spans = [spans for _, spans in tokenized]
        self.lengths = np.array([len(spans) for spans in self.spans], np.int32)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self._numbers = np.concatenate([np.zeros(0, np.int32), *(numbers for numbers, _ in tokenized)])
        self.count = len(self._numbers)
        self.widths: tuple[int, ...] = WIDTHS

    def fit_widths(self, batch_size: int, batches: int, parameters: int) -> None:
        """Take the widths with which a training takes the least time (`fitting_widths`)."""
        self.widths = fitting_widths(
            self.lengths, batch_size=batch_size, batches=batches, parameters=parameters
        )

    def of(self, index: int) -> slice:
        """The places of a text's tokens among those of all texts."""
        return slice(self._starts[index], self._starts[index + 1])

    def padded(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the tokens of a batch stand among the tokens of all texts.

        Returns:
            (texts, tokens): True where there is a token; and its place, 0 where there is none.
        """
        longest = int(self.lengths[chosen].max())
        columns = np.arange(next((width for width in self.widths if width >= longest), longest))
        there = columns < self.lengths[chosen][:, None]
        return there, np.where(there, self._starts[chosen][:, None] + columns, 0)

    def numbers(
        self, there: np.ndarray, source: np.ndarray, typing_noise: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Token numbers of what `padded` gave, 0 for padding, some of them those of misspelt tokens."""
        return misspell(np.where(there, self._numbers[source], 0), self.table, typing_noise, rng)


def misspell(
    numbers: np.ndarray, table: TokenTable | PieceNumbers, probability: float, rng: np.random.Generator
) -> np.ndarray:
    """Token numbers (0 for padding), some of them exchanged for those of misspelt tokens."""
    if not probability or not table.variants:
        return numbers
    variant = rng.integers(1, table.variants + 1, numbers.shape, dtype=np.int32)
    noisy = (numbers > 0) & (rng.random(numbers.shape, dtype=np.float32) < probability)
    return np.where(noisy, numbers + variant * table.size, numbers)
