"""Recombined texts: new, in the pattern of their origin, and never from what is held back."""

import numpy as np

from edgekd.data import Example, Span
from edgekd.distill.augment import Recombination, Step, augment

TRAIN = [
    Example("wake me at seven", "en", ("wake",), (Span(11, 16, "time"),)),
    Example("wake me at noon", "en", ("wake",), (Span(11, 15, "time"),)),
    Example("wecke mich um acht", "de", ("wake",), (Span(14, 18, "time"),)),
    Example("play queen at nine", "en", ("music",), (Span(5, 10, "artist"), Span(14, 18, "time"))),
    Example("hello", "en", ("greet",), ()),
]


def made(exclude=()):
    return augment(TRAIN, [Step("recombination", Recombination(20))], exclude=exclude, seed=1).examples


def test_values_are_swapped_within_slot_and_language():
    texts = {example.text for example in made()}
    assert texts == {"wake me at nine", "play queen at seven", "play queen at noon"}


def test_they_carry_their_language_and_no_labels():
    assert {(example.language, example.labels, example.spans) for example in made()} == {("en", (), ())}


def test_held_back_texts_do_not_come_out():
    assert "wake me at nine" not in {example.text for example in made(exclude={"wake me at nine"})}


def test_same_seed_same_texts():
    assert made() == made()


def test_values_take_their_spans_along():
    made = Recombination(20)(TRAIN, np.random.default_rng(1))
    for example in made:
        values = {span.slot: example.text[span.start : span.end] for span in example.spans}
        assert values["time"] in {"seven", "noon", "nine", "acht"}
        assert values.get("artist") == ("queen" if example.text.startswith("play") else None)
        assert example.text.endswith(values["time"])
