"""The lengths that a TFLite file is made for: one signature each, all sharing the weights in the file.

A text takes time by the length of its signature, not by its own. But more signatures are not better: the
runtime packs the weights for each of them anew, so that those in turn push each other out of the processor's
cache, and one that is seldom used is always cold. On MTOP, 10 and 32 tokens have a median of 123 us where 8,
12, 16 and 32 have 141 us. So there is one for most texts, and then few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.runtime.manifest import Signature
from edgekd.text.projection import FrontEnd
from edgekd.text.tokens import tokenize

MOST = 0.9
"""Share of the texts that fit the first signature."""

FIRST_TOKENS, CHARS_PER_TOKEN = 12, 6
"""Where no texts are given."""

_STEP = 3
_NEARLY_THE_LAST = 1.5
_MOST_CHARS, _ROUND_TO = 0.98, 8


def choose(front_end: FrontEnd, texts: Sequence[str] = ()) -> tuple[Signature, ...]:
    """Signatures from short to long, the last with the student's own lengths.

    Args:
        front_end: holds the largest lengths.
        texts: such as the app will see. The first signature has the tokens of nine in ten of them, each
            further one three times as many. A signature has room for the code points of all but one in fifty
            of those that fit its tokens; without texts, CHARS_PER_TOKEN a token.
    """
    counted = np.array([(len(tokenize(text)), len(text)) for text in texts], np.int64).reshape(-1, 2)
    tokens = int(np.ceil(np.quantile(counted[:, 0], MOST))) if len(counted) else FIRST_TOKENS
    tokens = max(tokens, 1)
    chosen = []
    while tokens * _NEARLY_THE_LAST < front_end.max_tokens:
        chars = counted[counted[:, 0] <= tokens, 1]
        needed = np.quantile(chars, _MOST_CHARS) if len(chars) else CHARS_PER_TOKEN * tokens
        rounded = max(tokens, -int(-needed // _ROUND_TO) * _ROUND_TO)
        if rounded < front_end.max_chars:
            chosen.append(Signature(f"tokens_{tokens}", rounded, tokens))
        tokens *= _STEP
    return (*chosen, Signature(f"tokens_{front_end.max_tokens}", front_end.max_chars, front_end.max_tokens))
