"""What a stored soft label weighs, and what is lost, in each way of storing it.

    python bench/soft_labels.py --teacher TEACHER --data DATA [--languages en-US] [--split dev] [--json FILE]

    float32       every logit
    float16       every logit, half the digits: what the store writes
    int8          every logit as its distance below the row's largest, in eighths, at most 32
    top 8         the 8 largest of a row as float16, the others as their mean
    top 8 + int8  both

Bytes are those of the logits in Parquet as the store encodes it, texts and units apart. The divergence is the
mean Kullback-Leibler divergence of the softmax from that of float32, in nats.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edgekd.cli import run
from edgekd.cli.options import split_list
from edgekd.data.load import load_dataset
from edgekd.files import write_json
from edgekd.teachers import load_teacher
from edgekd.teachers.opinions import log_softmax

_KEPT = 8

Stored = dict[str, NDArray]
"""Columns of a file, each (rows,) or (rows, values)."""


def _below(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
    """How far each is below the largest of its row, in eighths."""
    distance = logits.max(axis=1, keepdims=True) - logits
    return np.round(np.minimum(distance, 255 / 8) * 8).astype(np.uint8)


def _top(logits: NDArray[np.float32]) -> tuple[NDArray[np.uint16], NDArray[np.float32], NDArray[np.float32]]:
    """Columns and values of the largest, and the mean of the others."""
    columns = np.argsort(-logits, axis=1)[:, :_KEPT]
    rest = (logits.sum(axis=1) - np.take_along_axis(logits, columns, 1).sum(axis=1)) / max(
        1, logits.shape[1] - _KEPT
    )
    return columns.astype(np.uint16), np.take_along_axis(logits, columns, 1), rest


def _spread(shape: tuple[int, int], columns: NDArray, values: NDArray, rest: NDArray) -> NDArray[np.float32]:
    """The inverse of `_top`."""
    whole = np.repeat(rest.astype(np.float32)[:, None], shape[1], axis=1)
    np.put_along_axis(whole, columns.astype(np.int64), values.astype(np.float32), 1)
    return whole


def float32(logits: NDArray[np.float32]) -> tuple[Stored, NDArray[np.float32]]:
    return {"logits": logits}, logits


def float16(logits: NDArray[np.float32]) -> tuple[Stored, NDArray[np.float32]]:
    half = logits.astype(np.float16)
    return {"logits": half}, half.astype(np.float32)


def int8(logits: NDArray[np.float32]) -> tuple[Stored, NDArray[np.float32]]:
    below = _below(logits)
    return {"below": below}, -below.astype(np.float32) / 8


def top(logits: NDArray[np.float32]) -> tuple[Stored, NDArray[np.float32]]:
    columns, values, rest = _top(logits)
    values, rest = values.astype(np.float16), rest.astype(np.float16)
    return {"columns": columns, "values": values, "rest": rest}, _spread(logits.shape, columns, values, rest)


def top_int8(logits: NDArray[np.float32]) -> tuple[Stored, NDArray[np.float32]]:
    columns, values, rest = _top(logits)
    below = _below(np.concatenate([values, rest[:, None]], axis=1))
    read = -below.astype(np.float32) / 8
    return {"columns": columns, "below": below}, _spread(logits.shape, columns, read[:, :-1], read[:, -1])


SCHEMES: dict[str, Callable[[NDArray[np.float32]], tuple[Stored, NDArray[np.float32]]]] = {
    "float32": float32,
    "float16": float16,
    "int8": int8,
    f"top {_KEPT}": top,
    f"top {_KEPT} + int8": top_int8,
}


def main() -> None:
    """Store a split's logits in every way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--languages", help="keep only these, by commas")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--texts", type=int, help="the first so many")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()

    dataset = load_dataset(given.data, languages=split_list(given.languages))
    texts = [example.text for example in dataset.splits[given.split]][: given.texts]
    said = list(load_teacher(given.teacher).label(texts))
    kinds = {"labels": [one.logits[None] for one in said if one.logits is not None]}
    kinds["tags"] = [one.tag_logits for one in said if one.tag_logits is not None]
    table = Table("of", "scheme", "bytes a text", "largest error", "divergence", "same winner")
    table.title = f"{dataset.name} {given.split}, {len(texts):,} texts"
    figures: dict[str, Any] = {}
    for kind, rows in kinds.items():
        if not rows:
            continue
        logits = np.concatenate(rows)
        figures[kind] = {name: _measure(scheme, logits, len(texts)) for name, scheme in SCHEMES.items()}
        for name, of in figures[kind].items():
            shown = (f"{of['bytes_per_text']:,.0f}", f"{of['largest_error']:.4f}", f"{of['divergence']:.2e}")
            table.add_row(f"{kind} ({logits.shape[1]})", name, *shown, f"{of['same_winner']:.3%}")
    besides = {"text": np.array(texts), "units": np.concatenate([one.units for one in said])}
    figures["besides"] = {name: _bytes({name: values}) / len(texts) for name, values in besides.items()}
    console = Console(highlight=False)
    console.print(table)
    console.print(
        ", ".join(f"{name}: {bytes_:.0f} bytes a text" for name, bytes_ in figures["besides"].items())
    )
    if given.json:
        write_json(given.json, {"data": dataset.name, "split": given.split, "count": len(texts), **figures})


def _measure(
    scheme: Callable[[NDArray[np.float32]], tuple[Stored, NDArray[np.float32]]],
    logits: NDArray[np.float32],
    texts: int,
) -> dict[str, float]:
    """What a scheme takes and loses, measured on the logarithms of the softmax."""
    stored, read = scheme(logits)
    wanted, found = (log_softmax(one.astype(np.float64)) for one in (logits, read))
    return {
        "bytes_per_text": _bytes(stored) / texts,
        "largest_error": float(np.abs(wanted - found).max()),
        "divergence": float((np.exp(wanted) * (wanted - found)).sum(axis=1).mean()),
        "same_winner": float((logits.argmax(axis=1) == read.argmax(axis=1)).mean()),
    }


def _bytes(columns: Stored) -> int:
    """The size of a Parquet file, floats encoded as in the store; a row of several values is one list."""
    arrays: dict[str, pa.Array] = {}
    floats, others = [], []
    for name, values in columns.items():
        flat = pa.array(values.reshape(-1))
        arrays[name] = flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
        kind = floats if np.issubdtype(values.dtype, np.floating) else others
        kind.append(name if values.ndim == 1 else f"{name}.list.element")
    buffer = io.BytesIO()
    pq.write_table(
        pa.table(arrays), buffer, compression="zstd", use_dictionary=others, use_byte_stream_split=floats
    )
    return buffer.tell()


if __name__ == "__main__":
    run(main)
