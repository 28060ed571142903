"""Quantizing a trained student, without training."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import tensorflow as tf
from onnx import helper, numpy_helper

from edgekd.quantize.schemes import Scheme
from edgekd.quantize.static import Sample, static_onnx, static_tflite

_SMALLEST_HALVED = 1024  # numbers; a Cast costs more than it saves below
_INT4_BLOCK, _INT4_OPSET = 32, 21
_INT4_IR = 10  # the first IR version with int4 tensors
_INT4_LEVELS = 7
_ON_GRID = 1e-5  # of the largest weight: what float32 does to a weight on its way


def configure_tflite(converter: tf.lite.TFLiteConverter, scheme: Scheme) -> None:
    """Make the converter store weights as the scheme says, if it can: `quantize_tflite` does the rest.

    One scale a matrix, not one a row: FULLY_CONNECTED with a scale a row is of a version that tflite-runtime
    2.14 rejects, and neither time nor accuracy gain from it at 8 bits and this size.
    """
    if scheme.weight_bits == 8 and not scheme.calibrated:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def quantize_tflite(content: bytes, scheme: Scheme, samples: Mapping[str, Sequence[Sample]]) -> bytes:
    """What the converter gave, with weights that it cannot make: 4 bits, with one scale a row, and float16.

    The converter's own float16 takes the scales of the front end as well, whose features then differ.

    Args:
        content: the file, in float or as `configure_tflite` had it made.
        scheme: of the weights.
        samples: inputs by signature, for a scheme that is calibrated.
    """
    if scheme.calibrated:
        return static_tflite(content, samples)
    if scheme.weight_bits not in (4, 16):
        return content
    from ai_edge_quantizer import qtyping, quantizer

    halved = scheme.weight_bits == 16
    weights = qtyping.TensorQuantizationConfig(
        num_bits=scheme.weight_bits,
        dtype=qtyping.TensorDataType.FLOAT if halved else qtyping.TensorDataType.INT,
        granularity=qtyping.QuantGranularity.CHANNELWISE,
    )
    quantizing = quantizer.Quantizer(content)
    quantizing.update_quantization_recipe(
        regex=".*",
        operation_name=qtyping.TFLOperationName.FULLY_CONNECTED,
        op_config=qtyping.OpQuantizationConfig(
            weight_tensor_config=weights,
            compute_precision=qtyping.ComputePrecision.FLOAT if halved else qtyping.ComputePrecision.INTEGER,
            explicit_dequantize=halved,
        ),
        algorithm_key="float_casting" if halved else "min_max_uniform_quantize",
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return bytes(quantizing.quantize().quantized_model)


def quantize_onnx(model: onnx.ModelProto, scheme: Scheme, samples: Sequence[Sample]) -> onnx.ModelProto:
    """The same graph with weights as the scheme says. What it adds are ops of the default domain.

    Args:
        model: the graph in float.
        scheme: of the weights.
        samples: inputs, for a scheme that is calibrated.
    """
    if scheme.calibrated:
        return static_onnx(model, samples)
    return {32: lambda model: model, 16: _halved, 8: _int8, 4: _int4}[scheme.weight_bits](model)


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large constants as float16, each cast to float32 where the runtime loads it."""
    casts = []
    for constant in model.graph.initializer:
        if constant.data_type == onnx.TensorProto.FLOAT and np.prod(constant.dims) > _SMALLEST_HALVED:
            name, values = constant.name, numpy_helper.to_array(constant)
            constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_float16"))
            casts.append(helper.make_node("Cast", [constant.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _int8(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_dynamic(
            model, path, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, per_channel=True
        )
        return onnx.load(path)


def _int4(model: onnx.ModelProto) -> onnx.ModelProto:
    """Matrices behind DequantizeLinear, a scale for 32 numbers, or for a column where that loses nothing."""
    from onnxruntime.quantization import QuantFormat
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = _INT4_OPSET
    model.ir_version = _INT4_IR
    _keep_trained_grids(model.graph)
    quantizer = MatMulNBitsQuantizer(
        model, block_size=_INT4_BLOCK, is_symmetric=True, quant_format=QuantFormat.QDQ
    )
    quantizer.process()
    return quantizer.model.model


def _keep_trained_grids(graph: onnx.GraphProto) -> None:
    """Put matrices in 4-bit integers that are on a grid of one step a column already.

    Quantization-aware training leaves them there. Blocks of their own would find other steps.
    """
    used = {node.input[1] for node in graph.node if node.op_type == "MatMul"}
    kept = []
    for constant in [one for one in graph.initializer if one.name in used]:
        name, weights = constant.name, numpy_helper.to_array(constant)
        steps = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / _INT4_LEVELS
        integers = np.rint(weights / steps)
        if np.abs(integers * steps - weights).max() > _ON_GRID * np.abs(weights).max():
            continue
        constant.CopyFrom(numpy_helper.from_array(integers.astype(ml_dtypes.int4), f"{name}_int4"))
        graph.initializer.append(numpy_helper.from_array(steps.astype(np.float32), f"{name}_steps"))
        kept.append(helper.make_node("DequantizeLinear", [constant.name, f"{name}_steps"], [name], axis=1))
    for node in reversed(kept):
        graph.node.insert(0, node)
