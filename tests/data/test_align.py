from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.data.align import spans_from_tags, tags_from_spans
from edgekd.data.examples import Span


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def test_spans_become_tags_and_come_back():
    text = "play jazz music in the living room"
    spans = (Span(5, 15, "genre"), Span(23, 34, "room"))
    tags, unreachable = tags_from_spans(spans, words(text))
    assert tags == ["O", "B-genre", "I-genre", "O", "O", "B-room", "I-room"]
    assert unreachable == []
    assert spans_from_tags(tags, words(text)) == spans


def test_neighbouring_spans_of_one_slot_stay_two():
    spans = (Span(0, 1, "x"), Span(2, 3, "x"))
    tags, _ = tags_from_spans(spans, [(0, 1), (2, 3)])
    assert tags == ["B-x", "B-x"]
    assert spans_from_tags(tags, [(0, 1), (2, 3)]) == spans


def test_a_span_inside_a_token_is_unreachable_but_tagged():
    tags, unreachable = tags_from_spans([Span(0, 3, "day")], [(0, 6), (7, 9)])
    assert tags == ["B-day", "O"]
    assert unreachable == [Span(0, 3, "day")]


def test_a_span_with_a_space_around_it_is_unreachable():
    tags, unreachable = tags_from_spans([Span(4, 8, "x")], [(0, 4), (5, 8)])
    assert tags == ["O", "B-x"]
    assert unreachable == [Span(4, 8, "x")]


def test_two_spans_in_one_token_leave_it_to_the_first():
    spans = [Span(0, 2, "a"), Span(2, 8, "b")]
    tags, unreachable = tags_from_spans(spans, [(0, 4), (5, 8)])
    assert tags == ["B-a", "B-b"]
    assert unreachable == spans


def test_a_span_without_any_token_is_unreachable():
    assert tags_from_spans([Span(1, 2, "x")], [(0, 1)]) == (["O"], [Span(1, 2, "x")])


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        (["O", "I-a", "I-a"], [(2, 5, "a")]),
        (["B-a", "I-b", "O"], [(0, 1, "a"), (2, 3, "b")]),
        (["I-a", "B-a", "I-a"], [(0, 1, "a"), (2, 5, "a")]),
        (["B-a", "O", "I-a"], [(0, 1, "a"), (4, 5, "a")]),
        (["S-a", "B-a", "E-a"], [(0, 1, "a"), (2, 5, "a")]),
        (["U-a", "B-a", "L-a"], [(0, 1, "a"), (2, 5, "a")]),
        (["B-a-b", "I-a-b", "O"], [(0, 3, "a-b")]),
        (["B-a"], [(0, 1, "a")]),
        ([], []),
    ],
)
def test_tolerant_decoding(tags, spans):
    assert spans_from_tags(tags, [(0, 1), (2, 3), (4, 5)]) == tuple(Span(*span) for span in spans)


@st.composite
def tokens_and_spans(draw):
    """Tokens with gaps, and spans with arbitrary ends."""
    steps = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=8))
    tokens, at = [], 0
    for gap, length in steps:
        tokens.append((at + gap, at + gap + length))
        at += gap + length
    ends = sorted(draw(st.sets(st.integers(0, at + 2), max_size=8)))
    slots = st.sampled_from(["a", "b"])
    spans = [Span(start, end, draw(slots)) for start, end in zip(ends[::2], ends[1::2], strict=False)]
    return tokens, spans


@given(tokens_and_spans())
def test_reachable_is_what_comes_back(case):
    tokens, spans = case
    tags, unreachable = tags_from_spans(spans, tokens)
    decoded = spans_from_tags(tags, tokens)
    assert len(tags) == len(tokens)
    assert set(spans) - set(unreachable) <= set(decoded)
    assert not set(unreachable) & set(decoded)
