"""Each edit does what its name says, and no more."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from edgekd.data import Example, Span
from edgekd.distill.augment.edits import Deletion, Splitting, Swap, TypingNoise
from edgekd.distill.augment.keyboards import neighbours

TEXT = "wake me up at seven, please"


def made(augmenter, example: Example) -> list[Example]:
    return list(augmenter([example], np.random.default_rng(1)))


def texts(augmenter, text: str, language: str = "en") -> list[str]:
    return [example.text for example in made(augmenter, Example(text, language))]


def test_swapped_words_are_the_same_words():
    for text in texts(Swap(times=50), TEXT):
        assert Counter(text.replace(",", " ,").split()) == Counter(TEXT.replace(",", " ,").split())
        assert re.split("[a-z]+", text) == re.split("[a-z]+", TEXT)
    assert len(set(texts(Swap(times=50), TEXT))) > 10


def test_words_do_not_swap_across_slots():
    example = Example("play New York", spans=(Span(5, 13, "song"),))
    assert {other.text for other in made(Swap(times=30), example)} == {"play New York", "play York New"}


def test_deleted_words_leave_no_gap():
    for text in texts(Deletion(share=0.3, times=50), "wake me up at seven"):
        words = text.split()
        assert text == " ".join(words)
        assert 0 < len(words) < 5
        rest = iter(["wake", "me", "up", "at", "seven"])
        assert all(word in rest for word in words)


def test_a_word_is_left():
    assert set(texts(Deletion(share=1.0, times=20), "wake up")) == {"wake", "up"}
    assert texts(Deletion(), "wake") == []


def test_a_deleted_value_takes_its_span_along():
    example = Example("to New York now", spans=(Span(3, 11, "city"),))
    found = {(other.text, other.spans) for other in made(Deletion(share=0.4, times=100), example)}
    assert ("to New now", (Span(3, 6, "city"),)) in found
    assert ("to York now", (Span(3, 7, "city"),)) in found
    assert ("to now", ()) in found
    assert ("to New York", (Span(3, 11, "city"),)) in found


def test_split_words_lose_nothing_and_short_ones_stay():
    for text in texts(Splitting(share=0.0, times=30), "wake me at seven"):
        assert text.replace(" ", "") == "wakemeatseven"
        assert len(text.split()) == 5 and {"me", "at"} <= set(text.split())


def test_marks_stay_with_their_letters():
    for text in texts(Splitting(times=50), "दिल्ली", "hi") + texts(Splitting(times=50), "e\u0301te\u0301s"):
        assert all(part[0].isalpha() for part in text.split())


def test_every_slip_is_one_of_four():
    word = "seven"
    left_out = {word[:i] + word[i + 1 :] for i in range(5)}
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(4)}
    near = [(i, other) for i in range(5) for other in neighbours(word[i], "en")]
    instead = {word[:i] + other + word[i + 1 :] for i, other in near}
    besides = {word[: i + 1] + other + word[i + 1 :] for i, other in near}
    counts = Counter(texts(TypingNoise(share=0.0, times=4000), word))
    assert set(counts) == left_out | swapped | instead | besides
    # A quarter each, but that the last letter has none to change places with.
    for kind, share in ((left_out, 4 / 15), (swapped, 1 / 5), (instead, 4 / 15), (besides, 4 / 15)):
        assert sum(counts[text] for text in kind) / 4000 == pytest.approx(share, abs=0.03)


def test_slips_are_those_of_the_keyboard_of_the_language():
    for language in ("de", "en"):
        slipped = set(texts(TypingNoise(share=0.0, times=500), "tt", language))
        assert ("tz" in slipped) == (language == "de") and ("ty" in slipped) == (language == "en")


def test_digits_and_punctuation_are_not_mistyped():
    assert all("12:30!" in text for text in texts(TypingNoise(share=0.5, times=50), "at 12:30! now"))
