"""The body of a pQRNN for one text, in as few TensorFlow ops as it takes: `students.pqrnn.body` in inference.

Batch normalisation is folded into the bottleneck; a shift by d tokens is a PAD and a SLICE.
"""

from __future__ import annotations

import tensorflow as tf

from edgekd.export.ops import dense
from edgekd.export.weights import Direction, PQRNNWeights


def pqrnn_body(weights: PQRNNWeights, features: tf.Tensor, on_tokens: tf.Tensor) -> tf.Tensor:
    """From features float32 (tokens, features) to states (tokens, state_width), zero on padding."""
    x = tf.nn.relu(dense(features, weights.bottleneck)) * on_tokens
    for layer in weights.layers:
        # Masking both outputs at once keeps padding at zero; in forward direction it is all it takes.
        x = tf.concat([_recur(one, x, on_tokens) for one in layer], axis=1) * on_tokens
    return x


def _recur(direction: Direction, x: tf.Tensor, on_tokens: tf.Tensor) -> tf.Tensor:
    """One direction of a QRNN layer (`students.qrnn.QRNN`) on float32 (tokens, width)."""
    backward = direction.backward
    window = [_earlier(x, distance, backward) for distance in range(direction.reach, -1, -1)]
    window = tf.concat(window[::-1] if backward else window, axis=1)
    z, i, o = tf.split(dense(window, direction.gates), 3, axis=1)
    i = tf.sigmoid(i) * (on_tokens * direction.writes)
    return tf.sigmoid(o) * _scan(1 - i, i * tf.tanh(z), backward)


def _scan(keep: tf.Tensor, update: tf.Tensor, backward: bool) -> tf.Tensor:
    """As `students.qrnn.fo_scan`, in log2(tokens) steps (Hillis and Steele, 1986).

    A step of width d composes each position with the one d before it: (k, u) after (k', u') is
    (k * k', u + k * u').
    """
    width = 1
    while width < keep.shape[0]:
        update += keep * _earlier(update, width, backward)
        if 2 * width < keep.shape[0]:
            keep *= _earlier(keep, width, backward)
        width *= 2
    return update


def _earlier(values: tf.Tensor, distance: int, backward: bool) -> tf.Tensor:
    """`values` of the token so far before it in reading direction, zero where there is none."""
    if not distance:
        return values
    before, after = (0, distance) if backward else (distance, 0)
    return tf.slice(tf.pad(values, [[before, after], [0, 0]]), [after, 0], values.shape)
