"""The student's network for one text, in as few ops as it takes: what the exported files hold.

The same numbers as `students.pqrnn.build` in inference, which parity holds it against, but without what only
training needs. There is no batch dimension, which would cost a reshape around every product; batch
normalisation is folded into the bottleneck; a shift by d tokens is a PAD and a SLICE with constant ends, so
that one graph serves every length. In ONNX this is a sixth of the ops that converting the Keras model gives.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from edgekd.students.qrnn import QRNN
from edgekd.students.student import Student

Network = Callable[[tf.Tensor, tf.Tensor, int], dict[str, tf.Tensor]]


def network_of(student: Student) -> Network:
    """The trained network as a function of one text.

    Returns:
        A function of features float32 (tokens, features), `on_tokens` float32 (tokens, 1), which is 1 for a
        token and 0 for padding, and the largest number of tokens; it gives `label_logits` (1, labels) and
        `tag_logits` (tokens, tags), as the task has them.
    """
    model = student.network
    bottleneck = _folded(model.get_layer("bottleneck"), model.get_layer("bottleneck_norm"))
    qrnns = [
        [_Direction(model.get_layer(f"qrnn_{depth}"), backward=backward) for backward in (False, True)]
        for depth in range(1, student.config.layers + 1)
    ]
    score = _weights(model.get_layer("pooling").score)
    label_head = _weights(model.get_layer("label_head")) if student.labels.labels else None
    tag_head = model.get_layer("tag_head") if student.labels.slots else None
    of_token, of_text = (
        (_weights(tag_head.of_token), _weights(tag_head.of_text)) if tag_head else (None, None)
    )

    def network(features: tf.Tensor, on_tokens: tf.Tensor, max_tokens: int) -> dict[str, tf.Tensor]:
        x = tf.nn.relu(_dense(features, bottleneck)) * on_tokens
        for directions in qrnns:
            # Masking both outputs at once keeps padding at zero; in forward direction it is all it takes.
            x = tf.concat([one(x, on_tokens, max_tokens) for one in directions], axis=1) * on_tokens
        scores = _dense(x, score) + (on_tokens - 1) * 1e4
        # Padding has zero states, so its weights need no mask, not even in a text without tokens.
        pooled = tf.matmul(tf.nn.softmax(tf.reshape(scores, [1, -1])), x)
        logits = {}
        if label_head:
            logits["label_logits"] = _dense(pooled, label_head)
        if of_token:
            logits["tag_logits"] = _dense(x, of_token) + _dense(pooled, of_text)
        return logits

    return network


class _Direction:
    """One direction of a QRNN layer (`students.qrnn.QRNN`) on float32 (tokens, width)."""

    def __init__(self, layer: QRNN, *, backward: bool) -> None:
        gates = layer.backward_gates if backward else layer.forward_gates
        self.gates = gates.kernel.numpy(), layer.bias.numpy()[int(backward)]
        self.reach, self.backward, self.zoneout = layer.kernel - 1, backward, layer.zoneout

    def __call__(self, x: tf.Tensor, on_tokens: tf.Tensor, max_tokens: int) -> tf.Tensor:
        window = [self._earlier(x, distance) for distance in range(self.reach, -1, -1)]
        window = tf.concat(window[::-1] if self.backward else window, axis=1)
        z, i, o = tf.split(_dense(window, self.gates), 3, axis=1)
        i = tf.sigmoid(i) * (on_tokens * (1 - self.zoneout))
        return tf.sigmoid(o) * self._scan(1 - i, i * tf.tanh(z), max_tokens)

    def _scan(self, keep: tf.Tensor, update: tf.Tensor, max_tokens: int) -> tf.Tensor:
        """As `students.qrnn.fo_scan`. Steps that are wider than the text change nothing."""
        width = 1
        while width < max_tokens:
            update += keep * self._earlier(update, width)
            if 2 * width < max_tokens:
                keep *= self._earlier(keep, width)
            width *= 2
        return update

    def _earlier(self, values: tf.Tensor, distance: int) -> tf.Tensor:
        """`values` of the token so far before it in reading direction, zero where there is none."""
        if not distance:
            return values
        if self.backward:
            return tf.pad(values, [[0, distance], [0, 0]])[distance:]
        return tf.pad(values, [[distance, 0], [0, 0]])[:-distance]


def _dense(x: tf.Tensor, weights: tuple[np.ndarray, np.ndarray | None]) -> tf.Tensor:
    kernel, bias = weights
    product = tf.matmul(x, kernel)
    return product if bias is None else product + bias


def _weights(layer: keras.layers.Dense) -> tuple[np.ndarray, np.ndarray | None]:
    return layer.kernel.numpy(), layer.bias.numpy() if layer.use_bias else None


def _folded(
    dense: keras.layers.Dense, norm: keras.layers.BatchNormalization
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a dense layer without bias and the batch normalisation after it, as of one dense layer."""
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    return dense.kernel.numpy() * scale, norm.beta.numpy() - norm.moving_mean.numpy() * scale
