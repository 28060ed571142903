"""Plain text without labels, one a line; the language is the name of the file: en.txt, pt-BR.txt.gz."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edgekd.data.examples import UNNAMED
from edgekd.data.readers.reading import WHOLE, lines, split_of, stem

SUFFIXES = (".txt",)
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]+)*")


def read(path: Path) -> Iterator[tuple[str, str]]:
    """(text, language) of every line that is not blank."""
    language = language_of(path)
    for _, line in lines(path):
        if line.strip():
            yield line, language


def language_of(path: Path) -> str:
    """The language that a file is named after, or UNNAMED."""
    return stem(path) if _LANGUAGE.fullmatch(stem(path)) and split_of(path) == WHOLE else UNNAMED
