"""Recombined texts: new, in the pattern of their origin, and never from what is held back."""

from edgekd.data import Example, Span
from edgekd.distill.augment import recombine, substitute

TRAIN = [
    Example("wake me at seven", "en", ("wake",), (Span(11, 16, "time"),)),
    Example("wake me at noon", "en", ("wake",), (Span(11, 15, "time"),)),
    Example("wecke mich um acht", "de", ("wake",), (Span(14, 18, "time"),)),
    Example("play queen at nine", "en", ("music",), (Span(5, 10, "artist"), Span(14, 18, "time"))),
    Example("hello", "en", ("greet",), ()),
]


def made(**kwargs):
    return list(recombine(TRAIN, 20, **{"exclude": (), "seed": 1, **kwargs}))


def test_values_are_swapped_within_slot_and_language():
    texts = {example.text for example in made()}
    assert texts == {"wake me at nine", "play queen at seven", "play queen at noon"}


def test_they_carry_their_language_and_no_labels():
    assert {(example.language, example.labels, example.spans) for example in made()} == {("en", (), ())}


def test_held_back_texts_do_not_come_out():
    assert "wake me at nine" not in {example.text for example in made(exclude={"wake me at nine"})}


def test_same_seed_same_texts():
    assert made() == made()


def substituted(**kwargs):
    return list(substitute(TRAIN, 20, **{"vocabulary": TRAIN, "exclude": (), "seed": 1, **kwargs}))


def test_words_are_swapped_within_the_language_and_short_ones_stay():
    german = {word for example in TRAIN if example.language == "de" for word in example.text.split()}
    for example in substituted():
        words = example.text.split()
        assert (set(words) <= german) == (example.language == "de")
        assert example.labels == () == example.spans
        assert [word for word in words if len(word) < 3] in (["me", "at"], ["um"], ["at"], [])


def test_some_word_is_new_and_held_back_texts_do_not_come_out():
    texts = {example.text for example in substituted()}
    assert texts and not texts & {example.text for example in TRAIN}
    held_back = sorted(texts)[0]
    assert held_back not in {example.text for example in substituted(exclude={held_back})}


def test_no_words_no_texts():
    assert not substituted(vocabulary=[Example("1 2 3", "en")])
