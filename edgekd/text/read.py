"""What a front end makes of a text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Read(NamedTuple):
    """A text as a student's network sees it.

    Attributes:
        rows: what stands for each token, (tokens, ...): its features, or its number.
        spans: start and end of each token in code points, int32 (tokens, 2).
        count: tokens of the text; rows and spans are cut to those that the front end has room for.
    """

    rows: np.ndarray
    spans: np.ndarray
    count: int
