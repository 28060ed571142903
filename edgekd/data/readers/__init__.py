"""The formats that can be read, and how each is recognised.

A reader is a module with `read(source, columns, reading)`, which adds what it reads to the `Reading`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgekd.data.readers import clinc, conll, huggingface, jsonl, massive, mtop, table, triple
from edgekd.data.readers.reading import Reading, entries, files_of, suffix
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError

READERS: dict[str, Callable[[Path, Columns, Reading], None]] = {
    "jsonl": jsonl.read,
    "csv": table.read,
    "conll": conll.read,
    "triple": triple.read,
    "massive": massive.read,
    "mtop": mtop.read,
    "clinc": clinc.read,
    "huggingface": huggingface.read,
}
"""The readers by the name of their format."""

HOW = """\
one of
  FILE.jsonl (also .gz)         an object a line: text, label or intent or labels, spans, language
  FILE.csv, FILE.tsv            with a header line
  FILE.conll                    a token and its tag a line
  FOLDER with such files        train, dev (or valid, validation, val), test
  FOLDER/train/seq.in           with seq.out and label
  FOLDER of en-US.jsonl ...     MASSIVE
  FILE.json                     CLINC150
  FOLDER of save_to_disk, or OWNER/NAME[:CONFIGURATION] on the Hugging Face hub"""


def detect(source: str) -> str:
    """The format of a file, folder or hub name: by its name, and for JSON lines by the first object's keys.

    Raises:
        DataError: nothing is there, or it is none of the known formats.
    """
    path = Path(source)
    if not path.exists():
        if huggingface.is_hub_name(source):
            return "huggingface"
        raise DataError(f"there is no file or folder {source}", expected=HOW)
    if path.is_dir():
        if huggingface.is_saved(path):
            return "huggingface"
        if triple.is_triple(path):
            return "triple"
        if (path / clinc.FILE_NAME).is_file():
            return "clinc"
    elif suffix(path) == ".json":
        return "clinc"
    for name, module in (("jsonl", jsonl), ("csv", table), ("conll", conll)):
        files = files_of(path, module.SUFFIXES)
        if files and suffix(files[0]) in module.SUFFIXES:
            return _kind_of_json_lines(files[0]) if name == "jsonl" else name
    found = ", ".join([item.name for item in entries(path)][:5]) if path.is_dir() else path.name
    raise DataError(
        f"{source} is in no format that is recognised (found: {found or 'nothing'})",
        expected=HOW,
        fix=f"rename it, or name the format with --format: {', '.join(READERS)}",
    )


def _kind_of_json_lines(path: Path) -> str:
    first: dict[str, Any] = next((row for _, row in itertools.islice(jsonl.json_rows(path), 1)), {})
    if all(key in first for key in massive.KEYS):
        return "massive"
    if all(key in first for key in mtop.KEYS):
        return "mtop"
    return "jsonl"
