"""The weights of a student as the exported graphs use them."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from edgekd.students.qrnn import QRNN
from edgekd.students.student import Student


@dataclass(frozen=True)
class Dense:
    """A product with a matrix: `kernel` (inputs, outputs) and `bias` (outputs,)."""

    kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Direction:
    """One direction of a QRNN layer.

    Attributes:
        gates: from the window of a token, in the order of the text, to z, i and o.
        reach: tokens of the window besides the token itself.
        writes: what zoneout leaves of the input gate.
        backward: from the last token to the first.
    """

    gates: Dense
    reach: int
    writes: float
    backward: bool

    @property
    def units(self) -> int:
        return self.gates.bias.size // 3


@dataclass(frozen=True)
class NetworkWeights:
    """All of a student's network; the heads that it lacks are None.

    Attributes:
        bottleneck: with the batch normalisation folded in.
        layers: the directions of each recurrent layer, forward and backward.
        attention: (2 * units, 1), the score of a token in the pooling; its bias changes no softmax.
        label_head: from the pooled state of the text.
        tags_of_token, tags_of_text: the two parts of the tags' logits, from a token's state and the text's.
    """

    bottleneck: Dense
    layers: tuple[tuple[Direction, Direction], ...]
    attention: np.ndarray
    label_head: Dense | None
    tags_of_token: Dense | None
    tags_of_text: Dense | None


def weights_of(student: Student) -> NetworkWeights:
    """Read the weights of a trained network."""
    model = student.network
    tag_head = model.get_layer("tag_head") if student.labels.slots else None
    return NetworkWeights(
        bottleneck=_folded(model.get_layer("bottleneck"), model.get_layer("bottleneck_norm")),
        layers=tuple(
            (_direction(layer, backward=False), _direction(layer, backward=True))
            for layer in (model.get_layer(f"qrnn_{depth + 1}") for depth in range(student.config.layers))
        ),
        attention=model.get_layer("pooling").score.kernel.numpy(),
        label_head=_dense(model.get_layer("label_head")) if student.labels.labels else None,
        tags_of_token=_dense(tag_head.of_token) if tag_head else None,
        tags_of_text=_dense(tag_head.of_text) if tag_head else None,
    )


def _direction(layer: QRNN, *, backward: bool) -> Direction:
    gates = layer.backward_gates if backward else layer.forward_gates
    dense = Dense(gates.kernel.numpy(), layer.bias.numpy()[int(backward)])
    return Direction(dense, layer.kernel - 1, 1 - layer.zoneout, backward)


def _dense(layer: keras.layers.Dense) -> Dense:
    kernel = layer.kernel.numpy()
    return Dense(kernel, layer.bias.numpy() if layer.use_bias else np.zeros(kernel.shape[1], kernel.dtype))


def _folded(dense: keras.layers.Dense, norm: keras.layers.BatchNormalization) -> Dense:
    """A dense layer without bias and the batch normalisation after it, as one."""
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    return Dense(dense.kernel.numpy() * scale, norm.beta.numpy() - norm.moving_mean.numpy() * scale)
