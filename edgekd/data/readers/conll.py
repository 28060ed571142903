"""CoNLL columns: a token a line, its tag in the last column, a blank line between sentences."""

from __future__ import annotations

import re
from pathlib import Path

from edgekd.data.align import spans_from_tags
from edgekd.data.examples import Example
from edgekd.data.readers.reading import Reading, files_of, join_tokens, lines, split_of
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError

SUFFIXES = (".conll", ".bio", ".iob", ".iob2")
_TAG = re.compile(r"O|[BIESLU]-.+")


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read a file, or the files of a folder, one split each.

    Tokens are joined by spaces. -DOCSTART- lines and comments (a line that begins with # and does not end in
    a tag) are passed over.
    """
    for path in files_of(source, SUFFIXES):
        words: list[str] = []
        tags: list[str] = []
        for number, line in [*lines(path), (0, "")]:
            cells = line.split()
            if not cells and words:
                text, offsets = join_tokens(words)
                reading.add(split_of(path), Example(text, spans=spans_from_tags(tags, offsets)))
                words, tags = [], []
            elif len(cells) > 1 and _TAG.fullmatch(cells[-1]):
                if cells[0] != "-DOCSTART-":
                    words.append(cells[0])
                    tags.append(cells[-1])
            elif cells and not line.startswith("#"):
                raise DataError(
                    f"{path} line {number} is {line[:80]!r}",
                    expected="a token, and in the last column its tag: O, B-slot or I-slot",
                )
