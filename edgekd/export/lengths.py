"""The lengths that a TFLite file is made for: one signature each, all sharing the weights.

A text in a signature of half the length takes about half the time. A further signature costs 40 KB, whatever
the weights: it is the ops alone. One of 12 would save a quarter of the texts 30 of 190 microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.runtime.manifest import Signature
from edgekd.text.projection import FrontEnd
from edgekd.text.tokens import tokenize

TOKENS = (8, 16, 32, 64, 128, 256)
CHARS_PER_TOKEN = 6
_QUANTILE = 0.995
_ROUND_TO = 16


def choose(front_end: FrontEnd, texts: Sequence[str] = ()) -> tuple[Signature, ...]:
    """Signatures from short to long, the last with the student's own lengths.

    Args:
        front_end: holds the largest lengths.
        texts: such as the app will see. A signature has room for the code points of all but one in two
            hundred of those that fit its tokens; without texts, CHARS_PER_TOKEN a token.
    """
    counted = np.array([(len(tokenize(text)), len(text)) for text in texts], np.int64).reshape(-1, 2)
    chosen = []
    for tokens in TOKENS:
        if tokens >= front_end.max_tokens:
            break
        chars = counted[counted[:, 0] <= tokens, 1]
        needed = np.quantile(chars, _QUANTILE) if len(chars) else CHARS_PER_TOKEN * tokens
        rounded = max(tokens, -int(-needed // _ROUND_TO) * _ROUND_TO)
        if rounded < front_end.max_chars:
            chosen.append(Signature(f"tokens_{tokens}", rounded, tokens))
    return (*chosen, Signature(f"tokens_{front_end.max_tokens}", front_end.max_chars, front_end.max_tokens))
