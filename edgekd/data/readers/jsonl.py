"""JSON lines, edgekd's own format: {"text", "language", "labels" or "label" or "intent", "spans"} a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgekd.data.readers.reading import Reading, files_of, lines, split_of
from edgekd.data.readers.rows import Columns, RowReader
from edgekd.errors import DataError

SUFFIXES = (".jsonl", ".ndjson")


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read a file, or the files of a folder, one split each."""
    for path in files_of(source, SUFFIXES):
        rows = list(json_rows(path))
        names = dict.fromkeys(name for _, row in rows for name in row)
        reader = RowReader.of(list(names), columns, str(path))
        for where, row in rows:
            reading.add(split_of(path), reader.example(row, where))


def json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """("file line n", object) for every line that is not blank."""
    for number, line in lines(path):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where} is not JSON: {error}", expected="one JSON object a line") from None
        if not isinstance(row, dict):
            raise DataError(
                f"{where} is not a JSON object but {line[:80]!r}", expected="one JSON object a line"
            )
        yield where, row
