"""Every format x scheme x runtime says what the student says, is small, and holds only these ops."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import edgekd
from edgekd.errors import ParityError
from edgekd.export.golden_texts import golden_texts
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime import Bundle
from edgekd.runtime.manifest import Signature

if TYPE_CHECKING:
    from edgekd.students.student import Student

KINDS = ["pqrnn", "transformer", "word pieces"]
GRAPH_BYTES = 150_000  # of the ops and tables, whatever the weights weigh
# fmt: off
TFLITE_OPS = {
    "ADD", "ARG_MAX", "BATCH_MATMUL", "BITCAST", "BITWISE_XOR", "CAST", "CONCATENATION", "CUMSUM", "EQUAL",
    "FULLY_CONNECTED", "GATHER", "GREATER_EQUAL", "LESS_EQUAL", "LOGICAL_AND", "LOGISTIC", "MINIMUM", "MUL",
    "PAD", "REDUCE_MAX", "RESHAPE", "RIGHT_SHIFT", "SELECT", "SLICE", "SOFTMAX", "SPLIT", "SPLIT_V",
    "SUB", "SUM", "TANH",
}
ONNX_OPS = {
    "Add", "ArgMax", "BitShift", "BitwiseAnd", "BitwiseXor", "Cast", "Clip", "Concat", "CumSum", "Div",
    "Equal", "Gather", "GreaterOrEqual", "MatMul", "Min", "Mul", "Pad", "ReduceMax", "ReduceSum", "Relu",
    "Reshape", "Shape", "Sigmoid", "Slice", "Softmax", "Split", "Sub", "Tanh", "Unsqueeze", "Where",
}
# fmt: on
ATTENTION_OPS = {
    "tflite": {"GELU", "MEAN", "NEG", "RSQRT", "SQUARE", "SQUARED_DIFFERENCE", "TRANSPOSE"},
    "onnx": {"Erf", "LayerNormalization", "Neg", "Transpose"},
}
PIECE_OPS = {
    "tflite": {
        "FLOOR_DIV",
        "FLOOR_MOD",
        "GREATER",
        "LOGICAL_OR",
        "MAXIMUM",
        "NOT_EQUAL",
        "PACK",
        "SCATTER_ND",
        "SELECT_V2",
        "STRIDED_SLICE",
        "UNPACK",
    },
    "onnx": {"And", "Compress", "Expand", "Mod", "Not", "Or", "ScatterElements"},
}
OPS = {
    ("tflite", "float32"): TFLITE_OPS,
    ("tflite", "float16"): TFLITE_OPS | {"DEQUANTIZE"},
    ("tflite", "int8"): TFLITE_OPS,
    ("tflite", "full-int8"): TFLITE_OPS | {"QUANTIZE", "DEQUANTIZE"},
    ("tflite", "int4"): TFLITE_OPS,
    ("onnx", "float32"): ONNX_OPS,
    ("onnx", "float16"): ONNX_OPS,
    ("onnx", "int8"): ONNX_OPS | {"DynamicQuantizeLinear", "MatMulInteger"},
    ("onnx", "full-int8"): ONNX_OPS | {"QuantizeLinear", "DequantizeLinear"},
    ("onnx", "int4"): ONNX_OPS | {"DequantizeLinear"},
}

Outputs = list[dict[str, Any]]


def run_here(runtime: str, bundle: Path, texts: list[str], request: pytest.FixtureRequest) -> Outputs:
    loaded = Bundle.load(bundle, runtime)
    return [
        {
            "label_logits": raw.label_logits.tolist(),
            "tag_logits": raw.tag_logits.tolist(),
            "token_spans": raw.token_spans.tolist(),
        }
        for raw in map(loaded.run, texts)
    ]


def run_in_old_python(
    runtime: str, bundle: Path, texts: list[str], request: pytest.FixtureRequest
) -> Outputs:
    code = (
        "import json, sys; from edgekd.runtime import Bundle\n"
        f"loaded = Bundle.load({str(bundle)!r}, {runtime!r})\n"
        "raws = map(loaded.run, json.load(sys.stdin))\n"
        "names = ('label_logits', 'tag_logits', 'token_spans')\n"
        "print(json.dumps([{name: getattr(raw, name).tolist() for name in names} for raw in raws]))"
    )
    done = subprocess.run(
        [request.getfixturevalue("old_python"), "-c", code],
        input=json.dumps(texts),
        env={**os.environ, "PYTHONPATH": str(Path(edgekd.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("runtime", "run"),
    [("litert", run_here), ("onnxruntime", run_here), ("tflite-runtime", run_in_old_python)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_runtime_says_what_the_student_says(
    runtime: str,
    run: Callable,
    scheme: str,
    kind: str,
    small_students: dict[str, Student],
    bundle_of: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> None:
    from edgekd.export.parity import expected_outputs

    student = small_students[kind]
    front_end = student.front_end
    texts = golden_texts(front_end.max_tokens, front_end.max_chars)
    whole = Signature("", front_end.max_chars, front_end.max_tokens)
    expected = expected_outputs(student, whole, texts, SCHEMES["float32"])
    largest = max(np.abs(one.tag_logits).max(initial=0) for one in expected)
    # Random weights spread their errors over all of a transformer's sums; trained on SNIPS it differs by 0.1.
    tolerance = SCHEMES[scheme].logit_tolerance * (1.7 if kind != "pqrnn" and scheme == "int4" else 1)
    for text, found, one in zip(
        texts, run(runtime, bundle_of(scheme, kind), texts, request), expected, strict=True
    ):
        assert found["token_spans"] == one.token_spans.tolist(), text
        for name in ("label_logits", "tag_logits"):
            difference = np.abs(np.reshape(found[name], getattr(one, name).shape) - getattr(one, name))
            assert difference.max(initial=0) <= tolerance * largest, text


@pytest.mark.parametrize("student", KINDS)
@pytest.mark.parametrize(("kind", "scheme"), OPS)
def test_sizes_and_ops(
    kind: str, scheme: str, student: str, small_students: dict[str, Student], bundle_of: Callable[..., Path]
) -> None:
    content = json.loads((bundle_of(scheme, student) / "edgekd.json").read_text("utf-8"))
    file = content["files"][f"model.{kind}"]
    assert file["bytes"] <= small_students[student].parameters * SCHEMES[scheme].weight_bits / 8 + GRAPH_BYTES
    assert {op.partition(":")[0] for op in file["audit"]["ops"]} <= (
        OPS[kind, scheme]
        | (ATTENTION_OPS[kind] if student != "pqrnn" else set())
        | (PIECE_OPS[kind] if student == "word pieces" else set())
    )
    assert file["audit"]["float_share"] <= SCHEMES[scheme].float_weights
    # Quantized products are none of them; gates and recurrence are what full int8 leaves.
    in_float = file["audit"]["float_ops"]
    left = {"pqrnn": {"MUL", "TANH"}, "transformer": {"MUL", "SOFTMAX"}}.get(student, {"MUL", "SOFTMAX"})
    assert left <= {op.upper() for op in in_float}
    if kind == "tflite":
        products = sum(number for op, number in file["audit"]["ops"].items() if "FULLY_CONNECTED" in op)
        # The converter leaves out what is as small as the attention's vector or these heads.
        most = products if SCHEMES[scheme].weight_bits > 8 else products // 2
        assert in_float.get("FULLY_CONNECTED", 0) <= most
    if kind == "tflite":
        assert tuple(map(int, file["oldest_runtime"].split("."))) <= (2, 14, 0)


def test_weights_are_shared_by_the_signatures(small_student: Student) -> None:
    from edgekd.export.tflite import to_tflite

    short, long = Signature("tokens_12", 72, 12), Signature("tokens_20", 96, 20)
    one = to_tflite(small_student, SCHEMES["int8"], [long])
    two = to_tflite(small_student, SCHEMES["int8"], [short, long])
    assert len(two) - len(one) < 40_000  # the ops alone: neither weights nor the 27 KB of Unicode tables


@pytest.fixture
def float_bundle(bundle_of: Callable[[str], Path]) -> Path:
    return bundle_of("float32")


@pytest.mark.parametrize(
    ("dtype", "shape", "change", "message"),
    [
        ("int8", (256, 4), lambda table: np.roll(table, 1), "features of 'Wake me up"),
        ("int32", None, lambda values: values ^ 3, "differ from the numpy front end"),
        ("float32", (384, 112), lambda weights: weights * 1.01, "logits of 'Wake me up"),
    ],
    ids=["ternaries", "Unicode", "weights"],
)
def test_a_changed_file_is_found_out(
    dtype: str,
    shape: tuple[int, ...] | None,
    change: Callable[[np.ndarray], np.ndarray],
    message: str,
    float_bundle: Path,
    small_student: Student,
    tmp_path: Path,
) -> None:
    from edgekd.export.flatbuffer import parse, serialize
    from edgekd.export.parity import check_tflite
    from edgekd.text.unicode import tables

    shape = shape or tables().values.shape
    model = parse((float_bundle / "model.tflite").read_bytes())
    found = 0
    for buffer in {
        tensor.buffer
        for subgraph in model.subgraphs
        for tensor in subgraph.tensors
        if tensor.shape is not None and tuple(tensor.shape) in (shape, shape[::-1])
    }:
        data = model.buffers[buffer].data
        if data is not None and len(data) == np.prod(shape) * np.dtype(dtype).itemsize:
            values = np.frombuffer(bytes(data), dtype)
            model.buffers[buffer].data = np.frombuffer(change(values).astype(dtype).tobytes(), np.uint8)
            found += 1
    assert found
    path = tmp_path / "model.tflite"
    path.write_bytes(serialize(model))
    with pytest.raises(ParityError, match=message) as caught:
        check_tflite(path, small_student, SCHEMES["float32"], [Signature("tokens_20", 96, 20)])
    assert "model.tflite, signature tokens_20" in str(caught.value)


def test_a_changed_onnx_file_is_found_out(float_bundle: Path, small_student: Student, tmp_path: Path) -> None:
    import onnx

    from edgekd.export.parity import check_onnx

    model = onnx.load(float_bundle / "model.onnx")
    table = next(one for one in model.graph.initializer if tuple(one.dims) == (256, 4))
    table.CopyFrom(onnx.numpy_helper.from_array(np.roll(onnx.numpy_helper.to_array(table), 1), table.name))
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ParityError, match="features of 'Wake me up"):
        check_onnx(tmp_path / "model.onnx", small_student, SCHEMES["float32"])
