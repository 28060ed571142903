"""The student's network as ONNX ops, for a text as long as it is: the same numbers as `network.py`."""

from __future__ import annotations

import numpy as np

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.onnx_ops import dense
from edgekd.export.onnx_pqrnn import onnx_pqrnn_body
from edgekd.export.onnx_transformer import onnx_transformer_body
from edgekd.export.weights import NetworkWeights, PQRNNWeights


def onnx_network(
    graph: OnnxBuilder, weights: NetworkWeights, features: str, on_tokens: str, max_tokens: int
) -> dict[str, str]:
    """Add the network to a graph.

    Args:
        graph: gets the nodes.
        weights: of the student.
        features: float32 (tokens, features).
        on_tokens: float32 (tokens, 1), 0 for the only row of a text without tokens, else 1.
        max_tokens: the largest number of tokens.

    Returns:
        Names of `label_logits` (1, labels) and `tag_logits` (tokens, tags), as the student has them.
    """
    if isinstance(weights.body, PQRNNWeights):
        x = onnx_pqrnn_body(graph, weights.body, features, max_tokens)
    else:
        x = onnx_transformer_body(graph, weights.body, features)
    x = graph("Mul", x, on_tokens)
    scores = graph("Reshape", graph("MatMul", x, weights.attention), np.array([1, -1]))
    pooled = graph("MatMul", graph("Softmax", scores, axis=1), x)
    logits = {}
    if weights.label_head:
        logits["label_logits"] = dense(graph, pooled, weights.label_head)
    if weights.tags_of_token and weights.tags_of_text:
        of_text = dense(graph, pooled, weights.tags_of_text)
        logits["tag_logits"] = graph("Add", dense(graph, x, weights.tags_of_token), of_text)
    return logits
