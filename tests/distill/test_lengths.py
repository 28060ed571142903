"""Lengths that cover the texts, and no more than the kind of student has room for."""

from edgekd.distill.lengths import with_lengths
from edgekd.recipe import PQRNN, Transformer

WORDS = "seven words are in this short text"


def test_the_texts_are_covered():
    config = with_lengths(PQRNN(), [WORDS] * 10)
    assert (config.max_tokens, config.max_chars) == (16, 64)
    assert with_lengths(PQRNN(), [WORDS * 9]).max_tokens >= 9 * 7


def test_what_is_given_stays():
    config = with_lengths(PQRNN(max_tokens=20, max_chars=90), [WORDS])
    assert (config.max_tokens, config.max_chars) == (20, 90)


def test_learned_positions_end():
    texts = ["word " * 300]
    assert with_lengths(Transformer(), texts).max_tokens == 384
    assert with_lengths(Transformer(positions="learned"), texts).max_tokens == 128
