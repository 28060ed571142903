"""The texts that runtimes are compared on: the golden ones, and random strings over all of Unicode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Texts:
    """Texts as code points, one after the other, which hold what not every language's strings can.

    Attributes:
        codepoints: int32 (all code points,).
        ends: int64 (texts,), where each text ends in `codepoints`.
    """

    codepoints: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[np.ndarray]) -> Texts:
        """From the code points of each text, int32 (chars,)."""
        parts = list(texts)
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        return cls(np.concatenate([np.zeros(0, np.int32), *parts]).astype(np.int32), ends)

    @classmethod
    def load(cls, path: str | Path) -> Texts:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["codepoints"], arrays["ends"])

    def save(self, path: str | Path) -> None:
        """Write an .npz file."""
        np.savez_compressed(path, codepoints=self.codepoints, ends=self.ends)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> np.ndarray:
        """The code points of a text, int32 (chars,)."""
        return self.codepoints[self.ends[index - 1] if index else 0 : self.ends[index]]

    def string(self, index: int) -> str:
        """A text as Python's string, lone surrogates included."""
        return "".join(map(chr, self[index].tolist()))


def random_texts(count: int, max_chars: int, seed: int, words: Iterable[str]) -> list[np.ndarray]:
    """Random strings, the same for the same seed.

    Args:
        count: how many.
        max_chars: that a student reads; a tenth of the texts are up to twice as long, a tenth very short.
        seed: of everything random.
        words: real words of many scripts, some of which are mixed in.

    Returns:
        The code points of each, int32 (chars,). A text is a row of short runs, each of one of KINDS.
    """
    rng = np.random.default_rng(seed)
    known = [np.array([ord(char) for char in word], np.int32) for word in words]

    def real_words(rng: np.random.Generator, length: int) -> np.ndarray:
        picked = [known[index] for index in rng.integers(len(known), size=1 + length // 4)]
        return np.concatenate([part for word in picked for part in (word, _BLANK)])[:length]

    kinds = [*KINDS.values(), real_words]
    longest = np.array([9, max_chars // 2, max_chars + 1, 2 * max_chars])
    texts = []
    for limit in rng.choice(longest, p=[0.1, 0.5, 0.3, 0.1], size=count):
        length = int(rng.integers(limit))
        runs, total = [np.zeros(0, np.int32)], 0
        while total < length:
            run = kinds[rng.integers(len(kinds))](rng, 1 + int(rng.geometric(1 / 8)))
            runs.append(run)
            total += len(run)
        texts.append(np.concatenate(runs)[:length].astype(np.int32))
    return texts


def _from(*ranges: tuple[int, int]) -> Draw:
    """Code points of inclusive ranges, each range as likely as another."""
    firsts, lasts = np.array(ranges).T

    def draw(rng: np.random.Generator, length: int) -> np.ndarray:
        picked = rng.integers(len(firsts), size=length)
        return rng.integers(firsts[picked], lasts[picked] + 1)

    return draw


def _one_script(rng: np.random.Generator, length: int) -> np.ndarray:
    """Code points of one page of 128, such as a script has; small scripts as often as Han."""
    first, last = _AREAS[rng.integers(len(_AREAS))]
    return int(rng.integers(first // 128, last // 128)) * 128 + rng.integers(128, size=length)


def _marked_letters(rng: np.random.Generator, length: int) -> np.ndarray:
    """Letters with marks, joiners and selectors on them, and sometimes these alone."""
    letters, marks = _LETTERS(rng, length), _MARKS(rng, length)
    return np.where(rng.random(length) < 0.4, letters, marks)


_AREAS = (
    *[(0, 0x3400)] * 3,
    (0x3400, 0xA000),
    (0xA000, 0x10000),
    (0x10000, 0x14700),
    (0x16000, 0x20000),
    (0x20000, 0x32000),
)
_BLANK = np.array([0x20], np.int32)
_LETTERS = _from((0x61, 0x7A), (0x391, 0x3C9), (0x5D0, 0x5EA), (0x628, 0x64A), (0x915, 0x939), (0xE01, 0xE2E))
_MARKS = _from(
    (0x300, 0x36F), (0x591, 0x5BD), (0x64B, 0x65F), (0x900, 0x903), (0x93C, 0x94D), (0xE31, 0xE3A),
    (0xE47, 0xE4E), (0x1AB0, 0x1ACE), (0x20D0, 0x20F0), (0x200B, 0x200F), (0xFE00, 0xFE2F),
    (0x1F3FB, 0x1F3FF), (0xE0100, 0xE01EF),
)  # fmt: skip

KINDS: Mapping[str, Draw] = {
    "any code point of any plane": _from((0, 0x10FFFF)),
    "the first planes": _from((0, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x3FFFF)),
    "one script": _one_script,
    "another script": _one_script,
    "letters with marks": _marked_letters,
    "lone and paired surrogates": _from((0xD800, 0xDBFF), (0xDC00, 0xDFFF)),
    "controls": _from((0, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),
    "spaces": _from((0x20, 0x20), (0x9, 0xD), (0xA0, 0xA0), (0x2000, 0x200A), (0x3000, 0x3000)),
    "digits": _from((0x30, 0x39), (0x660, 0x669), (0x966, 0x96F), (0xFF10, 0xFF19), (0x1D7CE, 0x1D7FF)),
    "ASCII": _from((0x20, 0x7E)),
    "emoji": _from((0x1F300, 0x1FAFF), (0x1F1E6, 0x1F1FF), (0x2600, 0x27BF), (0x200D, 0x200D)),
}
"""What a run of a random text is made of."""
