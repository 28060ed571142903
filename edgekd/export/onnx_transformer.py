"""The body of a transformer as ONNX ops, for a text as long as it is: the same numbers as `transformer.py`.

Without padding there is nothing to hide.
"""

from __future__ import annotations

import numpy as np

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.onnx_ops import dense
from edgekd.export.weights import Encoder, Norm, TransformerWeights
from edgekd.students.transformer import NORM_EPSILON


def onnx_transformer_body(graph: OnnxBuilder, weights: TransformerWeights, features: str) -> str:
    """Add the body; the name of its states (tokens, width)."""
    x = dense(graph, features, weights.bottleneck)
    tokens = graph("Shape", x, start=0, end=1)
    if weights.positions is not None:
        x = graph("Add", x, _first(graph, weights.positions, tokens))
    x = _norm(graph, x, weights.norm)
    rotation = weights.rotation and [_first(graph, table, tokens) for table in weights.rotation]
    for layer in weights.layers:
        attended = dense(graph, _attention(graph, x, layer, rotation), layer.attended)
        x = _norm(graph, graph("Add", x, attended), layer.attended_norm)
        fed = dense(graph, _gelu(graph, dense(graph, x, layer.wide)), layer.narrow)
        x = _norm(graph, graph("Add", x, fed), layer.fed_norm)
    return x


def _attention(graph: OnnxBuilder, x: str, layer: Encoder, rotation: list[str] | None) -> str:
    """All heads at once; queries and keys turn together."""
    heads, width = layer.heads, layer.attended.kernel.shape[0]
    qkv = graph("Reshape", dense(graph, x, layer.qkv), np.array([0, 3 * heads, width // heads]))
    qkv = graph("Transpose", qkv, perm=[1, 0, 2])
    turning, value = graph.several("Split", 2, qkv, np.array([2 * heads, heads]), axis=0)
    if rotation:
        left, right = graph.several("Split", 2, turning, axis=2, num_outputs=2)
        across = graph("Concat", graph("Neg", right), left, axis=2)
        cosine, sine = rotation
        turning = graph("Add", graph("Mul", turning, cosine), graph("Mul", across, sine))
    query, key = graph.several("Split", 2, turning, axis=0, num_outputs=2)
    scores = graph("MatMul", query, graph("Transpose", key, perm=[0, 2, 1]))
    attended = graph("MatMul", graph("Softmax", scores, axis=-1), value)
    return graph("Reshape", graph("Transpose", attended, perm=[1, 0, 2]), np.array([0, width]))


def _first(graph: OnnxBuilder, table: np.ndarray, rows: str) -> str:
    return graph("Slice", table, np.array([0]), rows, np.array([0]))


def _gelu(graph: OnnxBuilder, x: str) -> str:
    """x * P(N(0, 1) < x); an op of its own only from opset 20 on."""
    below = graph("Add", graph("Erf", graph("Mul", x, np.float32(0.5**0.5))), np.float32(1))
    return graph("Mul", graph("Mul", x, np.float32(0.5)), below)


def _norm(graph: OnnxBuilder, x: str, norm: Norm) -> str:
    return graph("LayerNormalization", x, norm.scale, norm.offset, epsilon=NORM_EPSILON)
