"""What the exported bodies and heads share, in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from edgekd.export.weights import Dense


def dense(x: tf.Tensor, weights: Dense) -> tf.Tensor:
    """(rows, inputs) to (rows, outputs); a bias of zeros is left out."""
    product = tf.matmul(x, weights.kernel)
    return product + weights.bias if weights.bias.any() else product
