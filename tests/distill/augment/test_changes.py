"""Changes move spans with their values: held against a plain model that labels each character by its span."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from edgekd.data import Example, Span
from edgekd.distill.augment.changes import OUTSIDE, Change, changed, is_word, owners, words

# Scripts with and without marks, characters beyond 16 bits, joiners, a lone surrogate.
CHARACTERS = "aZ éßяйαऔिक्กุ้天가ا👩\u200d\U0001f9d1\ud83d.7"


@st.composite
def examples(draw, characters: str = CHARACTERS) -> Example:
    text = draw(st.text(characters, max_size=30))
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    spans = [Span(start, end, f"slot{number}") for number, (start, end) in enumerate(pairs)]
    return Example(
        text, "en", ("label",), tuple(span for span in spans if text[span.start : span.end].strip())
    )


@st.composite
def examples_and_changes(draw) -> tuple[Example, list[Change]]:
    example = draw(examples())
    owner, changes, place = owners(example), [], 0
    while place < len(owner):
        end = place + 1
        while end < len(owner) and owner[end] == owner[place] and draw(st.booleans()):
            end += 1
        if draw(st.booleans()):
            changes.append(Change(place, end, draw(st.text(CHARACTERS, max_size=4))))
        place = end
    return example, changes


@given(examples_and_changes())
def test_spans_are_where_a_labelling_of_characters_says(case):
    example, changes = case
    owner, characters, done = owners(example), [], 0
    for start, end, new in [*changes, Change(len(owner), len(owner), "")]:
        characters += zip(example.text[done:start], owner[done:start], strict=True)
        characters += [(character, owner[start]) for character in new]
        done = end
    values = {
        number: "".join(character for character, _ in group).strip()
        for number, group in groupby(characters, key=lambda pair: pair[1])
        if number != OUTSIDE
    }
    made = changed(example, changes)
    assert made.text == "".join(character for character, _ in characters)
    assert {span.slot: made.text[span.start : span.end] for span in made.spans} == {
        example.spans[number].slot: value for number, value in values.items() if value
    }
    assert list(made.spans) == sorted(made.spans)
    assert (made.language, made.labels) == (example.language, example.labels)


def test_white_space_at_the_ends_of_a_value_is_not_part_of_it():
    example = Example("to New York now", spans=(Span(3, 11, "city"),))
    assert changed(example, [Change(7, 11, "")]) == Example("to New  now", spans=(Span(3, 6, "city"),))
    assert changed(example, [Change(3, 11, "")]) == Example("to  now")


@given(examples())
def test_words_are_not_cut_by_spans(example):
    for start, end, owner in words(example):
        assert is_word(example.text[start:end])
        for number, span in enumerate(example.spans):
            inside = span.start <= start and end <= span.end
            assert inside == (owner == number)
            assert inside or end <= span.start or span.end <= start


def test_what_a_word_is():
    assert all(map(is_word, ("a", "दुनिया", "กุ้", "天", "e\u0301", "می\u200cخواهم")))
    assert not any(map(is_word, ("", "7", "a1", "\u0301", "\u200d", "👩", ".", "\ud83d")))
