from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgekd.teachers.units import Unit, spread, units_of


def test_sub_words_of_one_token_are_one_unit():
    text = "play jazz"
    subwords = [(0, 0), (0, 2), (2, 4), (5, 9), (0, 0)]
    assert units_of(text, [(0, 4), (5, 9)], subwords) == [Unit(0, 4, 1), Unit(5, 9, 3)]


def test_a_sub_word_over_several_tokens_is_one_unit():
    tokens = [(index, index + 1) for index in range(5)]
    assert units_of("กรุงไ", tokens, [(0, 3), (3, 5)]) == [Unit(0, 3, 0), Unit(3, 5, 1)]


def test_the_space_before_a_word_does_not_count():
    assert units_of("a b", [(0, 1), (2, 3)], [(0, 1), (1, 3)]) == [Unit(0, 1, 0), Unit(2, 3, 1)]


def test_a_piece_of_nothing_but_space_starts_no_unit():
    assert units_of("a b", [(0, 1), (2, 3)], [(0, 1), (1, 2), (2, 3)]) == [Unit(0, 1, 0), Unit(2, 3, 2)]


def test_several_sub_words_of_one_character_are_one_unit():
    assert units_of("😀!", [(0, 1), (1, 2)], [(0, 1), (0, 1), (0, 1), (1, 2)]) == [
        Unit(0, 1, 0),
        Unit(1, 2, 3),
    ]


def test_a_sub_word_that_begins_in_a_unit_and_goes_beyond_makes_it_longer():
    assert units_of("abc", [(0, 2), (2, 3)], [(0, 1), (1, 3)]) == [Unit(0, 3, 0)]


def test_tokens_past_the_last_sub_word_have_no_unit():
    assert units_of("a b c", [(0, 1), (2, 3), (4, 5)], [(0, 1)]) == [Unit(0, 1, 0)]


@st.composite
def _cut(draw):
    """A text of letters and spaces with tokens and sub-words cut at random places."""
    text = draw(st.text("ab ", max_size=20))
    cuts = [sorted(draw(st.sets(st.integers(0, len(text))))) for _ in range(2)]
    tokens, subwords = (list(zip(bounds, bounds[1:], strict=False)) for bounds in cuts)
    return (
        text,
        [(start, end) for start, end in tokens if text[start:end].strip() == text[start:end]],
        subwords,
    )


@given(_cut())
def test_units_are_runs_of_whole_tokens_in_order(cut):
    text, tokens, subwords = cut
    units = units_of(text, tokens, subwords)
    assert {unit.start for unit in units} <= {start for start, _ in tokens}
    assert {unit.end for unit in units} <= {end for _, end in tokens}
    for before, after in zip(units, units[1:], strict=False):
        assert before.end <= after.start
        assert before.subword < after.subword
    for start, end in tokens:
        touched = any(max(start, s) < min(end, e) for s, e in subwords)
        held = any(unit.start <= start and end <= unit.end for unit in units)
        assert held == touched


def test_spread_hands_a_unit_to_its_tokens():
    logits = np.array([[0.0, 3.0, 1.0], [2.0, 0.0, -1.0]], np.float32)  # O, B-x, I-x
    units = np.array([[0, 4], [5, 6]], np.int32)
    targets = np.array([[0, 2], [2, 4], [5, 6], [7, 8]], np.int32)
    spread_logits, known = spread(logits, units, targets)
    assert known.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(spread_logits[0], logits[0])
    np.testing.assert_array_equal(spread_logits[2], logits[1])
    # The second half of the unit goes on with x: never O, never a new x.
    assert spread_logits[1].argmax() == 2
    np.testing.assert_allclose(spread_logits[1, 2], np.log(np.exp(3) + np.exp(1)), rtol=1e-6)
    assert spread_logits[1, 1] == logits[0].min()


def test_spread_without_units_knows_nothing():
    logits, known = spread(
        np.zeros((0, 3), np.float32), np.zeros((0, 2), np.int32), np.array([[0, 1]], np.int32)
    )
    assert logits.shape == (1, 3)
    assert not known.any()
