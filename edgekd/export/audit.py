"""What an exported file is made of: every op, its version and its types. Not builtin, not shipped.

For TFLite builtin means: neither a custom op nor one of TensorFlow's (Flex). For ONNX: of the default domain.
What quantizing adds there (DynamicQuantizeLinear, MatMulInteger) is of it; `com.microsoft` is not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

from edgekd.errors import AuditError
from edgekd.export.flatbuffer import builtin_name, parse
from edgekd.quantize.schemes import Scheme

_TYPE_NAMES = {code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)}
_WEIGHTS = ("float32", "float16", "int8", "int4")
_INT4_SINCE = "2.14.0"  # the oldest runtime that was tried; no converter writes one down
_SMALL = 1024  # converters leave smaller constants (biases, scales) in float


@dataclass(frozen=True)
class Audit:
    """The content of a file.

    Attributes:
        ops: how often each op stands in the file, by "NAME:version" (TFLite) or "Name" (ONNX).
        dtypes: tensors by type.
        parameters: numbers in constants of weights' types with more than a thousand values.
        float_share: of `parameters` that are float32.
        oldest_runtime: the first runtime that loads the file, as far as its ops tell; an opset for ONNX.
        float_ops: how many ops compute in float32, by name; a product with quantized weights does not.
    """

    ops: dict[str, int]
    dtypes: dict[str, int]
    parameters: int
    float_share: float
    oldest_runtime: str
    float_ops: dict[str, int]

    @property
    def op_count(self) -> int:
        return sum(self.ops.values())


@dataclass
class _Weights:
    """Sums up constants by type."""

    by_type: Counter[str] = field(default_factory=Counter)

    def add(self, dtype: str, count: int) -> None:
        if dtype in _WEIGHTS and count > _SMALL:
            self.by_type[dtype] += count

    @property
    def total(self) -> int:
        return sum(self.by_type.values())

    @property
    def float_share(self) -> float:
        return self.by_type["float32"] / self.total if self.total else 0.0


def audit_tflite(path: Path, scheme: Scheme) -> Audit:
    """List what a TFLite file holds.

    Raises:
        AuditError: it holds a custom or Flex op, or more float weights than the scheme allows.
    """
    model = parse(path.read_bytes())
    ops: Counter[str] = Counter()
    dtypes: Counter[str] = Counter()
    float_ops: Counter[str] = Counter()
    weights, foreign, counted = _Weights(), set(), set()
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if code.customCode is not None:
                foreign.add(code.customCode.decode())
                continue
            name = builtin_name(model, operator)
            ops[f"{name}:{code.version}"] += 1
            output, *_ = operator.outputs
            quantized = name == "FULLY_CONNECTED" and _type(subgraph, operator.inputs[1]) != "float32"
            if _type(subgraph, output) == "float32" and name != "DEQUANTIZE" and not quantized:
                float_ops[name] += 1
        for tensor in subgraph.tensors:
            dtype = _TYPE_NAMES[tensor.type]
            dtypes[dtype] += 1
            if model.buffers[tensor.buffer].data is not None and tensor.buffer not in counted:
                counted.add(tensor.buffer)
                weights.add(dtype, int(np.prod(tensor.shape if tensor.shape is not None else ())))
    oldest = next(
        (
            bytes(model.buffers[entry.buffer].data).rstrip(b"\0").decode()
            for entry in model.metadata
            if entry.name == b"min_runtime_version"
        ),
        "",
    )
    if "int4" in dtypes:
        oldest = _INT4_SINCE
    return _judged(path, scheme, foreign, "builtin ops of TFLite", ops, dtypes, weights, oldest, float_ops)


def _type(subgraph: schema.SubGraphT, tensor: int) -> str:
    return _TYPE_NAMES[subgraph.tensors[tensor].type]


def audit_onnx(path: Path, scheme: Scheme) -> Audit:
    """List what an ONNX file holds.

    Raises:
        AuditError: it holds an op of another domain, or more float weights than the scheme allows.
    """
    model = onnx.load(path)
    ops = Counter(node.op_type for node in model.graph.node)
    foreign = {
        f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in ("", "ai.onnx")
    }
    dtypes: Counter[str] = Counter()
    weights = _Weights()
    for constant in model.graph.initializer:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(constant.data_type).name
        dtypes[dtype] += 1
        weights.add(dtype, int(np.prod(constant.dims)))
    opset = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    return _judged(
        path,
        scheme,
        foreign,
        "ops of ONNX's default domain",
        ops,
        dtypes,
        weights,
        f"opset {opset}",
        _float_ops(model),
    )


def _float_ops(model: onnx.ModelProto) -> Counter[str]:
    inferred = onnx.shape_inference.infer_shapes(model).graph
    types = {one.name: one.type.tensor_type.elem_type for one in (*inferred.value_info, *inferred.output)}
    made_by = {output: node.op_type for node in model.graph.node for output in node.output}
    return Counter(
        node.op_type
        for node in model.graph.node
        if types.get(node.output[0]) == onnx.TensorProto.FLOAT
        and node.op_type != "DequantizeLinear"
        and not (node.op_type == "MatMul" and made_by.get(node.input[1]) == "DequantizeLinear")
    )


def _judged(
    path: Path,
    scheme: Scheme,
    foreign: set[str],
    allowed: str,
    ops: Counter[str],
    dtypes: Counter[str],
    weights: _Weights,
    oldest_runtime: str,
    float_ops: Counter[str],
) -> Audit:
    if foreign:
        raise AuditError(
            f"{path.name} holds ops that phones do not have: {', '.join(sorted(foreign))}",
            expected=allowed,
            fix="replace the layer that makes them",
        )
    if weights.float_share > scheme.float_weights:
        raise AuditError(
            f"{path.name} keeps {weights.float_share:.1%} of its weights in float32",
            expected=f"at most {scheme.float_weights:.1%} with {scheme.name}",
            fix="find the layer that the quantization passes by, or export with --quantize float32",
        )
    return Audit(
        dict(sorted(ops.items())),
        dict(sorted(dtypes.items())),
        weights.total,
        weights.float_share,
        oldest_runtime,
        dict(sorted(float_ops.items())),
    )
