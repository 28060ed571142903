"""Full int8: products of integers with integers, their ranges measured on texts beforehand.

Only the dense layers. The front end must stay exact; and gates, recurrence and pooling stay in float: 8 bits
there cost a point of exact match and save no time (docs/architecture.md). The audit counts them.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx

Sample = dict[str, np.ndarray]
"""The inputs of one call, by name."""


def static_tflite(content: bytes, samples: Mapping[str, Sequence[Sample]]) -> bytes:
    """A float TFLite file with dense layers in int8: one scale a matrix, one and a zero point an activation.

    Args:
        content: the file, with the names of its tensors.
        samples: by signature, at least one each.
    """
    from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    recipe = recipe_manager.RecipeManager()
    recipe.add_quantization_config(
        regex=".*",
        operation_name=qtyping.TFLOperationName.FULLY_CONNECTED,
        op_config=qtyping.OpQuantizationConfig(
            activation_tensor_config=qtyping.TensorQuantizationConfig(num_bits=8, symmetric=False),
            weight_tensor_config=qtyping.TensorQuantizationConfig(
                num_bits=8, granularity=qtyping.QuantGranularity.TENSORWISE
            ),
            compute_precision=qtyping.ComputePrecision.INTEGER,
        ),
        algorithm_key="min_max_uniform_quantize",
    )
    quantizing = quantizer.Quantizer(content, recipe.get_quantization_recipe())
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        # By default the quantizer takes the moving average of the ranges, and clips what lies outside.
        calibrating = calibrator.Calibrator(content, num_threads=1, qsv_update_func=qsv_utils.min_max_update)
        calibrating.calibrate(samples, recipe)
        return bytes(quantizing.quantize(calibrating.get_model_qsvs()).quantized_model)


def static_onnx(model: onnx.ModelProto, samples: Sequence[Sample]) -> onnx.ModelProto:
    """A float ONNX graph with the products by constant matrices in int8, as QuantizeLinear, DequantizeLinear.

    Args:
        model: the graph.
        samples: at least one.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.left: Iterator[Sample] = iter(samples)

        def get_next(self) -> Sample | None:
            return next(self.left, None)

    constants = {one.name for one in model.graph.initializer}
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"  # by which those to quantize are chosen
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_static(
            model,
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=[
                node.name
                for node in model.graph.node
                if node.op_type == "MatMul" and node.input[1] in constants
            ],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(path)
