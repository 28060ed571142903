"""The body of a transformer for one text, in TensorFlow ops: `students.transformer.body` in inference."""

from __future__ import annotations

import tensorflow as tf

from edgekd.export.ops import dense
from edgekd.export.weights import Encoder, Norm, TransformerWeights
from edgekd.students.transformer import HIDDEN, NORM_EPSILON, turned


def transformer_body(weights: TransformerWeights, features: tf.Tensor, on_tokens: tf.Tensor) -> tf.Tensor:
    """From features float32 (tokens, features) to states (tokens, width), zero on padding."""
    tokens = features.shape[0]
    x = dense(features, weights.bottleneck)
    if weights.positions is not None:
        x = x + weights.positions[:tokens]
    x = _norm(x, weights.norm)
    rotation = weights.rotation and tuple(table[:tokens] for table in weights.rotation)
    hidden = (tf.reshape(on_tokens, [1, 1, tokens]) - 1) * HIDDEN
    for layer in weights.layers:
        x = _norm(x + dense(_attention(x, layer, rotation, hidden), layer.attended), layer.attended_norm)
        x = _norm(x + dense(tf.nn.gelu(dense(x, layer.wide)), layer.narrow), layer.fed_norm)
    return x * on_tokens


def _attention(
    x: tf.Tensor, layer: Encoder, rotation: tuple[tf.Tensor, tf.Tensor] | None, hidden: tf.Tensor
) -> tf.Tensor:
    """All heads at once: a head is what a batch is to the products."""
    tokens, heads = x.shape[0], layer.heads
    qkv = tf.transpose(tf.reshape(dense(x, layer.qkv), [tokens, 3 * heads, -1]), [1, 0, 2])
    query, key, value = tf.split(qkv, 3)
    if rotation:
        query, key = (turned(one, *rotation) for one in (query, key))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + hidden)
    return tf.reshape(tf.transpose(tf.matmul(weights, value), [1, 0, 2]), [tokens, -1])


def _norm(x: tf.Tensor, norm: Norm) -> tf.Tensor:
    centred = x - tf.reduce_mean(x, axis=1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=1, keepdims=True)
    return centred * tf.math.rsqrt(variance + NORM_EPSILON) * norm.scale + norm.offset
