"""The folders of SNIPS and ATIS: train/seq.in with words, seq.out with BIO tags, label with intents."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

from edgekd.data.align import spans_from_tags
from edgekd.data.examples import Example
from edgekd.data.readers.reading import SPLITS, Reading, entries, join_tokens, lines, split_of
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError


def is_triple(folder: Path) -> bool:
    """Whether the folder, or a folder in it named like a split, holds seq.in."""
    return any((path / "seq.in").is_file() for path in (folder, *_split_folders(folder)))


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read train, dev and test folders, or one folder alone. `label` may be missing: then it is tagging."""
    folders = [source] if (source / "seq.in").is_file() else _split_folders(source)
    for folder in folders:
        label_file = folder / "label"
        labels = lines(label_file) if label_file.is_file() else ()
        columns_of_lines = zip_longest(lines(folder / "seq.in"), lines(folder / "seq.out"), labels)
        for number, (words_line, tags_line, label_line) in enumerate(columns_of_lines, start=1):
            if words_line is None or tags_line is None or (labels and label_line is None):
                raise DataError(
                    f"the files in {folder} differ in their number of lines: one ends before line {number}",
                    expected="one line of seq.in, seq.out and label for each example",
                )
            words, tags = words_line[1].split(), tags_line[1].split()
            if len(words) != len(tags):
                raise DataError(
                    f"{folder} line {number}: {len(words)} words in seq.in and {len(tags)} tags in seq.out",
                    expected="a tag for each word",
                )
            text, offsets = join_tokens(words)
            intent = (label_line[1].strip(),) if label_line else ()
            reading.add(split_of(folder), Example(text, labels=intent, spans=spans_from_tags(tags, offsets)))


def _split_folders(folder: Path) -> list[Path]:
    return [path for path in entries(folder) if path.name in SPLITS and (path / "seq.in").is_file()]
