"""Which layer of the student learns from which layer of the teacher.

Layers count from 1, as in the hidden states of transformers, where 0 is the embeddings. With N layers in the
teacher and M in the student:

    skip   student i <- teacher i * N / M, rounded down: evenly spaced (Jiao et al., 2020, "TinyBERT")
    last   student i <- teacher N - M + i
    emd    every student layer <- every teacher layer, by the cheapest transport of equal shares
           (Li et al., 2020, "BERT-EMD"; without its cost attention, which moves the shares)

Of no layer of the student, every map is that of the embeddings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import tensorflow as tf

from edgekd.errors import UsageError

Name = Literal["skip", "last", "emd"]

# For up to 8 x 24 layers the flow then costs half a percent more than the cheapest at most.
_BLUR, _COOLING, _ROUNDS = 0.01, 0.9, 300


@dataclass(frozen=True)
class LayerMap:
    """A map by name; UsageError if it does not fit the numbers of layers."""

    name: Name
    student_layers: int
    teacher_layers: int

    def __post_init__(self) -> None:
        if self.name not in get_args(Name):
            raise UsageError(
                f"there is no layer map {self.name!r}", expected=f"one of {', '.join(get_args(Name))}"
            )
        if self.student_layers < 0 or self.teacher_layers < 1:
            raise UsageError(
                f"a layer map from {self.teacher_layers} layers to {self.student_layers}",
                expected="at least one layer in the teacher, and in the student none for the embeddings",
            )
        if self.name != "emd" and self.student_layers > self.teacher_layers:
            raise UsageError(
                f"the layer map {self.name} gives each of {self.student_layers} student layers its own, "
                f"and the teacher has {self.teacher_layers}",
                expected=f"at most {self.teacher_layers} student layers",
                fix="map fewer layers, use the layer map emd, or a teacher with more layers",
            )

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(student layer, teacher layer) of each comparison, from 1."""
        if not self.student_layers:
            return [(0, 0)]
        layers = range(1, self.student_layers + 1)
        if self.name == "emd":
            return [(i, j) for i in layers for j in range(1, self.teacher_layers + 1)]
        if self.name == "last":
            return [(i, self.teacher_layers - self.student_layers + i) for i in layers]
        return [(i, i * self.teacher_layers // self.student_layers) for i in layers]

    def mean(self, loss: Callable[[int, int], tf.Tensor]) -> tf.Tensor:
        """The mean of a loss over the map, (batch,), so that its weight means the same whatever the map.

        Args:
            loss: of a student layer and a teacher layer, by number, (batch,).
        """
        losses = tf.stack([loss(i, j) for i, j in self.pairs])
        if self.name != "emd" or not self.student_layers:
            return tf.reduce_mean(losses, axis=0)
        costs = tf.reshape(tf.reduce_mean(losses, axis=1), (self.student_layers, self.teacher_layers))
        flow = tf.stop_gradient(cheapest_flow(costs))
        return tf.linalg.matvec(losses, tf.reshape(flow, [-1]), transpose_a=True)


def cheapest_flow(costs: tf.Tensor) -> tf.Tensor:
    """How to move equal shares of the teacher's layers to equal shares of the student's at the least cost.

    Nearly so, by Sinkhorn iterations in logarithms (Cuturi, 2013, "Sinkhorn Distances"), since they run
    inside a compiled training step. The blur starts at the size of the costs and is cooled, which takes fewer
    rounds.

    Args:
        costs: (student layers, teacher layers), 0 or more.

    Returns:
        (student layers, teacher layers), its sum 1, its row sums 1 / rows and its column sums 1 / columns.
    """
    rows, columns = costs.shape
    excess = costs - tf.reduce_min(costs)
    excess = tf.math.divide_no_nan(excess, tf.reduce_mean(excess))

    def improved(number: tf.Tensor, by_row: tf.Tensor, by_column: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """One more round of the prices (dual variables) that bring row sums, then column sums, right."""
        blur = tf.maximum(tf.pow(tf.cast(_COOLING, costs.dtype), tf.cast(number, costs.dtype)), _BLUR)
        sums = tf.reduce_logsumexp((by_column - excess) / blur, axis=1, keepdims=True)
        by_row = -blur * (math.log(rows) + sums)
        sums = tf.reduce_logsumexp((by_row - excess) / blur, axis=0, keepdims=True)
        by_column = -blur * (math.log(columns) + sums)
        return number + 1, by_row, by_column

    start = (tf.constant(0), tf.zeros((rows, 1), costs.dtype), tf.zeros((1, columns), costs.dtype))
    _, by_row, by_column = tf.while_loop(lambda number, *_: number < _ROUNDS, improved, start)
    return tf.exp((by_row + by_column - excess) / _BLUR)
