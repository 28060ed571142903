"""What a model file gives for one text, before the numbers get names."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class RawOutputs(NamedTuple):
    """The outputs of a model for one text, without padding.

    Attributes:
        label_logits: float32 (labels,); None where the task has no labels.
        tag_logits: float32 (tokens, tags); None where the task has no slots.
        token_spans: int32 (tokens, 2), start and end of each token in code points; None with tag_logits.
        token_count: tokens of the text as far as its code points were read; more than there is room for where
            the text was cut, and then the other outputs have as many rows as there is room for.
        truncated: the text has more code points or tokens than the model reads; the rest was not seen.
    """

    label_logits: np.ndarray | None
    tag_logits: np.ndarray | None
    token_spans: np.ndarray | None
    token_count: int
    truncated: bool

    def copied(self) -> RawOutputs:
        """The same in memory of its own."""
        return RawOutputs(*(None if one is None else one.copy() for one in self[:3]), *self[3:])
