"""Writing an ONNX graph op by op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Value = str | np.ndarray | np.generic
"""A tensor of the graph by its name, or a constant."""


class OnnxBuilder:
    """Collects nodes and constants.

    graph = OnnxBuilder()
    total = graph("Add", graph("Relu", "x"), np.float32(1))
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}

    def __call__(self, op: str, *inputs: Value, **attributes: Any) -> str:
        """Add a node with one output, and give its name."""
        return self.several(op, 1, *inputs, **attributes)[0]

    def several(self, op: str, outputs: int, *inputs: Value, **attributes: Any) -> list[str]:
        """Add a node with several outputs, and give their names."""
        number = len(self._nodes)
        names = [f"{op}_{number}"] if outputs == 1 else [f"{op}_{number}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(op, [self._name(one) for one in inputs], names, **attributes))
        return names

    def rename(self, value: str, name: str) -> None:
        """Give a value the name that it has as an output of the model."""
        for node in self._nodes:
            for names in (node.input, node.output):
                for place, one in enumerate(names):
                    if one == value:
                        names[place] = name

    def model(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto], opset: int
    ) -> onnx.ModelProto:
        """The finished model, checked."""
        graph = helper.make_graph(self._nodes, "student", inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=helper.find_min_ir_version_for(opsets),
            producer_name="edgekd",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _name(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"constant_{len(self._constants)}")
        return self._constants[key].name
