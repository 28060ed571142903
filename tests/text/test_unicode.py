"""The tables of the front end: folding against TensorFlow Text, classes against what the scripts are."""

from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pytest

from edgekd.text.unicode import LIMIT, SINGLE, SPACE, TAIL, WORD, build, look_up, tables

SURROGATES = range(0xD800, 0xE000)


def classes(text: str) -> list[int]:
    return look_up(np.array([ord(character) for character in text], np.int32))[1].tolist()


def folded(text: str) -> str:
    return "".join(map(chr, look_up(np.array([ord(character) for character in text], np.int32))[0]))


def test_folding_is_that_of_tensorflow_text_wherever_it_gives_one_code_point() -> None:
    tf = pytest.importorskip("tensorflow")
    tensorflow_text = pytest.importorskip("tensorflow_text")
    # Of newer versions of Unicode the tables know nothing, and from LIMIT on they keep every code point.
    known = [
        number
        for number in range(LIMIT)
        if number not in SURROGATES and unicodedata.category(chr(number)) != "Cn"
    ]
    code_points = np.array(known, np.int32)
    strings = tf.strings.unicode_encode(code_points[:, None], "UTF-8")
    oracle = tensorflow_text.case_fold_utf8(strings)  # includes NFKC
    single = tf.strings.length(oracle, "UTF8_CHAR").numpy() == 1
    assert single.sum() > 80_000
    expected = tf.strings.unicode_decode(tf.boolean_mask(oracle, single), "UTF-8").flat_values.numpy()
    np.testing.assert_array_equal(look_up(code_points[single])[0], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABCÄÖΣЖ", "abcäöσж"),
        ("ς", "σ"),
        ("ＡＢ１！", "ab1!"),
        ("①²ª", "12a"),
        ("ｱ", "ア"),
        ("Ⅷß½ﬁİ", "Ⅷ".lower() + "ß½ﬁİ"),  # the last four would become several
        ("\u3000\u00a0", "  "),
        ("𝐖𐐀", "w𐐨"),
        ("\ud800\udfff", "\ud800\udfff"),
        ("漢字かな", "漢字かな"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


@pytest.mark.parametrize(
    "letters",
    [
        "aZß9",
        "Жя",
        "Ωά",
        "աԲ",
        "გ",
        "אב",
        "سلام٧",
        "कि्",
        "কি",
        "ਕੁ",
        "கு",
        "తె",
        "ക്ഷ",
        "අා",
        "한글ㄱ",
        "አማ",
        "ᠮᠣ",
        "བོད",
        "ᎣᏏ",
    ],
)
def test_scripts_with_spaces_are_words(letters: str) -> None:
    assert set(classes(letters)) == {WORD}


@pytest.mark.parametrize(
    "letters", ["漢字", "かなカナ", "ไทย", "ລາວ", "ខមែ"[:2], "မက", "ㄅㄆ", "ꀀ", "𠀀𪛖", "〇々", "ｱ"]
)
def test_scripts_without_spaces_are_single(letters: str) -> None:
    assert set(classes(letters)) == {SINGLE}


def test_what_binds_and_what_parts() -> None:
    assert classes(" \t\n\0\x7f\u00a0\u2028\u3000\ufeff\u200b\u202e") == [SPACE] * 11
    assert classes("\u200c\u200d\u00ad") == [WORD] * 3
    assert classes("e\u0301") == [WORD, WORD]
    assert classes("\u0e31\u0e48\u17b6\u102d") == [TAIL] * 4
    assert classes("\ufe0f\U0001f3fd\u20e3\U000e0067\U000e0100") == [TAIL] * 5
    assert classes("!?,-'€+😀🇩\ue000\U000f0000\U0010ffff"[:-1]) == [SINGLE] * 10 + [TAIL]
    assert classes("\ud800\udfff") == [SPACE] * 2


def test_any_number_has_a_class() -> None:
    every = np.arange(-5, sys.maxunicode + 6, dtype=np.int32)
    points, kinds = look_up(every)
    assert set(np.unique(kinds)) == {SPACE, WORD, SINGLE, TAIL}
    assert points.min() >= 0
    assert points.max() <= sys.maxunicode
    for outside in (-1, sys.maxunicode + 1, -(2**31), 2**31 - 1):
        point, kind = look_up(np.array([outside], np.int32))
        assert (point[0], kind[0]) == (0, SPACE)


def test_folding_is_done_after_one_step() -> None:
    once, kinds = look_up(np.arange(sys.maxunicode + 1, dtype=np.int32))
    twice, kinds_of_folded = look_up(once)
    np.testing.assert_array_equal(once, twice)
    np.testing.assert_array_equal(kinds, kinds_of_folded)


def test_tables_are_small() -> None:
    assert sum(table.nbytes for table in tables()) < 40_000


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the tables were made from Unicode 14")
def test_tables_are_what_build_makes() -> None:
    for ours, fresh in zip(tables(), build(), strict=True):
        np.testing.assert_array_equal(ours, fresh)
