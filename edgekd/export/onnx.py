"""A student as an ONNX file of default ops, for texts of any length up to the student's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from tf2onnx.graph import Graph, Node

from edgekd.errors import ExportError
from edgekd.export.calibration import samples
from edgekd.export.graph import serving_function
from edgekd.quantize.post_training import quantize_onnx
from edgekd.quantize.schemes import Scheme
from edgekd.students.student import Student

OPSET = 18  # the first with BitwiseAnd and BitwiseXor


def to_onnx(student: Student, scheme: Scheme, calibration: Sequence[str] = ()) -> onnx.ModelProto:
    """Convert, or raise ExportError with the converter's reason; for the arguments see `tflite.to_tflite`."""
    serve, codepoints = serving_function(student)
    inputs = samples(calibration, student.front_end.max_chars, padded=False)
    try:
        return quantize_onnx(
            convert(tf.function(serve, input_signature=[codepoints], autograph=False)), scheme, inputs
        )
    except Exception as error:  # neither converter has exceptions of its own
        raise ExportError(f"the ONNX converter refuses this student: {error}") from error


def convert(function: tf.types.experimental.PolymorphicFunction) -> onnx.ModelProto:
    """The ONNX graph of a function with an input signature."""
    model, _ = tf2onnx.convert.from_function(
        function,
        input_signature=function.input_signature,
        opset=OPSET,
        custom_op_handlers={"Bitcast": (_bitcast, [])},
    )
    return model


def _bitcast(graph: Graph, node: Node, name: str, args: list) -> None:
    """TensorFlow's Bitcast, which tf2onnx does not know.

    Between int32 and uint32 ONNX's Cast wraps, which is the same. To uint8 the four bytes of each number are
    cut out, lowest first.
    """
    [value], [output] = node.input, node.output
    source, target = graph.get_dtype(value), graph.get_dtype(output)
    shape = graph.get_shape(output)
    graph.remove_node(node.name)
    if target == onnx.TensorProto.UINT8:

        def constant(hint: str, content: np.ndarray) -> str:
            return graph.make_const(tf2onnx.utils.make_name(hint), content).output[0]

        if source != onnx.TensorProto.UINT32:
            value = graph.make_node("Cast", [value], attr={"to": onnx.TensorProto.UINT32}).output[0]
        value = graph.make_node("Unsqueeze", [value, constant("last", np.array([-1], np.int64))]).output[0]
        shifts = constant("shifts", np.array([0, 8, 16, 24], np.uint32))
        value = graph.make_node("BitShift", [value, shifts], attr={"direction": "RIGHT"}).output[0]
        value = graph.make_node("BitwiseAnd", [value, constant("low", np.array(0xFF, np.uint32))]).output[0]
    graph.make_node(
        "Cast", [value], attr={"to": target}, name=name, outputs=[output], shapes=[shape], dtypes=[target]
    )
