"""Quantizing a trained student, without data and without training."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import tensorflow as tf

from edgekd.quantize.schemes import Scheme


def configure_tflite(converter: tf.lite.TFLiteConverter, scheme: Scheme) -> None:
    """Make the converter store weights as the scheme says.

    One scale a matrix, not one a row: FULLY_CONNECTED with a scale a row is of a version that tflite-runtime
    2.14 rejects, and neither time nor accuracy gain from it at this size.
    """
    if scheme.weight_bits == 8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def quantize_onnx(model: onnx.ModelProto, scheme: Scheme) -> onnx.ModelProto:
    """The same graph with weights as the scheme says. What it adds are ops of the default domain."""
    if scheme.weight_bits == 32:
        return model
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_dynamic(
            model, path, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, per_channel=True
        )
        return onnx.load(path)
