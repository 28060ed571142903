"""The body of a pQRNN as ONNX ops, for a text as long as it is: the same numbers as `pqrnn.py`.

In ONNX Runtime a small op costs more than its arithmetic, so both directions of a layer go through the
recurrence together: the backward one reads the text from its end. Without padding there is
nothing to mask, but for the one row of a text without tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.onnx_ops import dense
from edgekd.export.weights import Direction, PQRNNWeights

_BEFORE_THE_FIRST = np.iinfo(np.int64).min


def onnx_pqrnn_body(graph: OnnxBuilder, weights: PQRNNWeights, features: str, max_tokens: int) -> str:
    """Add the body; the name of its states (tokens, state_width)."""
    x = graph("Relu", dense(graph, features, weights.bottleneck))
    for layer in weights.layers:
        x = _bidirectional(graph, x, layer, max_tokens)
    return x


def _bidirectional(graph: OnnxBuilder, x: str, layer: Sequence[Direction], max_tokens: int) -> str:
    """A QRNN layer. Its inside is (tokens, 2, units), the backward direction from the last token on."""
    units = layer[0].units
    gates = [dense(graph, _window(graph, x, direction), direction.gates) for direction in layer]
    gates = graph("Reshape", graph("Concat", *gates, axis=1), np.array([0, 2, 3 * units]))
    z, i, o = graph.several("Split", 3, gates, axis=2, num_outputs=3)
    i = graph("Sigmoid", i)
    if layer[0].writes != 1:
        i = graph("Mul", i, np.float32(layer[0].writes))
    states = _scan(graph, graph("Sub", np.float32(1), i), graph("Mul", i, graph("Tanh", z)), max_tokens)
    outputs = graph("Reshape", graph("Mul", graph("Sigmoid", o), states), np.array([0, 2 * units]))
    forward, backward = graph.several("Split", 2, outputs, axis=1, num_outputs=2)
    return graph("Concat", forward, _reversed(graph, backward), axis=1)


def _window(graph: OnnxBuilder, x: str, direction: Direction) -> str:
    """Each token, in reading direction, with those read before it, in the order of the text."""
    if direction.backward:
        x = _reversed(graph, x)
    window = [_earlier(graph, x, distance, 2) for distance in range(direction.reach, 0, -1)] + [x]
    return graph("Concat", *(window[::-1] if direction.backward else window), axis=1)


def _scan(graph: OnnxBuilder, keep: str, update: str, max_tokens: int) -> str:
    """As `export.pqrnn._scan`. Steps wider than the text change nothing."""
    width = 1
    while width < max_tokens:
        update = graph("Add", update, graph("Mul", keep, _earlier(graph, update, width, 3)))
        if 2 * width < max_tokens:
            keep = graph("Mul", keep, _earlier(graph, keep, width, 3))
        width *= 2
    return update


def _earlier(graph: OnnxBuilder, values: str, distance: int, rank: int) -> str:
    """The values so many tokens before, zero where there are none: padded in front, cut at the end."""
    pads = np.zeros((2, rank), np.int64)
    pads[:, 0] = distance, -distance
    return graph("Pad", values, pads.reshape(-1))


def _reversed(graph: OnnxBuilder, values: str) -> str:
    last, stop, first_axis, back = (np.array([number]) for number in (-1, _BEFORE_THE_FIRST, 0, -1))
    return graph("Slice", values, last, stop, first_axis, back)
