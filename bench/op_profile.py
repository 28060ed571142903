"""Where the time of a TFLite file goes: by op, and by the two halves of the graph.

    python bench/op_profile.py --bundle BUNDLE [--text TEXT] [--json FILE]

The runtimes from PyPI have no profiler, so the graph is cut after each of its ops in turn: what a longer
piece takes more is the time of the op at its end. All pieces take turns, and each counts by its fastest
fifth. An op that opens XNNPACK's part bears what entering it costs.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert import interpreter as litert
from rich.console import Console
from rich.table import Table

from edgekd.bench.figures import microseconds, percent
from edgekd.bench.runner.machine import is_busy, machine
from edgekd.bench.verdict import BUSY
from edgekd.cli import run
from edgekd.export.flatbuffer import builtin_name, parse, serialize, tensor_into_dense
from edgekd.files import write_json
from edgekd.runtime.manifest import Manifest, Signature
from edgekd.text.projection import FrontEnd
from edgekd.text.tokens import code_points, tokenize

ROUNDS, WARM, TIMED = 40, 4, 12
FASTEST = 20  # per cent


@dataclass(frozen=True)
class Op:
    """An op of the graph, whether it belongs to the front end, and its time."""

    name: str
    front_end: bool
    us: float


def main() -> None:
    """Profile the signature that a text takes, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument("--text", default="set an alarm for seven thirty tomorrow")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()

    manifest = Manifest.read(given.bundle)
    file = manifest.files["tflite"]
    tokens = len(tokenize(given.text))
    signature = next(one for one in file.signatures if tokens <= one.tokens and len(given.text) <= one.chars)
    front_end = FrontEnd(**manifest.content["front_end"])
    on = machine()
    ops = profile(file.path.read_bytes(), signature, front_end, given.text)
    parts = {
        name: sum(op.us for op in ops if op.front_end == front)
        for name, front in (("front end", True), ("network", False))
    }
    by_op: dict[str, list[Op]] = defaultdict(list)
    for op in ops:
        by_op[op.name].append(op)
    rows = sorted(by_op.items(), key=lambda row: -sum(op.us for op in row[1]))
    if given.json:
        ops_us = {name: {"count": len(some), "us": sum(op.us for op in some)} for name, some in rows}
        found = {"file": file.scheme, "signature": signature.name, "text": given.text, "parts_us": parts}
        write_json(given.json, {**found, "ops": ops_us, "machine": on})
    _print(rows, parts, f"{manifest.name}, {file.scheme}, {signature.name}")
    if is_busy(on):
        Console(highlight=False).print(BUSY)


def profile(content: bytes, signature: Signature, front_end: FrontEnd, text: str) -> list[Op]:
    """The time of each op of a signature, in the order of the graph."""
    model = parse(content)
    number, features = tensor_into_dense(model, signature.name, front_end.features)
    operators = model.subgraphs[number].operators
    names = [builtin_name(model, operator) for operator in operators]
    last = next(place for place, operator in enumerate(operators) if features in operator.outputs)
    codepoints = np.zeros((1, signature.chars), np.int32)
    codepoints[0, : len(text)] = code_points(text)
    pieces = [_ready(_cut(content, number, ops + 1), codepoints) for ops in range(len(operators))]
    durations: list[list[int]] = [[] for _ in pieces]
    for _ in range(ROUNDS):
        for piece, found in zip(pieces, durations, strict=True):
            for _ in range(WARM):
                piece.invoke()
            for _ in range(TIMED):
                begin = time.perf_counter_ns()
                piece.invoke()
                found.append(time.perf_counter_ns() - begin)
    until = np.array([np.percentile(found, FASTEST) for found in durations]) / 1e3
    # A longer piece cannot be faster: what looks like it is noise.
    until = np.minimum.accumulate(until[::-1])[::-1]
    return [
        Op(name, place <= last, float(us))
        for place, (name, us) in enumerate(zip(names, np.diff(until, prepend=0), strict=True))
    ]


def _cut(content: bytes, number: int, ops: int) -> bytes:
    """A file with the first ops of one subgraph; what none of them reads is an output."""
    model = parse(content)
    subgraph = model.subgraphs[number]
    subgraph.operators = subgraph.operators[:ops]
    read = {tensor for operator in subgraph.operators for tensor in operator.inputs}
    made = [tensor for operator in subgraph.operators for tensor in operator.outputs]
    subgraph.outputs = [tensor for tensor in made if tensor not in read]
    model.subgraphs, model.signatureDefs = [subgraph], []
    return serialize(model)


def _ready(content: bytes, codepoints: np.ndarray) -> litert.Interpreter:
    interpreter = litert.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codepoints)
    return interpreter


def _print(rows: list[tuple[str, list[Op]]], parts: dict[str, float], title: str) -> None:
    whole = sum(parts.values())
    table = Table("op", "count", "time", "share", title=f"{title}: {microseconds(whole)}")
    for name, ops in rows:
        us = sum(op.us for op in ops)
        table.add_row(name, str(len(ops)), microseconds(us), percent(us / whole))
    table.add_section()
    for name, us in parts.items():
        table.add_row(name, "", microseconds(us), percent(us / whole))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    run(main)
