"""What the front end knows of Unicode: how a code point folds and whether it splits a token.

The tables are made once from Python's `unicodedata` (`python -m edgekd.text.unicode`) and kept in
`tables_v1.npz`, because a deployed model depends on them bit by bit while `unicodedata` changes with
the version of Python. A look-up is `values[entries[pages[code_point // PAGE], code_point % PAGE]]`,
which holds `(folded - code_point + OFFSET) * 4 + class`: 37 KB in all. Of the code points past LIMIT,
planes 2 and 3 share the value of LIMIT - 1, a Han character, and those from SPECIAL on (tags, variation
selectors, private use) that of the variation selector U+FE0F.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

SPACE, WORD, SINGLE, TAIL = range(4)
"""Classes of code points.

SPACE   white space, controls, lone surrogates: belongs to no token.
WORD    letters, digits, marks, joiners: a run of them is one token.
SINGLE  punctuation, symbols, and the letters of scripts written without spaces: a token each.
TAIL    what only modifies the character before it there (marks of scripts without spaces, variation
        selectors, skin tones, tags): part of the token before it; a token of its own only after SPACE.
"""

PAGE = 16
LIMIT = 0x20000 + PAGE
MOST = 0x10FFFF
SPECIAL = 0xE0000
SPECIAL_AS = 0xFE0F
OFFSET = 1 << 20
TABLES = "tables_v1"
"""Of the projection; `word_pieces` has others, built alike."""

# Written without spaces between words. Planes 2 and 3 hold Han only and lie past LIMIT.
_SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han iteration mark and zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3038, 0x30FF),  # Hangzhou numerals, kana
    (0x3100, 0x312F),  # Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo
    (0x31F0, 0x31FF),  # kana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0xA4CF),  # Han, Yi
    (0xA980, 0xA9FF),  # Javanese, Myanmar
    (0xAA60, 0xAADF),  # Myanmar, Tai Viet
    (0xF900, 0xFAFF),  # Han
    (0x16FE0, 0x18DFF),  # Tangut, Khitan
    (0x1AFF0, 0x1B2FF),  # kana, Nushu
    (0x20000, 0x3FFFF),  # Han
)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_SOFT_HYPHEN, _ZWNJ, _ZWJ = 0x00AD, 0x200C, 0x200D


class Tables(NamedTuple):
    """`pages` int16 (LIMIT // PAGE,), `entries` int16 (blocks, PAGE), `values` int32 (n,)."""

    pages: np.ndarray
    entries: np.ndarray
    values: np.ndarray


def path(name: str) -> Path:
    """Where the tables of this name are kept."""
    return Path(__file__).with_name(f"{name}.npz")


@functools.cache
def tables(name: str = TABLES) -> Tables:
    """The tables of a front end."""
    with np.load(path(name), allow_pickle=False) as file:
        return Tables(file["pages"], file["entries"], file["values"])


LOW, HIGH = 8, 16


class Layout(NamedTuple):
    """The same tables as graphs look them up: in one level more, which makes them 14 KB smaller.

    A block is LOW code points, a page is HIGH blocks, and equal blocks and pages are kept once. With
    `block = code_point // LOW` and `page = block // HIGH`, the entry of a code point is

        entries[blocks[pages[page] + block] * LOW + code_point % LOW]

    Attributes:
        pages: int16 (n,), where the blocks of a page begin, less the number of its own first block.
        blocks: int16 (n,).
        entries: int16 (n,), places in the next two.
        deltas: int32 (n,), what to add to a code point for the folded one plus 1.
        kinds: int16 (n,), classes.
    """

    pages: np.ndarray
    blocks: np.ndarray
    entries: np.ndarray
    deltas: np.ndarray
    kinds: np.ndarray


@functools.cache
def layout(name: str = TABLES) -> Layout:
    """The tables of a front end, laid out for a graph."""
    coarse, rows, values = tables(name)
    entries, blocks = _distinct(rows[coarse].reshape(-1), LOW)
    blocks, pages = _distinct(blocks, HIGH)
    ahead = HIGH * (pages - np.arange(len(pages)))
    return Layout(
        ahead.astype(np.int16),
        blocks.astype(np.int16),
        entries.astype(np.int16),
        (values >> 2) - OFFSET + 1,
        (values & 3).astype(np.int16),
    )


def _distinct(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct blocks of so many values, one after the other, and the number of each place's block."""
    padded = np.pad(values, (0, -len(values) % size), mode="edge")
    blocks, numbers = np.unique(padded.reshape(-1, size), axis=0, return_inverse=True)
    return blocks.reshape(-1), numbers.reshape(-1)


def starts() -> np.ndarray:
    """int32 (16,): 1 where a character starts a token, at `4 * class + class of the one before it`."""
    kinds = np.arange(4)
    table = np.zeros((4, 4), np.int32)
    table[SINGLE] = 1
    table[WORD] = kinds != WORD
    table[TAIL] = kinds == SPACE
    return table.reshape(-1)


def look_up(code_points: np.ndarray, name: str = TABLES) -> tuple[np.ndarray, np.ndarray]:
    """Fold and classify.

    Args:
        code_points: int array of any shape; what is not a code point counts as U+0000.
        name: of the tables.

    Returns:
        Folded code points and classes, int32 of the same shape.
    """
    pages, entries, values = tables(name)
    known = (code_points >= 0) & (code_points <= sys.maxunicode)
    code_points = np.where(known, code_points, 0).astype(np.int32)
    index = np.where(code_points >= SPECIAL, SPECIAL_AS, np.minimum(code_points, LIMIT - 1))
    value = values[entries[pages[index // PAGE], index % PAGE]]
    return code_points + (value >> 2) - OFFSET, value & 3


def fold(code_point: int) -> int:
    """NFKC and case folding where the result is one code point, identity elsewhere."""
    if 0xD800 <= code_point <= 0xDFFF:
        return code_point
    folded = chr(code_point)
    for step in (str.casefold, functools.partial(unicodedata.normalize, "NFKC")) * 2:
        result = step(folded)
        folded = result if len(result) == 1 else folded
    return ord(folded)


def classify(code_point: int) -> int:
    """SPACE, WORD, SINGLE or TAIL, of a folded code point."""
    category = unicodedata.category(chr(code_point))
    spaceless = any(first <= code_point <= last for first, last in _SPACELESS)
    if code_point in (_SOFT_HYPHEN, _ZWNJ, _ZWJ):
        return WORD
    if code_point in _VARIATION_SELECTORS or code_point in _SKIN_TONES:
        return TAIL
    if category[0] == "Z" or category in ("Cc", "Cf", "Cs"):
        return SPACE
    if category[0] == "M":
        return TAIL if spaceless or category == "Me" else WORD
    if category[0] in "PS" or category == "Co" or spaceless:
        return SINGLE
    return WORD


def build() -> Tables:
    """Make the tables from this Python's `unicodedata`."""
    folded = [fold(code_point) for code_point in range(LIMIT)]
    return packed(folded, [classify(code_point) for code_point in folded])


def packed(folded: Sequence[int], kinds: Sequence[int]) -> Tables:
    """Tables of what each code point below LIMIT becomes, and of its class."""
    flat = [
        (new - old + OFFSET) * 4 + kind for old, (new, kind) in enumerate(zip(folded, kinds, strict=True))
    ]
    values, entries = np.unique(np.array(flat, np.int32), return_inverse=True)
    blocks, pages = np.unique(entries.reshape(-1, PAGE), axis=0, return_inverse=True)
    return Tables(pages.reshape(-1).astype(np.int16), blocks.astype(np.int16), values)


if __name__ == "__main__":
    np.savez_compressed(path(TABLES), **build()._asdict())
