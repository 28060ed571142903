"""Mutual information of student and teacher states: a lower bound of it is raised, whatever their widths.

The interpolated bound of Poole et al. (2019, "On Variational Bounds of Mutual Information"), by which
Distiller (He et al., 2021) distils; the loss is -I_alpha. With a critic f, a baseline q, the student's state
x and the teacher's y:

    I_alpha = 1 + E[ f(x, y) - log a(y) ] - E[ e^f(x', y) / a(y) ]
    a(y) = alpha * m(y) + (1 - alpha) * q(y),    m(y) = mean_k e^f(x_k, y)

The first mean is over pairs, the second over the other texts of the batch. alpha = 1 is like InfoNCE: low
variance, and at most log(batch - 1). alpha = 0 is TUBA: high variance, and no limit.
"""

from __future__ import annotations

import math
from typing import Literal

import keras
import tensorflow as tf


class MutualInformation(keras.layers.Layer):
    """The loss -I_alpha of states, (batch,), whose mean over the batch is that of the bound.

    Its weights, those of the critic f(x, y) = g(x) . h(y) and of log q(y), are trained with the student and
    thrown away. A batch must hold two texts or more.

    Args:
        critic: "mlp" reads pooled states, (batch, width); "transformer" those of tokens, (batch, tokens,
            width), of which student and teacher may have different numbers.
        alpha: 0 to 1.
        hidden: width inside the critic.
    """

    def __init__(
        self, critic: Literal["mlp", "transformer"], *, alpha: float = 0.9, hidden: int = 256
    ) -> None:
        super().__init__(name="mutual_information")
        tower = {"mlp": MLPTower, "transformer": TransformerTower}[critic]
        self.alpha = alpha
        self.of_student, self.of_teacher = tower(hidden, 64), tower(hidden, 64)
        self.log_baseline = tower(hidden, 1)

    def call(
        self,
        student: tf.Tensor,
        teacher: tf.Tensor,
        student_known: tf.Tensor | None = None,
        teacher_known: tf.Tensor | None = None,
    ) -> tf.Tensor:
        ours, theirs = self.of_student(student, student_known), self.of_teacher(teacher, teacher_known)
        scores = tf.matmul(theirs, ours, transpose_b=True)
        log_baseline = self.log_baseline(teacher, teacher_known)[:, 0]
        return -interpolated_bound(scores, log_baseline, alpha=self.alpha)


def interpolated_bound(scores: tf.Tensor, log_baseline: tf.Tensor, *, alpha: float) -> tf.Tensor:
    """I_alpha from what the critic says; the part of each teacher state, (batch,), whose mean is the bound.

    m is a mean over all student states but one, as in the code of the paper. Where mismatched pairs are
    judged, the pair's own is left out, so that m does not depend on y; where the pair is, each of the others
    in turn, so that m is a mean over as many. All is in logarithms but the last mean, which has no limit
    where alpha is 0.

    Args:
        scores: (batch, batch), f(x, y) of the teacher states y in rows and the student states x in columns.
        log_baseline: (batch,), log q(y).
        alpha: 0 to 1.
    """
    others = tf.ones_like(scores) - tf.eye(tf.shape(scores)[0], dtype=scores.dtype)
    count = tf.reduce_sum(others, axis=1)
    log_alpha, log_rest = (math.log(share) if share else -math.inf for share in (alpha, 1 - alpha))
    log_mean = _log_sum_of_others(scores) - tf.math.log(count)[:, None]
    log_scale = _log_add(log_alpha + log_mean, log_rest + log_baseline[:, None] + tf.zeros_like(scores))
    pair = tf.reduce_sum((tf.linalg.diag_part(scores)[:, None] - log_scale) * others, axis=1) / count
    log_ratios = scores - tf.linalg.diag_part(log_scale)[:, None]
    log_ratios = tf.linalg.set_diag(log_ratios, tf.fill(tf.shape(count), tf.cast(-math.inf, scores.dtype)))
    return 1 + pair - tf.exp(tf.reduce_logsumexp(log_ratios, axis=1) - tf.math.log(count))


def _log_sum_of_others(scores: tf.Tensor) -> tf.Tensor:
    """log of the sum of e^score over a row but for one column; (rows, columns), by the column left out.

    What stands before it and what stands after it are summed apart, since to take it off the sum of all would
    cancel where it is the largest.
    """
    before = tf.math.cumulative_logsumexp(scores, axis=1, exclusive=True)
    after = tf.math.cumulative_logsumexp(scores, axis=1, exclusive=True, reverse=True)
    return _log_add(before, after)


def _log_add(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """log(e^a + e^b)"""
    return tf.reduce_logsumexp(tf.stack([a, b]), axis=0)


class MLPTower(keras.layers.Layer):
    """Three layers with ReLU between them: pooled states, (batch, width), to (batch, outputs)."""

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        self.stack = keras.Sequential(
            [
                keras.layers.Dense(hidden, activation="relu"),
                keras.layers.Dense(hidden, activation="relu"),
                keras.layers.Dense(outputs),
            ]
        )

    def call(self, states: tf.Tensor, known: None = None) -> tf.Tensor:
        return self.stack(states)


class TransformerTower(keras.layers.Layer):
    """One transformer layer and the mean over the known tokens: (batch, tokens, width) to (batch, outputs).

    It is not told the order of the tokens: the states are in context already. That is the least that lets
    tokens see one another; it is not taken from Distiller, whose critic we could not read.
    """

    def __init__(self, hidden: int, outputs: int, *, heads: int = 4) -> None:
        super().__init__()
        self.enter = keras.layers.Dense(hidden)
        self.attention = keras.layers.MultiHeadAttention(heads, hidden // heads)
        self.feed_forward = keras.Sequential(
            [keras.layers.Dense(2 * hidden, activation="relu"), keras.layers.Dense(hidden)]
        )
        self.norms = [keras.layers.LayerNormalization() for _ in range(3)]
        self.leave = keras.layers.Dense(outputs)

    def call(self, states: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
        known = tf.ones_like(states[..., 0]) if known is None else tf.cast(known, states.dtype)
        x = self.enter(states)
        seen = self.norms[0](x)
        x += self.attention(seen, seen, attention_mask=known[:, None] > 0)
        x += self.feed_forward(self.norms[1](x))
        total = tf.reduce_sum(self.norms[2](x) * known[..., None], axis=1)
        return self.leave(tf.math.divide_no_nan(total, tf.reduce_sum(known, axis=1, keepdims=True)))
