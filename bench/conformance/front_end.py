"""The front end of an exported file as a file of its own: the same ops, and the features as an output.

Some runtimes do not show what lies inside a graph: delegates, other processors, browsers. So the network is
cut off, and what remains is the shipped front end, op for op and constant for constant.
"""

from __future__ import annotations

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

from edgekd.export.flatbuffer import parse, serialize, tensor_into_dense
from edgekd.export.graph import TOKEN_COUNT, TOKEN_SPANS
from edgekd.export.parity import features_name

FEATURES = "features"
_KEPT = (TOKEN_SPANS, TOKEN_COUNT)


def tflite_front_end(content: bytes, width: int) -> bytes:
    """The front end of a TFLite file, in each of its signatures; `width` is that of the features."""
    model = parse(content)
    for signature in model.signatureDefs:
        number, features = tensor_into_dense(model, signature.signatureKey.decode(), width)
        output = schema.TensorMapT()
        output.name, output.tensorIndex = FEATURES, features
        signature.outputs = [*(one for one in signature.outputs if one.name.decode() in _KEPT), output]
        subgraph = model.subgraphs[number]
        subgraph.outputs = np.array([one.tensorIndex for one in signature.outputs], np.int32)
        wanted = set(subgraph.outputs.tolist())
        operators = []  # from last to first
        for operator in reversed(subgraph.operators):
            if wanted.intersection(operator.outputs.tolist()):
                wanted.update(operator.inputs.tolist())
                operators.append(operator)
        subgraph.operators = operators[::-1]
    return serialize(model)


def onnx_front_end(content: bytes, width: int) -> bytes:
    """The front end of an ONNX file; `width` is that of the features."""
    model = onnx.load_from_string(content)
    graph = model.graph
    features = features_name(model, width)
    outputs = [one for one in graph.output if one.name in _KEPT]
    wanted = {features, *(one.name for one in outputs)}
    nodes = [onnx.helper.make_node("Identity", [features], [FEATURES])]  # from last to first
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    outputs.append(onnx.helper.make_tensor_value_info(FEATURES, onnx.TensorProto.FLOAT, None))
    constants = [one for one in graph.initializer if one.name in wanted]
    small = onnx.helper.make_graph(nodes[::-1], "front_end", graph.input, outputs, constants)
    return onnx.helper.make_model(
        small, opset_imports=model.opset_import, ir_version=model.ir_version
    ).SerializeToString()
