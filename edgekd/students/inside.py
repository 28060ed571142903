"""What is inside a student's body, for heads and losses."""

from __future__ import annotations

from typing import NamedTuple

import keras


class Inside(NamedTuple):
    """What a body gives.

    Attributes:
        states: what goes into the first layer and the token states of each, (batch, tokens, width of the
            layer), zero on padding.
        attention: of each layer that has it, the scores before the softmax, (batch, heads, tokens, tokens).
    """

    states: list[keras.KerasTensor]
    attention: list[keras.KerasTensor]
