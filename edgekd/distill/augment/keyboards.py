"""Which letters lie beside each other on the keyboard of a language.

The layouts are text files in `layouts/`: the languages, then one or two layers (plain, and shifted where a
script has no capitals) of four rows as on an ISO keyboard. A row names its keys from the leftmost one, and
`_` is a key without a letter. The first row begins with the key left of 1, the last with that left of the
US Z.
"""

from __future__ import annotations

import functools
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from edgekd.distill.augment.lexicon import for_language

Neighbours = Mapping[str, tuple[str, ...]]

_FOLDER = Path(__file__).with_name("layouts")
_ROW_STARTS = (0.0, 1.5, 1.75, 1.25)  # in widths of a key
_DEFAULT = "en"


def neighbours(character: str, language: str) -> tuple[str, ...]:
    """What a finger may hit instead of the key of a character; nothing if the character is on no key.

    That is the keys that touch it, and the same key with shift or without in scripts that have no capitals.
    Letters that the keyboard of the language has not, or all letters where the language is unknown, are
    looked for on the US keyboard. A letter with an accent that has no key of its own is typed on the key of
    the letter. Capitals have capital neighbours.
    """
    letter = character.lower()
    for layout in (for_language(_layouts(), language) or {}, _layouts()[_DEFAULT]):
        for key in (letter, unicodedata.normalize("NFD", letter)[:1]):
            if key in layout:
                return layout[key] if letter == character else tuple(map(str.upper, layout[key]))
    return ()


@functools.cache
def _layouts() -> dict[str, Neighbours]:
    """All layouts by language."""
    found = {}
    for path in sorted(_FOLDER.glob("*.txt")):
        _, languages, *rest = path.read_text("utf-8").splitlines()
        layers = [[row.split(" ") for row in rest[start : start + 4]] for start in range(1, len(rest), 5)]
        found |= dict.fromkeys(languages.split(" ")[1:], _neighbours(layers))
    return found


def _neighbours(layers: list[list[list[str]]]) -> Neighbours:
    keys = [
        (layer, row, start + place, key)
        for layer, rows in enumerate(layers)
        for row, (start, names) in enumerate(zip(_ROW_STARTS, rows, strict=True))
        for place, key in enumerate(names)
        if key != "_"
    ]
    found: dict[str, list[str]] = defaultdict(list)
    for layer, row, place, key in keys:
        for other_layer, other_row, other_place, other in keys:
            apart = abs(place - other_place)
            if layer != other_layer:
                near = row == other_row and apart == 0
            else:
                # Keys of one row touch at a distance of one, those of two rows overlap.
                near = apart == 1 if row == other_row else abs(row - other_row) == 1 and apart < 1
            if near:
                found[key].append(other)
    return {key: tuple(others) for key, others in found.items()}
