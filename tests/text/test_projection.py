"""The features of a token: against a second reading of the formulas, frozen vectors, and chance.

`python tests/text/test_projection.py` makes golden_vectors.json again, for a new version of the front end.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.errors import UsageError
from edgekd.export.golden_texts import ODDITIES, SCRIPTS
from edgekd.text.projection import (
    FrontEnd,
    expand,
    mix,
    multipliers,
    ngram_hashes,
    text_features,
    token_features,
    token_hash,
)
from edgekd.text.tokens import code_points, split

GOLDEN = Path(__file__).with_name("golden_vectors.json")
SMALL = FrontEnd(16, 32, 2, (3,), max_tokens=8, max_chars=48)
MASK = 2**32 - 1


def mix_by_hand(h: int) -> int:
    h = (h ^ h >> 16) * 0x7FEB352D & MASK
    h = (h ^ h >> 15) * 0x846CA68B & MASK
    return h ^ h >> 16


def constants_by_hand(seed: int, count: int) -> list[int]:
    return [mix_by_hand(seed + i * 0x9E3779B9 & MASK) | 1 for i in range(1, count + 1)]


def expand_by_hand(h: int, features: int) -> list[int]:
    values = []
    for multiplier in constants_by_hand(1, features // 16):
        w = h * multiplier & MASK
        w = (w ^ w >> 16) * 0x7FEB352D & MASK
        w ^= w >> 15
        values += [(0, 1, -1, 0)[w >> 2 * pair & 3] for pair in range(16)]
    return values


def features_by_hand(folded: list[int], front_end: FrontEnd) -> tuple[list[int], list[int], int]:
    """The whole-token half, the n-gram half before scaling, and the number of n-grams: all in integers."""
    chars = [mix_by_hand(c + 1) for c in folded]
    whole = sum(char * pow(0x2545F491, i, 2**32) for i, char in enumerate(chars)) & MASK
    width, count = front_end.ngram_features // front_end.ngram_groups, 0
    sums = [[0] * width for _ in range(front_end.ngram_groups)]
    for n in front_end.ngrams:
        taps = constants_by_hand(100 + n, n)
        for i in range(len(chars)):
            places = range(i - n // 2, i + n // 2 + 1)
            around = [chars[j] if 0 <= j < len(chars) else 0x9E3779B1 for j in places]
            gram = mix_by_hand(sum(a * b for a, b in zip(around, taps, strict=True)) & MASK)
            group = gram * front_end.ngram_groups // 2**32
            sums[group] = [a + b for a, b in zip(sums[group], expand_by_hand(gram, width), strict=True)]
            count += 1
    return expand_by_hand(whole, front_end.token_features), [a for group in sums for a in group], count


def scale_by_hand(count: int, groups: int) -> np.float32:
    return np.float32(math.sqrt(groups / count) if count <= 16 else math.sqrt(groups * 16) / count)


def golden_vectors() -> dict[str, dict]:
    vectors = {}
    for name, text in {**SCRIPTS, **ODDITIES}.items():
        folded, spans = split(code_points(text)[: SMALL.max_chars])
        tokens = [
            features_by_hand(folded[start:end].tolist(), SMALL) for start, end in spans[: SMALL.max_tokens]
        ]
        vectors[name] = {
            "codepoints": code_points(text)[: SMALL.max_chars].tolist(),
            "spans": spans[: SMALL.max_tokens].tolist(),
            "count": len(spans),
            "whole": ["".join("-0+"[value + 1] for value in whole) for whole, _, _ in tokens],
            "ngrams": [sums for _, sums, _ in tokens],
            "ngram_count": [count for _, _, count in tokens],
        }
    return vectors


@pytest.mark.parametrize("name", [*SCRIPTS, *ODDITIES])
def test_golden_vectors(name: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))[name]
    text = "".join(map(chr, golden["codepoints"]))
    features, spans, count = text_features(text, SMALL)
    assert (spans.tolist(), count) == (golden["spans"], golden["count"])
    for row, whole, ngrams, number in zip(
        features, golden["whole"], golden["ngrams"], golden["ngram_count"], strict=True
    ):
        assert row[:16].tolist() == ["-0+".index(sign) - 1 for sign in whole]
        scale = scale_by_hand(number, SMALL.ngram_groups)
        np.testing.assert_array_equal(row[16:], np.array(ngrams, np.float32) * scale)


@given(
    st.lists(st.integers(0, 0x10FFFF), min_size=1, max_size=24),
    st.sampled_from([(3,), (1,), (5,), (3, 7)]),
    st.sampled_from([(16, 32, 1), (0, 64, 4), (16, 256, 16), (48, 0, 2)]),
)
def test_any_token_by_hand(folded: list[int], ngrams: tuple[int, ...], widths: tuple[int, int, int]) -> None:
    front_end = FrontEnd(*widths, ngrams, max_tokens=4, max_chars=64)
    whole, sums, count = features_by_hand(folded, front_end)
    scale = scale_by_hand(count, front_end.ngram_groups)
    expected = np.concatenate([np.array(whole, np.float32), np.array(sums, np.float32) * scale])
    np.testing.assert_array_equal(token_features(np.array(folded, np.int32), front_end), expected)


@pytest.mark.parametrize("chars", [1, 5, 16, 17, 160, 4000])
def test_a_key_held_down_stays_within_bounds(chars: int) -> None:
    features = token_features(np.full(chars, ord("a"), np.int32), FrontEnd())
    assert 1 <= np.abs(features).max() <= 8


def test_cuts() -> None:
    features, spans, count = text_features("go " * 20, SMALL)
    assert (len(features), len(spans), count) == (8, 8, 16)  # 16 words stand in 48 code points
    assert text_features("", SMALL)[0].shape == (0, 48)


def test_features_are_balanced_and_uncorrelated() -> None:
    hashes = mix(np.arange(20_000, dtype=np.uint32))
    values = expand(hashes, 512).astype(np.float64)
    deviation = 1 / math.sqrt(len(values))
    for value, share in ((0, 0.5), (1, 0.25), (-1, 0.25)):
        assert np.abs((values == value).mean(axis=0) - share).max() < 5 * deviation
    correlation = np.corrcoef(values.T)
    np.fill_diagonal(correlation, 0)
    assert np.abs(correlation).max() < 6 * deviation
    rows = values[:400] @ values[:400].T / 256  # 256 of 512 values are not zero
    np.fill_diagonal(rows, 0)
    assert abs(rows.mean()) < 0.01
    assert rows.std() < 2 / math.sqrt(512)


def test_multipliers_differ() -> None:
    assert len(set(multipliers(2048).tolist())) == 128


def test_one_changed_character_changes_half_of_the_whole_token_features() -> None:
    def of(word: str) -> np.ndarray:
        return expand(token_hash(code_points(word))[None], 256)[0]

    words = ["tomorrow", "завтра", "明", "ワ", "غدا", "कल"]
    for word in words:
        for place in range(len(word)):
            other = word[:place] + chr(ord(word[place]) + 1) + word[place + 1 :]
            assert 0.45 < (of(word) != of(other)).mean() < 0.8  # independent ones differ in 10 of 16


def test_a_misspelt_word_keeps_most_ngrams() -> None:
    right, wrong = (ngram_hashes(code_points(word), 3) for word in ("tomorrow", "tomorow"))
    assert len(set(right.tolist()) & set(wrong.tolist())) >= 5


def words_of_many_scripts() -> list[str]:
    """30,000 distinct words of fifteen alphabets."""
    starts = "aàаαაաאاकকகఅക한አ"
    rng = np.random.default_rng(7)
    words = set()
    while len(words) < 30_000:
        start = ord(starts[rng.integers(len(starts))])
        words.add("".join(chr(start + k) for k in rng.integers(0, 24, rng.integers(2, 10))))
    return sorted(words)


def test_no_script_collapses() -> None:
    folded = {tuple(split(code_points(word))[0].tolist()) for word in words_of_many_scripts()}
    hashes = Counter(int(token_hash(np.array(token))) for token in folded)
    expected = math.comb(len(folded), 2) / 2**32  # 0.1 collisions
    assert len(folded) - len(hashes) <= expected + 4 * math.sqrt(expected) + 1
    features = expand(np.array(sorted(hashes), np.uint32), 256)
    assert len(np.unique(features, axis=0)) == len(hashes)


@pytest.mark.parametrize(
    "settings",
    [
        {"token_features": 100},
        {"ngram_features": -16},
        {"token_features": 0, "ngram_features": 0},
        {"ngrams": (2,)},
        {"ngrams": ()},
        {"ngrams": (9,)},
        {"max_tokens": 0},
        {"max_tokens": 64, "max_chars": 32},
        {"ngram_groups": 3},
        {"ngram_features": 96, "ngram_groups": 4},
        {"version": 1},
    ],
)
def test_wrong_settings(settings: dict) -> None:
    with pytest.raises(UsageError) as caught:
        FrontEnd(**settings)
    assert caught.value.expected or caught.value.fix


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(vector)}" for name, vector in golden_vectors().items()]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
