"""How long a text a student must be able to read, from the texts it learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.recipe import Shape
from edgekd.text.word_pieces import Vocabulary

_TOKENS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_COVERED = 99.9
_CHARS_STEP = 16
_MAX_CHARS = 4096


def with_lengths(config: Shape, texts: Sequence[str], vocabulary: Vocabulary | None = None) -> Shape:
    """The student with those lengths filled in that are 0; where it has a vocabulary, in pieces of it, whose
    number is filled in, too.

    Both cover 99.9 % of the texts, as far as the kind of student goes; the characters have a quarter of room
    above that, since a user's typing is less even than a data set.
    """
    max_tokens, max_chars = config.max_tokens, config.max_chars
    if vocabulary:
        config = config.model_copy(update={"pieces": len(vocabulary.pieces)})
    front_end = config.model_copy(update={"max_tokens": 1, "max_chars": 1}).front_end(vocabulary)
    if not max_tokens:
        needed = np.percentile([front_end.count(text) for text in texts], _COVERED)
        max_tokens = next((tokens for tokens in _TOKENS if tokens >= needed), _TOKENS[-1])
        max_tokens = min(max_tokens, config.most_tokens)
    if not max_chars:
        needed = 1.25 * np.percentile([len(text) for text in texts], _COVERED)
        max_chars = max(int(-(-needed // _CHARS_STEP) * _CHARS_STEP), 4 * max_tokens)
    return config.model_copy(update={"max_tokens": max_tokens, "max_chars": min(max_chars, _MAX_CHARS)})
