"""Networks of PyTorch as ONNX files, and what runs those."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.extras import require

FLOAT, INT8 = "model.onnx", "model.int8.onnx"


def export_encoder(network: Any, folder: Path) -> None:
    """Write a TeacherNetwork as FLOAT and INT8: int64 ids and mask (1, sub-words) in, the heads' logits out.

    The int8 file has dynamically quantized products, with a scale for each output, and int8 embeddings.

    Args:
        network: in evaluation mode, its attention eager.
    """
    import torch

    onnx = require("onnx", "export")
    names = [name for name in ("label", "tag") if getattr(network, f"{name}_head") is not None]
    # Two tensors: given one tensor for both, PyTorch would take the mask for the ids without a word.
    ids, mask = torch.arange(1, 13)[None], torch.ones((1, 12), dtype=torch.int64)
    tokens = torch.export.Dim("tokens", min=2, max=network.encoder.config.max_position_embeddings)
    torch.onnx.export(
        network,
        (ids, mask),
        folder / FLOAT,
        input_names=["ids", "mask"],
        output_names=[f"{name}_logits" for name in names],
        dynamic_shapes=({1: tokens}, {1: tokens}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    model = onnx.load(folder / FLOAT)
    # PyTorch's shapes are those before its own optimisation, and contradict the graph.
    del model.graph.value_info[:]
    quantize(model, folder / INT8)


def quantize(model: Any, path: Path) -> None:
    """Write a loaded ONNX model with int8 weights, its activations quantized as they come.

    Args:
        model: an onnx.ModelProto of float32, which may be changed.
    """
    quantization = require("onnxruntime.quantization", "export")
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        made = Path(temporary) / path.name
        quantization.quantize_dynamic(model, made, per_channel=True, weight_type=quantization.QuantType.QInt8)
        made.rename(path)


class OnnxFile:
    """An ONNX file in ONNX Runtime, with one thread."""

    def __init__(self, path: Path) -> None:
        onnxruntime = require("onnxruntime", "onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name."""
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs), strict=True))
