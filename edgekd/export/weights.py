"""The weights of a student as the exported graphs use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from edgekd.recipe import PQRNN, Shape, Transformer
from edgekd.students.qrnn import QRNN
from edgekd.students.student import Student
from edgekd.students.transformer import EncoderLayer, rotation


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
class PQRNNWeights:
    """The body of a pQRNN.

    Attributes:
        bottleneck: with the batch normalisation folded in.
        layers: the directions of each recurrent layer, forward and backward.
    """

    bottleneck: Dense
    layers: tuple[tuple[Direction, Direction], ...]


@dataclass(frozen=True)
class Norm:
    """A layer normalisation: `scale` and `offset` (width,)."""

    scale: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class Encoder:
    """A layer of a transformer.

    Attributes:
        qkv: to queries (with the scale of the scores), keys and values, of all heads side by side.
        attended, wide, narrow: the dense layers behind.
        attended_norm, fed_norm: of the sums.
        heads: of the attention.
    """

    qkv: Dense
    attended: Dense
    attended_norm: Norm
    wide: Dense
    narrow: Dense
    fed_norm: Norm
    heads: int


@dataclass(frozen=True)
class TransformerWeights:
    """The body of a transformer.

    Attributes:
        bottleneck: from the features to the width.
        positions: (rows, width), what is added to each token by its place.
        rotation: cosine and sine, (rows, width of a head), by which queries and keys turn.
    """

    bottleneck: Dense
    positions: np.ndarray | None
    rotation: tuple[np.ndarray, np.ndarray] | None
    norm: Norm
    layers: tuple[Encoder, ...]


@dataclass(frozen=True)
class NetworkWeights:
    """All of a student's network; the heads that it lacks are None.

    Attributes:
        body: up to the states of the tokens.
        attention: (state_width, 1), the score of a token in the pooling; its bias changes no softmax.
        label_head: from the pooled state of the text.
        tags_of_token, tags_of_text: the two parts of the tags' logits, from a token's state and the text's.
    """

    body: PQRNNWeights | TransformerWeights
    attention: np.ndarray
    label_head: Dense | None
    tags_of_token: Dense | None
    tags_of_text: Dense | None


def weights_of(student: Student) -> NetworkWeights:
    """Read the weights of a trained network."""
    model = student.network
    tag_head = model.get_layer("tag_head") if student.labels.slots else None
    return NetworkWeights(
        body=_BODIES[type(student.config)](model, student.config),
        attention=model.get_layer("pooling").score.kernel.numpy(),
        label_head=_dense(model.get_layer("label_head")) if student.labels.labels else None,
        tags_of_token=_dense(tag_head.of_token) if tag_head else None,
        tags_of_text=_dense(tag_head.of_text) if tag_head else None,
    )


def _pqrnn(model: keras.Model, config: PQRNN) -> PQRNNWeights:
    layers = [model.get_layer(f"qrnn_{depth + 1}") for depth in range(config.layers)]
    return PQRNNWeights(
        bottleneck=_folded(model.get_layer("bottleneck"), model.get_layer("bottleneck_norm")),
        layers=tuple((_direction(one, backward=False), _direction(one, backward=True)) for one in layers),
    )


def _direction(layer: QRNN, *, backward: bool) -> Direction:
    gates = layer.backward_gates if backward else layer.forward_gates
    dense = Dense(gates.kernel.numpy(), layer.bias.numpy()[int(backward)])
    return Direction(dense, layer.kernel - 1, 1 - layer.zoneout, backward)


def _folded(dense: keras.layers.Dense, norm: keras.layers.BatchNormalization) -> Dense:
    """A dense layer without bias and the batch normalisation after it, as one."""
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    return Dense(dense.kernel.numpy() * scale, norm.beta.numpy() - norm.moving_mean.numpy() * scale)


def _transformer(model: keras.Model, config: Transformer) -> TransformerWeights:
    learned = config.positions == "learned"
    angles = None if learned else rotation(config.max_tokens, config.width // config.heads)
    return TransformerWeights(
        bottleneck=_dense(model.get_layer("bottleneck")),
        positions=model.get_layer("positions").table.numpy() if learned else None,
        rotation=angles and (angles[0].numpy(), angles[1].numpy()),
        norm=_norm(model.get_layer("input_norm")),
        layers=tuple(_encoder(model.get_layer(f"encoder_{depth + 1}")) for depth in range(config.layers)),
    )


def _encoder(layer: EncoderLayer) -> Encoder:
    qkv = _dense(layer.qkv)
    width = qkv.bias.size // 3
    scale = np.ones(3 * width, np.float32)
    scale[:width] = (width // layer.heads) ** -0.5
    return Encoder(
        qkv=Dense(qkv.kernel * scale, qkv.bias * scale),
        attended=_dense(layer.attended),
        attended_norm=_norm(layer.attended_norm),
        wide=_dense(layer.wide),
        narrow=_dense(layer.narrow),
        fed_norm=_norm(layer.fed_norm),
        heads=layer.heads,
    )


def _dense(layer: keras.layers.Dense) -> Dense:
    kernel = layer.kernel.numpy()
    return Dense(kernel, layer.bias.numpy() if layer.use_bias else np.zeros(kernel.shape[1], kernel.dtype))


def _norm(layer: keras.layers.LayerNormalization) -> Norm:
    return Norm(layer.gamma.numpy(), layer.beta.numpy())


_BODIES: Mapping[type[Shape], Callable[..., PQRNNWeights | TransformerWeights]] = {
    PQRNN: _pqrnn,
    Transformer: _transformer,
}
