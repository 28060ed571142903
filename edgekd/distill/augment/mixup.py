"""Mixup inside a training step: a batch, and after it the same batch mixed with itself.

Zhang et al., 2018: x = share * x_i + (1 - share) * x_j, and the same of the targets; here with one share ~
Beta(0.4, 0.4) for the batch. The features and all targets of a text, the teacher's among them, are mixed with
the same draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

ALPHA = 0.4


class Mix(NamedTuple):
    """Who is mixed with whom, and how.

    Attributes:
        partner: int32 (batch,), a permutation.
        share: float32 (), of the text itself; the rest is its partner's.
    """

    partner: np.ndarray | tf.Tensor
    share: np.ndarray | tf.Tensor


NO_MIX = Mix(np.zeros(0, np.int32), np.float32(1))


def draw(batch: int, rng: np.random.Generator, alpha: float = ALPHA) -> Mix:
    """Draw one for a batch; like all chance of an epoch, from its generator outside of the graph."""
    return Mix(rng.permutation(batch).astype(np.int32), np.float32(rng.beta(alpha, alpha)))


def mixed(values: tf.Tensor, mix: Mix) -> tf.Tensor:
    """Features, targets or logits, float (batch, ...), and after them the mixed ones, (2 batch, ...)."""
    return tf.concat([values, mix.share * values + (1 - mix.share) * tf.gather(values, mix.partner)], axis=0)


def united(mask: tf.Tensor, mix: Mix) -> tf.Tensor:
    """A mask of 0 and 1, (batch, ...), and after it where the text or its partner has 1, (2 batch, ...)."""
    return tf.concat([mask, tf.maximum(mask, tf.gather(mask, mix.partner))], axis=0)
