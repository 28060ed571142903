"""Where the time of a TFLite file goes: by op, and by the two halves of the graph.

The runtimes from PyPI have no profiler, so the graph is cut after each of its ops in turn: what a longer
piece takes more is the time of the op at its end. All pieces take turns, and each counts by its fastest
fifth. An op that opens XNNPACK's part bears what entering it costs.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekd.bench.runner.signatures import signatures_of
from edgekd.runtime.manifest import Manifest
from edgekd.text.tokens import code_points

_ROUNDS, _WARM, _TIMED = 40, 4, 12
_FASTEST = 20  # per cent


def op_profile(manifest: Manifest, texts: Sequence[str]) -> dict[str, Any]:
    """Profile the signature that the text of median length takes, with LiteRT and one thread.

    Returns:
        signature; chars, of the text; front_end_us and network_us, None where edgekd.json does not tell the
        width of the features; ops: name, count and us, the slowest first.
    """
    from edgekd.export.flatbuffer import builtin_name, parse, tensor_into_dense

    file = manifest.files["tflite"]
    chars = statistics.median_low(len(text) for text in texts)
    text = next(text for text in texts if len(text) == chars)
    [signature] = signatures_of(manifest, [text])

    model = parse(file.path.read_bytes())
    widths = ("token_features", "ngram_features", "embedding")
    width = sum(manifest.content["front_end"].get(name, 0) for name in widths)
    last = None
    if width:
        number, features = tensor_into_dense(model, signature.name, width)
        operators = model.subgraphs[number].operators
        last = next(place for place, operator in enumerate(operators) if features in operator.outputs)
    else:
        number = next(
            one.subgraphIndex for one in model.signatureDefs if one.signatureKey.decode() == signature.name
        )
        operators = model.subgraphs[number].operators
    names = [builtin_name(model, operator) for operator in operators]
    codepoints = np.zeros((1, signature.chars), np.int32)
    read = code_points(text[: signature.chars])
    codepoints[0, : len(read)] = read
    by_place = _durations(model, number, codepoints)
    by_op: dict[str, list[float]] = defaultdict(list)
    for name, us in zip(names, by_place, strict=True):
        by_op[name].append(us)
    ops = [{"name": name, "count": len(some), "us": sum(some)} for name, some in by_op.items()]
    return {
        "signature": signature.name,
        "chars": chars,
        "front_end_us": None if last is None else sum(by_place[: last + 1]),
        "network_us": None if last is None else sum(by_place[last + 1 :]),
        "ops": sorted(ops, key=lambda op: -op["us"]),
    }


def _durations(model: Any, number: int, codepoints: np.ndarray) -> list[float]:
    """The time of each op of a subgraph, in the order of the graph, in microseconds."""
    pieces = [_ready(content, codepoints) for content in _pieces(model, number)]
    durations: list[list[int]] = [[] for _ in pieces]
    for _ in range(_ROUNDS):
        for piece, found in zip(pieces, durations, strict=True):
            for _ in range(_WARM):
                piece.invoke()
            for _ in range(_TIMED):
                begin = time.perf_counter_ns()
                piece.invoke()
                found.append(time.perf_counter_ns() - begin)
    until = np.array([np.percentile(found, _FASTEST) for found in durations]) / 1e3
    # A longer piece cannot be faster: what looks like it is noise.
    until = np.minimum.accumulate(until[::-1])[::-1]
    return np.diff(until, prepend=0).tolist()


def _pieces(model: Any, number: int) -> list[bytes]:
    """Files with the first op of a subgraph, the first two, and so on; what no op reads is an output."""
    from edgekd.export.flatbuffer import serialize

    subgraph = model.subgraphs[number]
    model.subgraphs, model.signatureDefs = [subgraph], []
    operators, pieces = subgraph.operators, []
    for count in range(1, len(operators) + 1):
        subgraph.operators = operators[:count]
        read = {tensor for operator in subgraph.operators for tensor in operator.inputs}
        made = [tensor for operator in subgraph.operators for tensor in operator.outputs]
        subgraph.outputs = [tensor for tensor in made if tensor not in read]
        pieces.append(serialize(model))
    return pieces


def _ready(content: bytes, codepoints: np.ndarray) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codepoints)
    return interpreter
