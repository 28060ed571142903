"""TFLite files from the inside: read, made smaller, written."""

from __future__ import annotations

import functools
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgekd.errors import ParityError

_IDENTIFIER = b"TFL3"
_BUILTIN_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def parse(content: bytes) -> schema.ModelT:
    """The model in a TFLite file, with the buffers in it that some tools write behind it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for buffer in model.buffers:
        if buffer.data is None and buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def serialize(model: schema.ModelT) -> bytes:
    """The TFLite file of a model; equal tensors, options and vectors are written once."""
    tables: dict[Any, Any] = {}
    for subgraph in model.subgraphs:
        subgraph.tensors = [_written_once(tensor, tables) for tensor in subgraph.tensors]
        for operator in subgraph.operators:
            if operator.builtinOptions is not None:
                operator.builtinOptions = _written_once(operator.builtinOptions, tables)
    builder = _SharingBuilder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def _written_once(table: Any, tables: dict[Any, Any]) -> Any:
    """The first table of the same content, which writes itself at most once.

    A file names tensors and options by their place, so that several may be the same: most intermediate
    results of a signature have one of a few shapes.
    """
    first = tables.setdefault(_content(table), table)
    first.Pack = functools.partial(_pack_once, first)
    return first


def _pack_once(table: Any, builder: _SharingBuilder) -> int:
    if id(table) not in builder.tables:
        builder.tables[id(table)] = type(table).Pack(table, builder)
    return builder.tables[id(table)]


def _content(value: Any) -> Any:
    """Something hashable that is equal for tables of the same fields."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if hasattr(value, "__dict__"):
        fields = sorted((name, field) for name, field in vars(value).items() if name != "Pack")
        return type(value), tuple((name, _content(field)) for name, field in fields)
    return tuple(map(_content, value)) if isinstance(value, list) else value


class _SharingBuilder(flatbuffers.Builder):
    """Writes equal vectors of numbers once: shapes, tensor numbers, scales and zero points.

    Several signatures of one model repeat most of them. A vector of offsets is never shared, since these
    count from their own place.

    Attributes:
        tables: where those that may be shared were written, by `id`.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._vectors: dict[tuple[int, int, bytes], int] = {}
        self.tables: dict[int, int] = {}

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:
        self._before, self._numbers = self.Offset(), True
        self._kind = elemSize, alignment
        return super().StartVector(elemSize, numElems, alignment)

    def PrependUOffsetTRelative(self, off: int) -> None:
        self._numbers = False
        super().PrependUOffsetTRelative(off)

    def EndVector(self, *count: int) -> int:
        length = self.vectorNumElems
        written = super().EndVector(*count)
        if not self._numbers:
            return written
        start = len(self.Bytes) - written
        values = bytes(self.Bytes[start : start + 4 + length * self._kind[0]])
        first = self._vectors.setdefault((*self._kind, values), written)
        if first != written:
            self.head = len(self.Bytes) - self._before  # takes it back
        return first


def slimmed(content: bytes) -> bytes:
    """The same model without the names of its tensors and without empty and repeated buffers.

    These weigh more than the weights of a layer once there are several signatures. The names of inputs and
    outputs stand in the signatures and stay.
    """
    model = parse(content)
    buffers = [model.buffers[0]]  # by definition the empty one
    places: dict[bytes, int] = {}

    def place(index: int) -> int:
        data = model.buffers[index].data
        if data is None:
            return 0
        key = bytes(data)
        if key not in places:
            places[key] = len(buffers)
            buffers.append(model.buffers[index])
        return places[key]

    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            tensor.name = None
            tensor.buffer = place(tensor.buffer)
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None
    for entry in model.metadata:
        entry.buffer = place(entry.buffer)
    model.buffers = buffers
    return serialize(model)


def tensor_into_dense(model: schema.ModelT, signature: str, width: int) -> tuple[int, int]:
    """What the first FULLY_CONNECTED with `width` columns of a signature reads: subgraph and tensor number.

    Raises:
        ParityError: there is none.
    """
    number = next(one.subgraphIndex for one in model.signatureDefs if one.signatureKey.decode() == signature)
    subgraph = model.subgraphs[number]
    for operator in subgraph.operators:
        if builtin_code(model, operator) == schema.BuiltinOperator.FULLY_CONNECTED:
            values, weights = operator.inputs[:2]
            if subgraph.tensors[weights].shape[1] == width:
                return number, _before_quantizing(model, subgraph, int(values))
    raise ParityError(
        f"signature {signature} holds no dense layer of {width} columns", expected="the bottleneck"
    )


def _before_quantizing(model: schema.ModelT, subgraph: schema.SubGraphT, tensor: int) -> int:
    """The float tensor that a QUANTIZE makes this one of; itself where there is none."""
    for operator in subgraph.operators:
        if tensor in operator.outputs and builtin_code(model, operator) == schema.BuiltinOperator.QUANTIZE:
            return int(operator.inputs[0])
    return tensor


def builtin_code(model: schema.ModelT, operator: schema.OperatorT) -> int:
    """The BuiltinOperator of an operator; old codes stand in a field of their own."""
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def builtin_name(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """The name of a builtin op, such as FULLY_CONNECTED."""
    return _BUILTIN_NAMES[builtin_code(model, operator)]
