"""Words of one other language a text, in the shares asked for."""

from __future__ import annotations

import numpy as np

from edgekd.data import Example, Span
from edgekd.distill.augment.code_switching import CodeSwitching

LEXICONS = {
    "en": {
        "de": {"wake": ["weck"], "me": ["mich"], "at": ["um"], "seven": ["sieben"]},
        "fr": {"wake": ["réveille"], "me": ["moi"], "at": ["à"], "seven": ["sept"]},
    }
}
EXAMPLE = Example("wake me at seven", "en-GB", ("wake",), (Span(11, 16, "time"),))


def test_one_other_language_a_text():
    made = list(CodeSwitching(LEXICONS, share=0.5, times=100)([EXAMPLE], np.random.default_rng(1)))
    german, french = (
        {word for others in LEXICONS["en"][to].values() for word in others} for to in ("de", "fr")
    )
    kinds = [(bool(german & set(e.text.split())), bool(french & set(e.text.split()))) for e in made]
    assert set(kinds) == {(True, False), (False, True)}
    assert 30 < kinds.count((True, False)) < 70
    assert {example.language for example in made} == {"en-GB"}


def test_the_slot_goes_with_its_word():
    (made,) = CodeSwitching({"en": {"fr": LEXICONS["en"]["fr"]}}, share=1.0)(
        [EXAMPLE], np.random.default_rng(1)
    )
    assert made == Example("réveille moi à sept", "en-GB", ("wake",), (Span(15, 19, "time"),))


def test_other_languages_are_passed_over():
    assert not list(CodeSwitching(LEXICONS)([Example("wake me", "nl")], np.random.default_rng(1)))
