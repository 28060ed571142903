"""Splitting, by examples of each rule and against a reading of the rules letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.text.tokens import code_points, tokenize, tokenize_all
from edgekd.text.unicode import SINGLE, SPACE, TAIL, WORD, look_up


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wake me up, at 7:30!", ["Wake", "me", "up", ",", "at", "7", ":", "30", "!"]),
        ("don't", ["don", "'", "t"]),
        ("Cafe\u0301 nai\u0308ve", ["Cafe\u0301", "nai\u0308ve"]),
        ("मुझे कल", ["मुझे", "कल"]),
        ("क्\u200dष می\u200cخواهم", ["क्\u200dष", "می\u200cخواهم"]),
        ("ที่บ้าน", ["ที่", "บ้", "า", "น"]),
        ("明天 iPhone买", ["明", "天", "iPhone", "买"]),
        ("ខ្ញុំ", ["ខ្", "ញុំ"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("❤️you", ["❤️", "you"]),
        ("e\u0301\u200b\u0301", ["e\u0301", "\u0301"]),
        (" \ufe0fx", ["\ufe0f", "x"]),
        ("a\ud800b", ["a", "b"]),
        ("a\0b", ["a", "b"]),
        ("", []),
        (" \n\u3000", []),
        ("x", ["x"]),
        ("𝐖𐐀 𓀀", ["𝐖𐐀", "𓀀"]),
    ],
)
def test_examples(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def by_the_rules(text: str) -> list[tuple[int, int]]:
    """The rules of `tokens.split`, one character after the other."""
    tokens: list[list[int]] = []
    before, open_ = SPACE, False
    for place, kind in enumerate(look_up(code_points(text))[1].tolist()):
        starts = kind == SINGLE or (kind == WORD and before != WORD) or (kind == TAIL and before == SPACE)
        if starts:
            tokens.append([place, place + 1])
            open_ = True
        elif kind == SPACE:
            open_ = False
        elif open_:
            tokens[-1][1] = place + 1
        before = kind
    return [(start, end) for start, end in tokens]


ANY_TEXT = st.text(st.characters(codec=None, min_codepoint=0, max_codepoint=0x10FFFF), max_size=40)


@given(ANY_TEXT | st.text("aB9 ,'éé\u0301\u200dกำ่漢字👍🏽\ufe0f\0\ud800", max_size=40))
def test_all_texts_are_split_by_the_rules(text: str) -> None:
    assert tokenize(text) == by_the_rules(text)


@given(ANY_TEXT)
def test_tokens_are_in_order_and_leave_out_spaces_only(text: str) -> None:
    spans = tokenize(text)
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:], strict=False))
    kinds = look_up(code_points(text))[1]
    inside = {place for start, end in spans for place in range(start, end)}
    assert all((place in inside) == (kinds[place] != SPACE) for place in range(len(text)))


@given(ANY_TEXT)
def test_code_points(text: str) -> None:
    assert code_points(text).tolist() == [ord(character) for character in text]


@given(st.lists(st.text(max_size=12)))
def test_many_texts_in_one_pass(texts: list[str]) -> None:
    assert tokenize_all(texts) == [tokenize(text) for text in texts]
