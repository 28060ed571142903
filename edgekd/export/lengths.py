"""The lengths that a TFLite file is made for: one signature each, all sharing the weights in the file.

A text takes time by the length of its signature, not by its own. But more signatures are not better: the
runtime packs the weights for each of them anew, so that those in turn push each other out of the processor's
cache, and each is 13 KB. So there is one for most texts, one for nearly all, and one for the longest. On MTOP
(mean of the fastest 98 in 100 texts; median; slowest in ten), 10, 16 and 32 tokens take 163, 137, 243 us;
10 and 32 take 186, 141, 364; 8, 16 and 32 take 174, 156, 288; and 32 alone 373 for every text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.runtime.manifest import Signature
from edgekd.text.projection import FrontEnd
from edgekd.text.word_pieces import WordPieces

SHARES = (0.8, 0.98)
"""Of the texts, those that fit the first and the second signature."""

TYPICAL = ((10, 60), (16, 96))
"""Tokens and code points of these where no texts are given."""

_NEARLY_THE_LAST = 1.5
_MOST_CHARS, _ROUND_TO = 0.98, 8


def choose(front_end: FrontEnd | WordPieces, texts: Sequence[str] = ()) -> tuple[Signature, ...]:
    """Signatures from short to long, the last with the student's own lengths.

    Args:
        front_end: holds the largest lengths.
        texts: such as the app will see. A signature has room for the code points of all but one in fifty of
            the texts that fit its tokens.
    """
    counted = np.array([(front_end.count(text), len(text)) for text in texts], np.int64).reshape(-1, 2)
    lengths = [_fitting(counted, share) for share in SHARES] if len(counted) else TYPICAL
    chosen = [
        Signature(f"tokens_{tokens}", chars, tokens)
        for tokens, chars in dict(lengths).items()
        if tokens * _NEARLY_THE_LAST < front_end.max_tokens and chars < front_end.max_chars
    ]
    return (*chosen, Signature(f"tokens_{front_end.max_tokens}", front_end.max_chars, front_end.max_tokens))


def _fitting(counted: np.ndarray, share: float) -> tuple[int, int]:
    """Tokens that this share of the texts has at most, and code points for those."""
    tokens = max(int(np.ceil(np.quantile(counted[:, 0], share))), 1)
    chars = np.quantile(counted[counted[:, 0] <= tokens, 1], _MOST_CHARS)
    return tokens, max(tokens, -int(-chars // _ROUND_TO) * _ROUND_TO)
