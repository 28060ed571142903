"""Texts as rows of numbers, and what the student's network sees of a number.

A text front end in the training graph would hash each token again in every pass. Tokens repeat, so the
features of every distinct one are kept in a table. Word pieces are numbers as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from edgekd.text.projection import FrontEnd, expand, ngram_counts, token_hash
from edgekd.text.tokens import code_points, split
from edgekd.text.word_pieces import PADDING, WordPieces

NOISY_VARIANTS = 3
_SHORTEST_MISSPELT = 3


class TokenTable:
    """Features by token number; number 0 is padding.

    Clean tokens have the numbers 1 to `size`; the k-th misspelling of a token has its number plus k * `size`.

    Args:
        texts: whose tokens are wanted.
        front_end: the settings.
        misspell: also make misspellings of each token of three or more characters (others stay as they are).
        seed: of the misspellings.
    """

    def __init__(self, texts: Iterable[str], front_end: FrontEnd, *, misspell: bool, seed: int) -> None:
        self.front_end = front_end
        self._numbers: dict[bytes, int] = {}
        tokens: list[np.ndarray] = []
        for text in texts:
            for token in self._tokens(text)[0]:
                if self._numbers.setdefault(token.tobytes(), len(tokens) + 1) > len(tokens):
                    tokens.append(token)
        self.size = len(tokens)
        self.variants = NOISY_VARIANTS if misspell else 0
        rng = np.random.default_rng(seed)
        alphabet = np.unique(np.concatenate([np.zeros(1, np.int32), *tokens]))[1:]
        for _ in range(self.variants):
            tokens += [misspelt(token, alphabet, rng) for token in tokens[: self.size]]
        self._values = np.zeros((len(tokens) + 1, front_end.features), np.int8)
        self._scales = np.zeros(len(tokens) + 1, np.float32)
        known: dict[bytes, int] = {}
        for number, token in enumerate(tokens, start=1):
            first = known.setdefault(token.tobytes(), number)
            if first == number:
                self._compute(number, token)
            else:
                self._values[number], self._scales[number] = self._values[first], self._scales[first]

    def _compute(self, number: int, token: np.ndarray) -> None:
        width = self.front_end.token_features
        counts, self._scales[number] = ngram_counts(token, self.front_end)
        self._values[number, :width] = expand(token_hash(token)[None], width)[0]
        # More than 127 equal n-grams in one token are no word of any language.
        self._values[number, width:] = np.clip(counts, -127, 127)

    def _tokens(self, text: str) -> tuple[list[np.ndarray], np.ndarray]:
        folded, spans = split(code_points(text)[: self.front_end.max_chars])
        spans = spans[: self.front_end.max_tokens]
        return [folded[start:end] for start, end in spans], spans

    def numbers(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Token numbers, int32 (tokens,), and spans (tokens, 2), of a text that the table was made from."""
        tokens, spans = self._tokens(text)
        return np.array([self._numbers[token.tobytes()] for token in tokens], np.int32), spans

    def features(self) -> TableFeatures:
        """From numbers to features, in a graph."""
        return TableFeatures(self)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The table in the form that `look_up` takes: int8 (rows, features) and float32 (rows,)."""
        return self._values, self._scales


class TableFeatures(tf.Module):
    """A table where the network is: from int32 (batch, tokens) to float32 (batch, tokens, features)."""

    def __init__(self, table: TokenTable) -> None:
        super().__init__()
        self._token_features = table.front_end.token_features
        with tf.device("CPU"):
            self._values, self._scales = (
                tf.Variable(one, shape=(None, *one.shape[1:]), trainable=False) for one in table.arrays()
            )

    def __call__(self, numbers: tf.Tensor) -> tf.Tensor:
        return look_up(self._values, self._scales, tf.maximum(numbers, 0), self._token_features)

    def take(self, table: TokenTable) -> None:
        """From now on numbers are those of this table."""
        for variable, array in zip((self._values, self._scales), table.arrays(), strict=True):
            variable.assign(array)


class PieceNumbers:
    """Word pieces by their own numbers; none is misspelt, which would take others.

    Args:
        front_end: of word pieces.
    """

    size, variants = 0, 0

    def __init__(self, front_end: WordPieces) -> None:
        self.front_end = front_end

    def numbers(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """As of TokenTable, of any text."""
        read = self.front_end.read(text)
        return read.rows, read.spans

    def features(self) -> PieceFeatures:
        """From numbers to what the network takes, in a graph."""
        return PieceFeatures()


class PieceFeatures(tf.Module):
    """The numbers themselves; those of hidden pieces are PADDING."""

    def __call__(self, numbers: tf.Tensor) -> tf.Tensor:
        return tf.maximum(numbers, PADDING)

    def take(self, table: PieceNumbers) -> None:
        """Numbers mean the same in all."""


def table_of(
    texts: Iterable[str], front_end: FrontEnd | WordPieces, *, misspell: bool, seed: int
) -> TokenTable | PieceNumbers:
    """What a front end needs to make rows of numbers of these texts; see TokenTable."""
    if isinstance(front_end, WordPieces):
        return PieceNumbers(front_end)
    return TokenTable(texts, front_end, misspell=misspell, seed=seed)


def look_up(values: tf.Tensor, scales: tf.Tensor, numbers: tf.Tensor, token_features: int) -> tf.Tensor:
    """Features, float32 (batch, tokens, features), of token numbers int32 (batch, tokens)."""
    rows = tf.cast(tf.gather(values, numbers), tf.float32)
    scale = tf.gather(scales, numbers)[..., None]
    return tf.concat([rows[..., :token_features], rows[..., token_features:] * scale], axis=-1)


def misspelt(token: np.ndarray, alphabet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The token with one character deleted, moved by one place, or inserted; short tokens stay.

    Args:
        token: folded code points, int32 (chars,).
        alphabet: what may be inserted, int32.
        rng: decides.
    """
    if len(token) < _SHORTEST_MISSPELT:
        return token
    place = int(rng.integers(len(token)))
    match int(rng.integers(3)):
        case 0:
            return np.delete(token, place)
        case 1:
            moved = token.copy()
            other = place + 1 if place + 1 < len(token) else place - 1
            moved[[place, other]] = moved[[other, place]]
            return moved
        case _:
            return np.insert(token, place, rng.choice(alphabet))
