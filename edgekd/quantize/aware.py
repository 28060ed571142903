"""Quantization-aware training: the matrices of a student as the exported file will hold them.

While a student trains, each of its matrices is brought to the grid of its exported file before the products
see it. The range of a grid is learnt with the weights: its step is a variable whose gradient is that of
learned step sizes (Esser et al., 2020, "Learned Step Size Quantization", section 2.1), in the logarithm, so
that one learning rate suits every matrix (Jain et al., 2020, "Trained Quantization Thresholds", section 3.1).

    int4    -7 to 7, one step for each output
    int8    -127 to 127, one step for a matrix

What is trained is what is exported: the largest weight of a step always stands at the end of its range, so
that a quantizer that takes the range from the weights, as `post_training` does, finds the same integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
import tensorflow as tf

from edgekd.students.compiled import compiled

Bits = Literal["int8", "int4"]

_LEVELS = {"int8": 127, "int4": 7}
_CLIPPED = 24  # shares of the largest weight, down to a quarter, that are tried as the first range
_TINY = 1e-12


class LearntGrid:
    """The grids of a network's matrices. Networks of the same shape, such as the running mean, share them.

    Args:
        network: a student's, from `students.network.build`.
        bits: of the exported file.

    Attributes:
        log_steps: trainable variables, one for each matrix: (1, outputs), or (1, 1) for int8.
    """

    def __init__(self, network: keras.Model, bits: Bits) -> None:
        self.levels, self.by_output = _LEVELS[bits], bits == "int4"
        self.log_steps = [
            keras.Variable(tf.zeros((1, kernel.shape[1] if self.by_output else 1)), name=f"log_step_{number}")
            for number, kernel in enumerate(_kernels(network))
        ]

    def fit(self, network: keras.Model) -> None:
        """Take for each step the one that changes the network's weights least."""
        for kernel, fold, log_step in zip(
            _kernels(network), self._folds(network), self.log_steps, strict=True
        ):
            log_step.assign(_fitted(kernel.value * fold, self.levels, self.by_output))

    def quantized(self, network: keras.Model) -> list[tuple[keras.Variable, tf.Tensor]]:
        """Each matrix of the network, with its values on the grid; gradients reach both it and its step."""
        kernels = _kernels(network)
        values = _on_grid(
            [kernel.value for kernel in kernels],
            self._folds(network),
            [log_step.value for log_step in self.log_steps],
            levels=self.levels,
            by_output=self.by_output,
        )
        return list(zip(kernels, values, strict=True))

    def _folds(self, network: keras.Model) -> list[tf.Tensor]:
        """By what each matrix is multiplied before it is exported: the bottleneck by its batch norm.

        A step for each output takes that up, and needs no factor.
        """
        folds = [tf.ones((1, 1))] * len(_kernels(network))
        norm = next((layer for layer in network.layers if layer.name == "bottleneck_norm"), None)
        if norm and not self.by_output:
            deviation = tf.sqrt(norm.moving_variance.value + norm.epsilon)
            folds[0] = tf.stop_gradient(norm.gamma.value / deviation)[None]
        return folds


def _kernels(network: keras.Model) -> list[keras.Variable]:
    """The matrices of a student's network, the bottleneck first."""
    return [weight for weight in network.trainable_variables if weight.name == "kernel"]


@compiled
def _on_grid(
    kernels: Sequence[tf.Tensor],
    folds: Sequence[tf.Tensor],
    log_steps: Sequence[tf.Tensor],
    *,
    levels: int,
    by_output: bool,
) -> list[tf.Tensor]:
    return [
        tf.math.divide_no_nan(_rounded(kernel * fold, log_step, levels, by_output), fold)
        for kernel, fold, log_step in zip(kernels, folds, log_steps, strict=True)
    ]


def _rounded(weights: tf.Tensor, log_step: tf.Tensor, levels: int, by_output: bool) -> tf.Tensor:
    """Weights (inputs, outputs) on the grid: what lies outside its range is clipped.

    A step is at most the one that reaches to the largest weight. Rounding passes the gradient on, so that
    by the step is the rounding error inside the range, and the end of the range outside.
    """
    largest = tf.stop_gradient(_largest(weights, by_output))
    step = tf.maximum(tf.minimum(tf.exp(log_step), largest / levels), _TINY)
    scaled = tf.clip_by_value(weights / step, -levels, levels)
    return (scaled + tf.stop_gradient(tf.round(scaled) - scaled)) * step


def _fitted(weights: tf.Tensor, levels: int, by_output: bool) -> tf.Tensor:
    """The logarithm of the step with the least square error, of some that clip and one that does not."""
    widest = tf.math.log(tf.maximum(_largest(weights, by_output) / levels, _TINY))
    tried = [widest + tf.math.log(1 - 0.75 * number / _CLIPPED) for number in range(_CLIPPED)]
    axis = 0 if by_output else None
    errors = [
        tf.reduce_sum((_rounded(weights, log_step, levels, by_output) - weights) ** 2, axis, keepdims=True)
        for log_step in tried
    ]
    best = tf.one_hot(tf.argmin(errors, axis=0), _CLIPPED, axis=0)
    return tf.reduce_sum(best * tried, axis=0)


def _largest(weights: tf.Tensor, by_output: bool) -> tf.Tensor:
    return tf.reduce_max(tf.abs(weights), axis=0 if by_output else None, keepdims=True)
