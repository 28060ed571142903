"""Words as small models have them: runs of letters and digits, and single other characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from edgekd.files import write_text
from edgekd.teachers.teacher import well_formed

_WORD = re.compile(r"\w+|[^\w\s]")
_DIGIT = re.compile(r"\d")


def words_of(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The words in lower case with each digit as 0, and their start and end in code points."""
    found = list(_WORD.finditer(text))
    words = [_DIGIT.sub("0", one.group().lower()) for one in found]
    return words, [one.span() for one in found]


def spaced(text: str) -> str:
    """The words with spaces between them: one line of valid UTF-8."""
    return " ".join(words_of(well_formed(text))[0])


def most_frequent(
    sentences: Iterable[Iterable[str]], *, at_least: int, at_most: int | None = None
) -> list[str]:
    """The words that are there so many times, the most frequent first; no more than `at_most`."""
    counts = Counter(word for words in sentences for word in words)
    return [word for word, count in counts.most_common(at_most) if count >= at_least]


def write_vocabulary(path: Path, words: Iterable[str]) -> None:
    """One word a line."""
    write_text(path, "\n".join(well_formed(word) for word in words))


def read_vocabulary(path: Path, first: int) -> dict[str, int]:
    """The number of each word, counted from `first`."""
    return {word: number for number, word in enumerate(path.read_text("utf-8").split("\n"), first)}
