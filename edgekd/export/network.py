"""The student's network for one text, in as few ops as it takes: what a TFLite file holds.

The same numbers as `students.pqrnn.build` in inference, which parity holds it against, but without what only
training needs. There is no batch dimension, which would cost a reshape around every product; batch
normalisation is folded into the bottleneck; a shift by d tokens is a PAD and a SLICE.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from edgekd.export.weights import Dense, Direction, NetworkWeights

Network = Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]


def network_of(weights: NetworkWeights) -> Network:
    """The trained network as a function of one text.

    Returns:
        A function of features float32 (tokens, features) and `on_tokens` float32 (tokens, 1), which is 1 for
        a token and 0 for padding; it gives `label_logits` (1, labels) and `tag_logits` (tokens, tags), as the
        student has them.
    """

    def network(features: tf.Tensor, on_tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        x = tf.nn.relu(_dense(features, weights.bottleneck)) * on_tokens
        for layer in weights.layers:
            # Masking both outputs at once keeps padding at zero; in forward direction it is all it takes.
            x = tf.concat([_recur(one, x, on_tokens) for one in layer], axis=1) * on_tokens
        scores = tf.matmul(x, weights.attention) + (on_tokens - 1) * 1e4
        # Padding has zero states, so its weights need no mask, not even in a text without tokens.
        pooled = tf.matmul(tf.nn.softmax(tf.reshape(scores, [1, -1])), x)
        logits = {}
        if weights.label_head:
            logits["label_logits"] = _dense(pooled, weights.label_head)
        if weights.tags_of_token and weights.tags_of_text:
            of_text = _dense(pooled, weights.tags_of_text)
            logits["tag_logits"] = _dense(x, weights.tags_of_token) + of_text
        return logits

    return network


def _recur(direction: Direction, x: tf.Tensor, on_tokens: tf.Tensor) -> tf.Tensor:
    """One direction of a QRNN layer (`students.qrnn.QRNN`) on float32 (tokens, width)."""
    backward = direction.backward
    window = [_earlier(x, distance, backward) for distance in range(direction.reach, -1, -1)]
    window = tf.concat(window[::-1] if backward else window, axis=1)
    z, i, o = tf.split(_dense(window, direction.gates), 3, axis=1)
    i = tf.sigmoid(i) * (on_tokens * direction.writes)
    return tf.sigmoid(o) * _scan(1 - i, i * tf.tanh(z), backward)


def _scan(keep: tf.Tensor, update: tf.Tensor, backward: bool) -> tf.Tensor:
    """As `students.qrnn.fo_scan`, in log2(tokens) steps."""
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


def _dense(x: tf.Tensor, dense: Dense) -> tf.Tensor:
    product = tf.matmul(x, dense.kernel)
    return product + dense.bias if dense.bias.any() else product
