"""What every reader shares: opening files, naming splits, collecting examples, checking spans."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgekd.data.examples import Example, Span
from edgekd.errors import DataError

SPLITS = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "val": "dev",
    "test": "test",
}
"""The names files and folders give to splits, and ours."""

WHOLE = "all"
"""The split of a file whose name is not a split's."""


@dataclass
class Reading:
    """What a reader has read so far.

    Attributes:
        languages: those wanted, all if empty; "de" stands for "de-AT" too.
        splits: examples by split.
        skipped: how many examples were left out, by reason.
        seen: languages met, wanted or not.
    """

    languages: Sequence[str] = ()
    splits: dict[str, list[Example]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def wants(self, language: str) -> bool:
        self.seen.add(language)
        return not self.languages or is_wanted(language, self.languages)

    def add(self, split: str, example: Example) -> None:
        """Keep an example if its language is wanted and its text is not empty."""
        if not self.wants(example.language):
            return
        examples = self.splits.setdefault(split, [])
        if example.text.strip():
            examples.append(example)
        else:
            self.skipped["empty text"] += 1


def is_wanted(language: str, languages: Sequence[str]) -> bool:
    """Whether a language is one of these, where "de" stands for "de-AT" too."""
    return any(f"{language}-".startswith(f"{wanted}-") for wanted in languages)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file, gzipped or not, numbered from 1, without their ends.

    Raises:
        DataError: the file is missing, unreadable, empty or not UTF-8.
    """
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, text.rstrip("\r\n")
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} line {number} is not UTF-8: {error.reason} at byte {error.start} of the line",
            expected="text in UTF-8",
            fix="convert it, for example: iconv -f latin1 -t utf-8 old > new",
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if number == 0:
        raise DataError(f"{path} is empty", expected="at least one example")


def stem(path: Path) -> str:
    """The name of a file up to its first dot: "train" for train.jsonl.gz."""
    return path.name.split(".")[0]


def suffix(path: Path) -> str:
    """The suffix of a file, looking through .gz: ".jsonl" for train.jsonl.gz."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def split_of(path: Path) -> str:
    """The split that a file or folder is by its name, or "all"."""
    return SPLITS.get(stem(path).lower(), WHOLE)


def files_of(source: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files to read: `source` itself, or those in the folder with one of the suffixes.

    If any file of the folder is named like a split, only such files are read.
    """
    if source.is_file():
        return [source]
    files = [path for path in entries(source) if suffix(path) in suffixes and path.name[0] not in "._"]
    named = [path for path in files if split_of(path) != WHOLE]
    for split, count in Counter(map(split_of, named)).items():
        if count > 1:
            names = ", ".join(path.name for path in named if split_of(path) == split)
            raise DataError(
                f"{source} has {count} files for the split {split!r}: {names}",
                expected="one file a split",
                fix="remove or rename all but one",
            )
    return named or files


def entries(folder: Path) -> list[Path]:
    """What is in a folder, sorted by name."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"cannot read the folder {folder}: {error.strerror}") from None


def checked(spans: list[Span], text: str, where: str) -> tuple[Span, ...]:
    """The spans sorted, or DataError if one is outside the text, empty, or overlaps another.

    Args:
        where: file and line, for the message.
    """
    spans = sorted(spans)
    end = 0
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise DataError(
                f"{where}: span {span.start}:{span.end} of slot {span.slot!r} is not inside its text"
                f" of {len(text)} code points",
                expected="0 <= start < end <= length, counted in code points, end exclusive",
            )
        if span.start < end:
            raise DataError(
                f"{where}: span {span.start}:{span.end} of slot {span.slot!r} overlaps the one before it",
                expected="spans that do not overlap: a character has one slot at most",
            )
        end = span.end
    return tuple(spans)


def join_tokens(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Text of words with one space between, and where each word lies in it."""
    offsets, at = [], 0
    for word in words:
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    return " ".join(words), offsets
