"""A student as an ONNX file of default ops, for texts of any length up to the student's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from edgekd.errors import ExportError
from edgekd.export.calibration import samples
from edgekd.export.embedding import Embedding, embedding_of
from edgekd.export.graph import INPUT, TOKEN_COUNT, TOKEN_SPANS
from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.onnx_front_end import onnx_front_end
from edgekd.export.onnx_network import onnx_network
from edgekd.export.onnx_word_pieces import onnx_word_pieces
from edgekd.export.weights import weights_of
from edgekd.quantize.post_training import quantize_onnx
from edgekd.quantize.schemes import Scheme
from edgekd.students.student import Student

OPSET = 18  # the first with BitwiseAnd, BitwiseXor and Split into equal parts


def to_onnx(student: Student, scheme: Scheme, calibration: Sequence[str] = ()) -> onnx.ModelProto:
    """Write the graph, or raise ExportError with the reason of ONNX's checker or quantizer.

    For the arguments see `tflite.to_tflite`.
    """
    inputs = samples(calibration, student.front_end.max_chars, padded=False)
    try:
        return quantize_onnx(_graph_of(student, scheme), scheme, inputs)
    except Exception as error:  # neither has exceptions of its own
        raise ExportError(f"the student cannot be written as ONNX: {error}") from error


def _graph_of(student: Student, scheme: Scheme) -> onnx.ModelProto:
    """The whole way of one text: what `graph.serving_function` is in TensorFlow."""
    graph = OnnxBuilder()
    if embedding := embedding_of(student, scheme):
        front = onnx_word_pieces(graph, INPUT, student.front_end)
        features = _vectors(graph, front.numbers, embedding)
    else:
        front = onnx_front_end(graph, INPUT, student.front_end)
        features = front.features
    weights, longest = weights_of(student), student.front_end.max_tokens
    logits = onnx_network(graph, weights, features, front.on_tokens, longest)
    shapes: dict[str, tuple[int, list[int | str]]] = {}
    if "label_logits" in logits:
        shapes["label_logits"] = TensorProto.FLOAT, [1, len(student.labels.labels)]
    if "tag_logits" in logits:
        logits["tag_logits"] = graph("Unsqueeze", logits["tag_logits"], np.array([0]))
        shapes["tag_logits"] = TensorProto.FLOAT, [1, "tokens", len(student.labels.tags)]
    shapes |= {TOKEN_SPANS: (TensorProto.INT32, [1, "tokens", 2]), TOKEN_COUNT: (TensorProto.INT32, [1])}
    values = {**logits, TOKEN_SPANS: front.spans, TOKEN_COUNT: front.count}
    for name, value in values.items():
        graph.rename(value, name)
    return graph.model(
        [helper.make_tensor_value_info(INPUT, TensorProto.INT32, [1, "chars"])],
        [helper.make_tensor_value_info(name, *shapes[name]) for name in values],
        OPSET,
    )


def _vectors(graph: OnnxBuilder, numbers: str, embedding: Embedding) -> str:
    """Float32 (tokens, width)."""
    rows = graph("Gather", embedding.values, numbers)
    if embedding.values.dtype != np.float32:
        rows = graph("Cast", rows, to=TensorProto.FLOAT)
    if embedding.scales is None:
        return rows
    return graph("Mul", rows, graph("Gather", embedding.scales, numbers))
