"""Random words: new texts in the language, and never from what is held back."""

import numpy as np

from edgekd.data import Example, Span
from edgekd.distill.augment import Step, Substitution, augment

TRAIN = [
    Example("wake me at seven", "en"),
    Example("wecke mich um acht", "de"),
    Example("नमस्ते दुनिया कैसे हैं", "hi"),
]


def substituted(vocabulary=TRAIN, exclude=()):
    step = Step("substitution", Substitution(vocabulary, times=20))
    return augment(TRAIN, [step], exclude=exclude, seed=1).examples


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


def test_words_with_vowel_signs_are_words_too():
    assert {example.language for example in substituted()} == {"en", "de", "hi"}


def test_spans_follow_their_values():
    city = Example("fly to Paris soon", "en", ("fly",), (Span(7, 12, "city"),))
    augmenter = Substitution([Example("abcdefgh xyz", "en")], share=0.5, times=50)
    for example in augmenter([city], np.random.default_rng(1)):
        (span,) = example.spans
        assert example.text[span.start : span.end] == example.text.split()[2]
