"""A Parquet file of soft labels: the format of the store's shards and of logits that a user brings.

    text         string
    logits       list of float, one a label       (where the task has labels)
    units        list of [start, end]             (where the task has slots)
    tag_logits   list of list of float, units x tags

Floats of any width are read. The store writes float16, which is what training keeps of a soft label, the high
bytes apart from the low ones, which zstd likes: little more than a third of float32 in Parquet's usual
encoding (`bench/soft_labels.py` measures denser schemes, and what they lose).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import TeacherError
from edgekd.files import read_json
from edgekd.teachers.tags import bio_columns, label_columns
from edgekd.teachers.teacher import SoftLabels

_KEY = b"edgekd"
_FLOATS = {"logits": "logits.list.element", "tag_logits": "tag_logits.list.element.list.element"}
_HALF_RANGE = (-65504.0, 65504.0)


def describe(task: Task, labels: LabelSet, fingerprint: str) -> dict[str, Any]:
    """The metadata of a shard."""
    return {
        "task": task,
        "labels": list(labels.labels),
        "slots": list(labels.slots),
        "fingerprint": fingerprint,
    }


def shard_content(texts: Sequence[str], outputs: Sequence[SoftLabels], meta: Mapping[str, Any]) -> bytes:
    """A file of soft labels. It is made in memory, so that a full disk is met by a plain write."""
    columns: dict[str, pa.Array] = {"text": pa.array(texts, pa.string())}
    if outputs[0].logits is not None:
        columns["logits"] = _lists([_half(one.logits) for one in outputs], pa.float16())
    if outputs[0].tag_logits is not None:
        columns["units"] = _matrices([one.units for one in outputs], pa.int32())
        columns["tag_logits"] = _matrices([_half(one.tag_logits) for one in outputs], pa.float16())
    table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(dict(meta))})
    buffer = io.BytesIO()
    split = [path for name, path in _FLOATS.items() if name in columns]
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False, use_byte_stream_split=split)
    return buffer.getvalue()


def shard_name(texts: Sequence[str]) -> str:
    """The name of a store's file of these texts."""
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return f"labels-{digest[:16]}.parquet"


def _half(logits: NDArray[np.float32]) -> NDArray[np.float16]:
    """As float16; a logit beyond its range, which models use for "never", stays finite."""
    return np.clip(logits, *_HALF_RANGE).astype(np.float16)


def read_meta(path: Path) -> dict[str, Any]:
    """The metadata of a shard, from inside it or from the JSON beside it.

    Raises:
        TeacherError: the file is not readable Parquet, or nothing says what its logits are.
    """
    try:
        inside = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise TeacherError(
            f"{path} is not a readable Parquet file: {error}",
            fix="delete it; what it held is computed again, or write it again",
        ) from error
    if _KEY in inside:
        return json.loads(inside[_KEY])
    beside = path.with_suffix(".json")
    if not beside.exists():
        raise TeacherError(
            f"nothing says which labels the logits of {path} belong to",
            expected=f"{beside.name} beside it, a JSON object with the keys task, labels, and slots or tags",
        )
    return read_json(beside, TeacherError)


class Shard:
    """Soft labels read from one file, with the labels in sorted order, whatever their order in the file.

    Raises:
        TeacherError: columns are missing, or their sizes do not fit the labels.
    """

    def __init__(self, path: Path) -> None:
        meta = read_meta(path)
        try:
            self.task = Task(meta["task"])
        except (KeyError, ValueError):
            raise TeacherError(
                f"{path} is for the task {meta.get('task')!r}",
                expected=", ".join(Task),
                fix="correct its metadata",
            ) from None
        classes, order = label_columns(meta.get("labels", []), str(path))
        tags = meta.get("tags") or LabelSet(slots=tuple(meta.get("slots", ()))).tags
        slots, tag_order = bio_columns(tags, str(path)) if tags else ((), [])
        self.labels = LabelSet(classes, slots)
        table = pq.read_table(path)
        needed = ["text", *["logits"] * self.task.has_labels, *["units", "tag_logits"] * self.task.has_slots]
        for name in needed:
            if name not in table.column_names:
                raise TeacherError(
                    f"{path} has no column {name!r} (it has: {', '.join(table.column_names)})",
                    expected=f"the columns {', '.join(needed)} for the task {self.task}",
                )
        self.texts: list[str] = table["text"].to_pylist()
        self._logits = self._units = self._tag_logits = None
        if self.task.has_labels:
            values, lengths = _flat(table["logits"], np.float32)
            _require_width(path, "logits", lengths, len(classes))
            self._logits = values.reshape(-1, len(classes))[:, order]
        if self.task.has_slots:
            self._units, bounds = _flat_matrices(path, table["units"], "units", 2, np.int32)
            tag_logits, tag_bounds = _flat_matrices(
                path, table["tag_logits"], "tag_logits", len(tags), np.float32
            )
            if not np.array_equal(bounds, tag_bounds):
                raise TeacherError(f"{path} has rows with other numbers of units and of tag logits")
            self._bounds = bounds
            if tag_order != list(range(len(tags))):
                tag_logits = np.concatenate([tag_logits, tag_logits.min(-1, keepdims=True)], axis=1)[
                    :, tag_order
                ]
            self._tag_logits = tag_logits

    def __getitem__(self, row: int) -> SoftLabels:
        logits = None if self._logits is None else self._logits[row]
        if self._tag_logits is None:
            return SoftLabels(logits, np.zeros((0, 2), np.int32), None)
        within = slice(self._bounds[row], self._bounds[row + 1])
        return SoftLabels(logits, self._units[within], self._tag_logits[within])


def _lists(rows: Sequence[NDArray], kind: pa.DataType) -> pa.Array:
    offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.concatenate(rows), kind))


def _matrices(rows: Sequence[NDArray], kind: pa.DataType) -> pa.Array:
    """(units, width) each, as lists of lists."""
    outer = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    inner = np.arange(outer[-1] + 1, dtype=np.int32) * rows[0].shape[1]
    values = pa.array(np.concatenate(rows).reshape(-1), kind)
    return pa.ListArray.from_arrays(pa.array(outer), pa.ListArray.from_arrays(pa.array(inner), values))


def _flat(column: pa.ChunkedArray | pa.Array, kind: type) -> tuple[NDArray, NDArray[np.int64]]:
    """All values of a column of lists, and the length of each list; 0 for a missing one."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    lengths = np.array(column.value_lengths().fill_null(0), np.int64)
    return column.flatten().to_numpy(zero_copy_only=False).astype(kind, copy=False), lengths


def _flat_matrices(
    path: Path, column: pa.ChunkedArray, name: str, width: int, kind: type
) -> tuple[NDArray, NDArray[np.int64]]:
    """All rows of a column of lists of lists as (rows, width), and the bounds of each list among them."""
    column = column.combine_chunks()
    rows = np.array(column.value_lengths().fill_null(0), np.int64)
    values, lengths = _flat(column.flatten(), kind)
    _require_width(path, name, lengths, width)
    return values.reshape(-1, width), np.concatenate([[0], np.cumsum(rows)])


def _require_width(path: Path, name: str, lengths: NDArray[np.int64], width: int) -> None:
    wrong = np.flatnonzero(lengths != width)
    if len(wrong):
        raise TeacherError(
            f"{path}: a row of {name} has {lengths[wrong[0]]} values ({len(wrong)} rows are so)",
            expected=f"{width} values, one for each of its labels, tags or bounds",
        )
