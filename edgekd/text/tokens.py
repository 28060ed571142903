"""Splitting a text into tokens: words, and single characters where a script has no spaces."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

import numpy as np

from edgekd.text.unicode import SINGLE, SPACE, TAIL, WORD, look_up


def encode(text: str) -> bytes:
    """The code points of a text, four bytes each, lowest first; lone surrogates stay what they are."""
    # What `str.encode` calls, without looking the codec up by name: a quarter of the time.
    return codecs.utf_32_le_encode(text, "surrogatepass")[0]


def code_points(text: str) -> np.ndarray:
    """The same as int32."""
    return np.frombuffer(encode(text), np.int32)


def split(code_points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fold and split.

    A token starts at a WORD after anything but a WORD, at every SINGLE, and at a TAIL after a SPACE (or at
    the beginning). It ends before the next start or SPACE.

    Args:
        code_points: int32 (chars,).

    Returns:
        Folded code points, int32 (chars,), and the tokens' start and end, int32 (tokens, 2).
    """
    folded, kind = look_up(code_points)
    before = np.concatenate([[SPACE], kind[:-1]]).astype(np.int32)
    start = (kind == SINGLE) | ((kind == WORD) & (before != WORD)) | ((kind == TAIL) & (before == SPACE))
    inside = kind != SPACE
    end = inside & np.concatenate([(start | ~inside)[1:], [True]])[: len(kind)]
    return folded, np.stack([np.flatnonzero(start), np.flatnonzero(end) + 1], axis=1).astype(np.int32)


def tokenize(text: str) -> list[tuple[int, int]]:
    """Start and end of each token of a text, in code points, end exclusive."""
    return [(start, end) for start, end in split(code_points(text))[1].tolist()]


def tokenize_all(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """`tokenize` of each text, in one pass over all of them."""
    # A line break is a SPACE, so what stands before and after it makes no difference to a text.
    tokens = split(code_points("\n".join(texts)))[1]
    begins = np.cumsum([0, *(len(text) + 1 for text in texts)])
    bounds = np.searchsorted(tokens[:, 0], begins)
    return [
        list(map(tuple, (tokens[first:after] - begin).tolist()))
        for begin, first, after in zip(begins[:-1], bounds[:-1], bounds[1:], strict=True)
    ]
