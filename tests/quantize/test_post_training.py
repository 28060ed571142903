"""Quantized products stay near the float ones, at a quarter of the bytes."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.quantize.schemes import SCHEMES

tf = pytest.importorskip("tensorflow")
WEIGHTS = np.random.default_rng(1).normal(size=(128, 64)).astype(np.float32)
INPUT = np.random.default_rng(2).normal(size=(4, 128)).astype(np.float32)


def product(x: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"y": tf.matmul(x, WEIGHTS)}


@pytest.fixture
def function() -> tf.types.experimental.PolymorphicFunction:
    return tf.function(product, input_signature=[tf.TensorSpec((4, 128), name="x")], autograph=False)


def _close(values: np.ndarray, scheme: str) -> None:
    expected = INPUT @ WEIGHTS
    error = np.abs(values - expected).max() / np.abs(expected).max()
    assert error < (1e-6 if scheme == "float32" else 0.02)
    assert (error > 1e-4) == (scheme == "int8")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tflite(scheme: str, function: tf.types.experimental.PolymorphicFunction) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from edgekd.quantize.post_training import configure_tflite

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    configure_tflite(converter, SCHEMES[scheme])
    content = converter.convert()
    _close(Interpreter(model_content=content).get_signature_runner()(x=INPUT)["y"], scheme)
    assert len(content) < WEIGHTS.size * SCHEMES[scheme].weight_bits / 8 + 4000


@pytest.mark.parametrize("scheme", SCHEMES)
def test_onnx(scheme: str, function: tf.types.experimental.PolymorphicFunction) -> None:
    import onnxruntime

    from edgekd.export.onnx import convert
    from edgekd.quantize.post_training import quantize_onnx

    content = quantize_onnx(convert(function), SCHEMES[scheme]).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _close(session.run(["y"], {"x": INPUT})[0], scheme)
    assert len(content) < WEIGHTS.size * SCHEMES[scheme].weight_bits / 8 + 4000
