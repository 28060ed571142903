"""The numpy reference of the projection: what every runtime must compute, bit by bit.

Written for reading, one token at a time, and independent of the graph in `layers.py`. Arithmetic on hashes
is modulo 2^32.

    mix(h)        h ^= h >> 16; h *= 0x7feb352d; h ^= h >> 15; h *= 0x846ca68b; h ^= h >> 16
    char(c)       mix(c + 1) of a folded code point c
    whole token   sum over i of char(c_i) * POWER^i
    n-gram at i   mix(sum over o of char(c_(i+o)) * TAP_o), o from -(n-1)/2 to (n-1)/2; outside of the token
                  stands BOUNDARY; one n-gram for each character
    expand(h)     for each j < features / 16: w = h * MULTIPLIER_j; w ^= w >> 16; w *= 0x7feb352d;
                  w ^= w >> 15; each pair of bits of w, lowest first, gives 0, +1, -1, 0

A token's features are expand(whole token), ternary, then its n-grams: these are dealt out to groups by the
highest bits of their hashes, and each group is the sum of its expand(n-gram) times sqrt(groups / n), for the
n n-grams of the token, as float32. Groups make a sparse random projection of a dense one (P. Li and others,
Very sparse random projections, 2006): as wide at a fraction of the time, most of which goes to `expand`.
Beyond LONG n-grams the factor is sqrt(groups * LONG) / n, so that a key held down does not dwarf what a
quantized product sees beside it.
`mix` is the finaliser "lowbias32" of C. Wellons (public domain).
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from edgekd.errors import UsageError
from edgekd.text.read import Read
from edgekd.text.tokens import code_points, split, tokenize

VERSION = 2
MIX = (0x7FEB352D, 0x846CA68B)
POWER = 0x2545F491
BOUNDARY = 0x9E3779B1
MAX_NGRAM = 7
GROUPS = (1, 2, 4, 8, 16)
LONG = 16
PAIRS_PER_WORD = 16
PAIRS_PER_BYTE = 4


@dataclass(frozen=True)
class FrontEnd:
    """The settings of the text front end; part of every student and bundle.

    Attributes:
        token_features: width of the whole-token half, a multiple of 16.
        ngram_features: width of the n-gram half, a multiple of 16 in each group; 0 leaves it out.
        ngram_groups: parts of that half, a power of 2; an n-gram adds to one of them.
        ngrams: lengths of the character n-grams, odd.
        max_tokens: tokens past it are cut.
        max_chars: code points past it are cut.
        version: of the tables and constants; a graph of another version has other features.
    """

    token_features: int = 256
    ngram_features: int = 256
    ngram_groups: int = 4
    ngrams: tuple[int, ...] = (3,)
    max_tokens: int = 32
    max_chars: int = 192
    version: int = VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "ngrams", tuple(self.ngrams))
        if self.ngram_groups not in GROUPS:
            raise UsageError(f"ngram_groups is {self.ngram_groups}", expected=f"one of {GROUPS}")
        for name, groups in (("token_features", 1), ("ngram_features", self.ngram_groups)):
            width, least = getattr(self, name), PAIRS_PER_WORD * groups
            if width % least or width < 0:
                raise UsageError(f"{name} is {width}", expected=f"a multiple of {least}, such as {4 * least}")
        if not self.features:
            raise UsageError("the front end has no features", expected="either half above 0")
        if any(n % 2 == 0 or not 1 <= n <= MAX_NGRAM for n in self.ngrams) or not self.ngrams:
            raise UsageError(f"ngrams is {self.ngrams}", expected=f"odd lengths from 1 to {MAX_NGRAM}")
        if self.max_tokens < 1 or self.max_chars < self.max_tokens:
            raise UsageError(
                f"max_tokens is {self.max_tokens} and max_chars is {self.max_chars}",
                expected="1 <= max_tokens <= max_chars",
            )
        if self.version != VERSION:
            raise UsageError(
                f"the text front end has version {self.version}, and this edgekd knows version {VERSION}",
                fix="use the edgekd that made it, or train again",
            )

    @property
    def features(self) -> int:
        """Width of a token's features."""
        return self.token_features + self.ngram_features

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of what stands for a token, in `dtype`."""
        return (self.features,)

    dtype: ClassVar[str] = "float32"

    def read(self, text: str) -> Read:
        """`text_features`."""
        return text_features(text, self)

    def count(self, text: str) -> int:
        """Tokens of a text, however long."""
        return len(tokenize(text))

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return {**asdict(self), "ngrams": list(self.ngrams)}


@functools.cache
def odd_constants(seed: int, count: int) -> np.ndarray:
    """`count` odd 32-bit numbers: a sequence of splitmix32."""
    state = (seed + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)).astype(np.uint32)
    return mix(state) | np.uint32(1)


def multipliers(features: int) -> np.ndarray:
    """The multiplier of each 32-bit word of an expansion, uint32 (features / 16,)."""
    return odd_constants(1, features // PAIRS_PER_WORD)


def taps(n: int) -> np.ndarray:
    """The multiplier of each character of an n-gram, uint32 (n,)."""
    return odd_constants(100 + n, n)


@functools.cache
def powers(count: int) -> np.ndarray:
    """POWER^0 .. POWER^(count-1), uint32."""
    return np.array([pow(POWER, i, 1 << 32) for i in range(count)], np.uint32)


@functools.cache
def inverse_powers(count: int) -> np.ndarray:
    """POWER^0 .. POWER^-(count-1) modulo 2^32, uint32."""
    return np.array([pow(POWER, -i, 1 << 32) for i in range(count)], np.uint32)


@functools.cache
def ngram_scales(count: int, groups: int) -> np.ndarray:
    """sqrt(groups * min(n, LONG)) / n, 0 for n = 0, up to count, float32: square roots differ by runtime."""
    numbers = np.arange(count + 1, dtype=np.float64)
    scales = np.sqrt(groups * np.minimum(numbers, LONG)) / np.maximum(numbers, 1)
    return scales.astype(np.float32)


@functools.cache
def byte_ternaries() -> np.ndarray:
    """The four ternary values of each byte, int8 (256, 4)."""
    pairs = np.arange(256)[:, None] >> np.arange(0, 8, 2) & 3
    return np.array([0, 1, -1, 0], np.int8)[pairs]


def mix(hashes: np.ndarray) -> np.ndarray:
    """Mix the bits of uint32 hashes of any shape."""
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(MIX[0])
    hashes = (hashes ^ (hashes >> np.uint32(15))) * np.uint32(MIX[1])
    return hashes ^ (hashes >> np.uint32(16))


def expand(hashes: np.ndarray, features: int) -> np.ndarray:
    """Ternary features of hashes, int8 (n, features), from uint32 (n,)."""
    words = hashes[:, None] * multipliers(features)
    words = (words ^ (words >> np.uint32(16))) * np.uint32(MIX[0])
    words = words ^ (words >> np.uint32(15))
    return byte_ternaries()[words.astype("<u4").view(np.uint8)].reshape(len(hashes), features)


def token_hash(folded: np.ndarray) -> np.uint32:
    """The hash of a whole token, from its folded code points (chars,)."""
    chars = mix(folded.astype(np.uint32) + np.uint32(1))
    return np.sum(chars * powers(len(chars)), dtype=np.uint32)


def ngram_hashes(folded: np.ndarray, n: int) -> np.ndarray:
    """The hashes of the n-grams of a token, uint32 (chars,), from its folded code points (chars,)."""
    chars = mix(folded.astype(np.uint32) + np.uint32(1))
    padded = np.pad(chars, n // 2, constant_values=np.uint32(BOUNDARY))
    windows = np.lib.stride_tricks.sliding_window_view(padded, n)
    return mix(np.sum(windows * taps(n), axis=1, dtype=np.uint32))


def ngram_counts(folded: np.ndarray, front_end: FrontEnd) -> tuple[np.ndarray, np.float32]:
    """The sums over a token's n-grams, int32 (ngram_features,), and the factor that scales them.

    Args:
        folded: the token's folded code points (chars,).
        front_end: the settings.
    """
    groups = front_end.ngram_groups
    grams = np.concatenate([ngram_hashes(folded, n) for n in front_end.ngrams])
    group_of = grams.astype(np.uint64) * np.uint64(groups) >> np.uint64(32)
    expanded = expand(grams, front_end.ngram_features // groups)
    counts = [expanded[group_of == group].sum(axis=0, dtype=np.int32) for group in range(groups)]
    return np.concatenate(counts), ngram_scales(len(grams), groups)[len(grams)]


def token_features(folded: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """The features of one token, float32 (features,), read-only, from its folded code points (chars,)."""
    return _features_of(folded.astype(np.int32).tobytes(), front_end)


@functools.lru_cache(maxsize=1 << 14)
def _features_of(token: bytes, front_end: FrontEnd) -> np.ndarray:
    """Kept, since most tokens of a text have come before."""
    folded = np.frombuffer(token, np.int32)
    whole = expand(token_hash(folded)[None], front_end.token_features)[0].astype(np.float32)
    counts, scale = ngram_counts(folded, front_end)
    features = np.concatenate([whole, counts.astype(np.float32) * scale])
    features.setflags(write=False)
    return features


def text_features(text: str, front_end: FrontEnd) -> Read:
    """The features of a text, float32 (tokens, features), cut to the front end's lengths."""
    folded, spans = split(code_points(text)[: front_end.max_chars])
    kept = spans[: front_end.max_tokens]
    rows = [token_features(folded[start:end], front_end) for start, end in kept]
    return Read(np.array(rows, np.float32).reshape(len(kept), front_end.features), kept, len(spans))
