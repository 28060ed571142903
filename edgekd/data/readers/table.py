"""CSV and TSV with a header line; the comma or the tab is chosen by the suffix of the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from edgekd.data.readers.reading import Reading, files_of, lines, split_of, suffix
from edgekd.data.readers.rows import Columns, RowReader
from edgekd.errors import DataError

SUFFIXES = (".csv", ".tsv")
_LONGEST_CELL = 2**31 - 1  # csv's own default, 131,072, refuses long texts


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read a file, or the files of a folder, one split each."""
    for path in files_of(source, SUFFIXES):
        reader = None
        for where, row in table_rows(path):
            reader = reader or RowReader.of(list(row), columns, str(path))
            reading.add(split_of(path), reader.example(row, where))


def table_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """("file line n", cells by column) for every row after the header."""
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = "\t" if suffix(path) == ".tsv" else ","
    rows = csv.reader((f"{line}\n" for _, line in lines(path)), delimiter=delimiter, strict=True)
    try:
        header = next(rows)
        number = 1
        for cells in rows:
            where = f"{path} line {number + 1}"
            number = rows.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"{where} has {len(cells)} cells, the header has {len(header)}: {', '.join(header)}",
                    expected="as many cells in every row; quotes around a cell that holds the delimiter",
                )
            yield where, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{path} line {rows.line_num}: {error}", expected="cells quoted as CSV asks"
        ) from None
