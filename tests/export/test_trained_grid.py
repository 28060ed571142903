"""What quantization-aware training trained is what the files hold: the same integers and steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edgekd.quantize.schemes import SCHEMES
from edgekd.recipe import PRESETS
from edgekd.runtime.manifest import Signature

if TYPE_CHECKING:
    from edgekd.students.student import Student

SMALL = PRESETS["pqrnn-0.2m"].model_copy(update={"max_tokens": 20, "max_chars": 96})
LEVELS = {"int8": 127, "int4": 7}

Rows = dict[tuple[int, ...], float]
"""Steps by the integers of an output."""


@pytest.fixture(params=LEVELS)
def bits(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def trained(bits: str, make_student: Callable[..., Student]) -> tuple[Student, list[np.ndarray]]:
    """A student of 0.2 M parameters on the grid of training, and its matrices there as they are exported."""
    from edgekd.quantize.aware import LearntGrid

    student = make_student(SMALL)
    network = student.network
    grid = LearntGrid(network, bits)
    grid.fit(network)
    rng = np.random.default_rng(6)
    for log_step in grid.log_steps:
        log_step.assign(log_step.numpy() + rng.normal(0, 0.2, log_step.shape))
    on_grid = grid.quantized(network)
    for kernel, values in on_grid:
        kernel.assign(values)
    norm = network.get_layer("bottleneck_norm")
    fold = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    bottleneck = network.get_layer("bottleneck").kernel
    return student, [kernel.numpy() * (fold if kernel is bottleneck else 1) for kernel, _ in on_grid]


def trained_rows(weights: np.ndarray, bits: str) -> Rows:
    largest = np.abs(weights).max(axis=0 if bits == "int4" else None, keepdims=True)
    steps = np.broadcast_to(largest / LEVELS[bits], (1, weights.shape[1]))
    integers = np.rint(weights / steps).astype(int).T
    return dict(zip(map(tuple, integers.tolist()), steps[0].tolist(), strict=True))


def tflite_rows(content: bytes, bits: str) -> Iterator[tuple[tuple[int, ...], float]]:
    from ai_edge_litert import schema_py_generated as schema

    from edgekd.export.flatbuffer import builtin_code, parse

    model = parse(content)
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            if builtin_code(model, operator) != schema.BuiltinOperator.FULLY_CONNECTED:
                continue
            tensor = subgraph.tensors[operator.inputs[1]]
            if tensor.type == schema.TensorType.FLOAT32:
                continue
            integers = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.int8)
            if bits == "int4":  # two in a byte, the lower half first
                integers = np.stack([integers << 4 >> 4, integers >> 4], axis=-1).ravel()
                integers = integers[: np.prod(tensor.shape)]
            integers = integers.reshape(tensor.shape)
            steps = np.broadcast_to(tensor.quantization.scale, len(integers))
            yield from zip(map(tuple, integers.tolist()), steps.tolist(), strict=True)


def test_tflite_holds_the_trained_integers(trained: tuple[Student, list[np.ndarray]], bits: str) -> None:
    from edgekd.export.tflite import to_tflite

    student, matrices = trained
    content = to_tflite(student, SCHEMES[bits], [Signature("tokens_12", 72, 12)])
    found = dict(tflite_rows(content, bits))
    for weights in matrices:
        if bits == "int8" and weights.size < 1024:
            continue  # the converter leaves these in float
        for integers, step in trained_rows(weights, bits).items():
            assert found[integers] == pytest.approx(step, rel=1e-5)


@pytest.mark.parametrize("bits", ["int4"], indirect=True)
def test_onnx_holds_the_trained_integers(trained: tuple[Student, list[np.ndarray]], bits: str) -> None:
    from onnx import numpy_helper

    from edgekd.export.onnx import to_onnx

    student, matrices = trained
    model = to_onnx(student, SCHEMES[bits])
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    found: Rows = {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            integers, steps = (constants[name] for name in node.input)
            found |= dict(zip(map(tuple, integers.astype(int).T.tolist()), steps.tolist(), strict=True))
    for weights in matrices:
        for integers, step in trained_rows(weights, bits).items():
            assert found[integers] == pytest.approx(step, rel=1e-5)
