"""What the exported bodies and heads share, in ONNX."""

from __future__ import annotations

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.weights import Dense


def dense(graph: OnnxBuilder, x: str, weights: Dense) -> str:
    """(rows, inputs) to (rows, outputs); a bias of zeros is left out."""
    product = graph("MatMul", x, weights.kernel)
    return graph("Add", product, weights.bias) if weights.bias.any() else product
