"""Changing parts of a text, with the spans moved to where their values go."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from edgekd.data.examples import Example, Span
from edgekd.text.tokens import tokenize

OUTSIDE = -1
_JOINERS = "\u200c\u200d"


class Change(NamedTuple):
    """`text[start:end]`, at least one character, gives way to `text`."""

    start: int
    end: int
    text: str


class Word(NamedTuple):
    """A token of letters; `owner` is the number of the span that holds it, or OUTSIDE."""

    start: int
    end: int
    owner: int


def changed(example: Example, changes: Sequence[Change]) -> Example:
    """The example with its text changed and its spans moved.

    A span goes if nothing is left of it, and white space that a change left at its ends is no longer part of
    it.

    Args:
        changes: sorted, not overlapping, none across the bound of a span.
    """
    parts, done = [], 0
    for start, end, new in changes:
        parts += [example.text[done:start], new]
        done = end
    text = "".join(parts) + example.text[done:]
    ends = [end for _, end, _ in changes]
    growth = [0, *accumulate(len(new) - (end - start) for start, end, new in changes)]

    def moved(place: int) -> int:
        return place + growth[bisect_right(ends, place)]

    spans = []
    for span in example.spans:
        start, end = moved(span.start), moved(span.end)
        value = text[start:end].strip()
        if value:
            start = text.index(value, start)
            spans.append(Span(start, start + len(value), span.slot))
    return replace(example, text=text, spans=tuple(spans))


def owners(example: Example) -> list[int]:
    """For each character, the number of the span that holds it, or OUTSIDE."""
    result = [OUTSIDE] * len(example.text)
    for number, span in enumerate(example.spans):
        result[span.start : span.end] = [number] * (span.end - span.start)
    return result


def words(example: Example) -> list[Word]:
    """The tokens of letters that can be changed as a whole: no bound of a span cuts them.

    Where a script writes no spaces, they are its characters.
    """
    owner = owners(example)
    return [
        Word(start, end, owner[start])
        for start, end in tokenize(example.text)
        if is_word(example.text[start:end]) and len(set(owner[start:end])) == 1
    ]


def is_word(text: str) -> bool:
    """Letters with their marks and joiners, and nothing else."""
    return any(map(str.isalpha, text)) and all(
        character in _JOINERS or unicodedata.category(character)[0] in "LM" for character in text
    )
