"""Words with what may stand for them, in one language or in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import some
from edgekd.distill.augment.changes import Change, changed, words
from edgekd.errors import DataError

Lexicon = Mapping[str, Sequence[str]]
"""By case-folded word or phrase, what may stand for it."""

_LONGEST = 4  # tokens of a phrase; where a script has no spaces, characters of a word

Value = TypeVar("Value")


def read_lexicon(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read a lexicon: a line is a word and another, with a tab between them, or a space as in MUSE.

    Words given twice have several others, in the order of the file. Pairs of equal words are left out.

    Raises:
        DataError: it cannot be read, a line does not hold two words, or there are none.
    """
    found: dict[str, dict[str, None]] = {}
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"the lexicon {path} cannot be read: {error}", expected="a text file in UTF-8"
        ) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        pair = [word.strip() for word in (line.split("\t") if "\t" in line else line.split())]
        if len(pair) != 2 or not all(pair):
            raise DataError(
                f"{path}, line {number}: {line[:60]!r}", expected="two words, a tab or a space between them"
            )
        if pair[0].casefold() != pair[1].casefold():
            found.setdefault(pair[0].casefold(), {})[pair[1]] = None
    if not found:
        raise DataError(f"the lexicon {path} holds no pairs of different words")
    return {word: tuple(others) for word, others in found.items()}


def for_language(by_language: Mapping[str, Value], language: str) -> Value | None:
    """The value for a language, or for the language without its region: "de" serves "de-CH"."""
    for name in (language, language.replace("_", "-").split("-")[0]):
        if name in by_language:
            return by_language[name]
    return None


def replaced(example: Example, lexicon: Lexicon, share: float, rng: np.random.Generator) -> Iterator[Example]:
    """The example with some of the words that the lexicon knows replaced; nothing if it knows none of them.

    Args:
        share: of the known words that are replaced, one at least.
    """
    places = list(_matches(example, lexicon))
    if places:
        chosen = some(len(places), share, rng)
        changes = []
        for (start, end, others), taken in zip(places, chosen, strict=True):
            if taken:
                changes.append(Change(start, end, others[int(rng.integers(len(others)))]))
        yield changed(example, changes)


def _matches(example: Example, lexicon: Lexicon) -> Iterator[tuple[int, int, Sequence[str]]]:
    """What the lexicon knows, the longest first from the left, never across the bound of a span."""
    tokens = words(example)
    first = 0
    while first < len(tokens):
        for last in range(min(first + _LONGEST, len(tokens)) - 1, first - 1, -1):
            start, end = tokens[first].start, tokens[last].end
            others = lexicon.get(example.text[start:end].casefold())
            if others and len({word.owner for word in tokens[first : last + 1]}) == 1:
                yield start, end, others
                first = last
                break
        first += 1
