"""Quantized products stay near the float ones, at a quarter of the bytes."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.quantize.schemes import SCHEMES

tf = pytest.importorskip("tensorflow")
WEIGHTS = np.random.default_rng(1).normal(size=(128, 64)).astype(np.float32)
INPUT = np.random.default_rng(2).normal(size=(4, 128)).astype(np.float32)
ERRORS = {
    "float32": (0, 1e-6),
    "float16": (1e-5, 1e-3),
    "int8": (1e-4, 0.02),
    "full-int8": (1e-4, 0.02),
    "int4": (0.01, 0.15),
}
"""Least and most, as a share of the largest output: one that is too small has quantized nothing."""


def product(x: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"y": tf.matmul(x, WEIGHTS)}


@pytest.fixture
def function() -> tf.types.experimental.PolymorphicFunction:
    return tf.function(product, input_signature=[tf.TensorSpec((4, 128), name="x")], autograph=False)


def _close(values: np.ndarray, scheme: str) -> None:
    expected = INPUT @ WEIGHTS
    error = np.abs(values - expected).max() / np.abs(expected).max()
    least, most = ERRORS[scheme]
    assert least <= error < most


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tflite(scheme: str, function: tf.types.experimental.PolymorphicFunction) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from edgekd.quantize.post_training import configure_tflite, quantize_tflite

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    configure_tflite(converter, SCHEMES[scheme])
    content = quantize_tflite(converter.convert(), SCHEMES[scheme], {"serving_default": [{"x": INPUT}]})
    _close(Interpreter(model_content=content).get_signature_runner()(x=INPUT)["y"], scheme)
    assert len(content) < WEIGHTS.size * SCHEMES[scheme].weight_bits / 8 + 4000


@pytest.mark.parametrize("scheme", SCHEMES)
def test_onnx(scheme: str) -> None:
    import onnxruntime
    from onnx import TensorProto, helper

    from edgekd.export.onnx_builder import OnnxBuilder
    from edgekd.quantize.post_training import quantize_onnx

    graph = OnnxBuilder()
    graph.rename(graph("MatMul", "x", WEIGHTS), "y")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, None]) for name in "xy"]
    model = quantize_onnx(graph.model(values[:1], values[1:], opset=18), SCHEMES[scheme], [{"x": INPUT}])
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _close(session.run(["y"], {"x": INPUT})[0], scheme)
    assert len(content) < WEIGHTS.size * SCHEMES[scheme].weight_bits / 8 + 4000
