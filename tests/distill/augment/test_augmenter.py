"""What holds for every method that follows spans: values stay in their slots, and any text passes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekd.data import Example, Span
from edgekd.distill.augment import Recombination, Substitution
from edgekd.distill.augment.augmenter import some
from edgekd.distill.augment.code_switching import CodeSwitching
from edgekd.distill.augment.edits import Deletion, Splitting, Swap, TypingNoise
from edgekd.distill.augment.lexical import Lexical

# Each slot has a script of its own, and so has what is outside of slots. Words that come in are Latin.
OUTSIDE = ("ξύπνησε", "με", "στις", "αύριο")
VALUES = {
    "CYRILLIC": ("восемь", "новый год", "утро"),
    "DEVANAGARI": ("दिल्ली", "नई दिल्ली", "हि"),
    "THAI": ("กรุงเทพ", "ตั้งปลุก"),
    "CJK": ("北京", "明天早上"),
    "ARABIC": ("می\u200cخواهم", "الرياض"),
}
LEXICON = {
    word.casefold(): ("latin", "two words")
    for phrase in (*OUTSIDE, *(value for values in VALUES.values() for value in values))
    for word in (phrase, *phrase.split())
}
AUGMENTERS = [
    Recombination(times=2),
    Substitution([Example("latin words", language) for language in ("ru", "ru-RU")], share=0.5, times=2),
    Lexical({"ru": LEXICON}, share=0.5, times=2),
    CodeSwitching({"ru": {"en": LEXICON, "de": LEXICON}}, share=0.5, times=2),
    Swap(share=0.5, times=2),
    Deletion(share=0.5, times=2),
    Splitting(share=0.5, times=2),
    TypingNoise(share=0.3, times=2),
]
by_method = pytest.mark.parametrize("augmenter", AUGMENTERS, ids=lambda augmenter: type(augmenter).__name__)


@st.composite
def examples(draw) -> Example:
    text, spans = "", []
    for slot in draw(st.permutations(["", "", *VALUES]))[: draw(st.integers(1, 7))]:
        value = draw(st.sampled_from(VALUES.get(slot, OUTSIDE)))
        text += draw(st.sampled_from(["", " ", " 👩\u200d🔬 ", ", "]))
        if slot:
            spans.append(Span(len(text), len(text) + len(value), slot))
        text += value
    return Example(text, "ru-RU", ("wake",), tuple(spans))


def script(character: str) -> str:
    return unicodedata.name(character, "").split()[0] if character.isalpha() else ""


@by_method
@settings(max_examples=60, deadline=None)
@given(st.lists(examples(), min_size=1, max_size=3), st.integers(0, 2**32))
def test_values_stay_in_their_slots(augmenter, given_examples, seed):
    for example in augmenter(given_examples, np.random.default_rng(seed)):
        assert (example.language, example.labels) == ("ru-RU", ("wake",))
        assert list(example.spans) == sorted(example.spans)
        inside = [""] * len(example.text)
        for span in example.spans:
            value = example.text[span.start : span.end]
            assert value and value == value.strip()
            assert {script(character) for character in value} <= {span.slot, "LATIN", ""}
            inside[span.start : span.end] = [span.slot] * len(value)
        for character, slot in zip(example.text, inside, strict=True):
            assert slot == script(character) or script(character) in ("GREEK", "LATIN", "")
            assert not (slot and script(character) == "GREEK")


ODD = [
    "",
    " ",
    "\t\n",
    "a",
    "👩\u200d👩\u200d👧",
    "👍🏽 ok",
    "\ud83d",
    "a\udc00b \ud800",
    "\u0301\u0301\u0301",
    "e\u0301te\u0301 o\u0308",
    "\u200d",
    "ตั้งปลุกพรุ่งนี้เช้า",
    "İstanbul'da ﬁne ß",
    "?!...",
    "\x00\x1f",
    "word " * 2000,
    "x" * 10_000,
    "ก" * 10_000,
]


@by_method
@pytest.mark.parametrize("language", ["ru", "th", "und", ""])
def test_any_text_passes(augmenter, language):
    given_examples = [Example(text, language) for text in ODD]
    for example in augmenter(given_examples, np.random.default_rng(1)):
        assert isinstance(example.text, str) and example.language == language


@by_method
def test_the_same_generator_gives_the_same_texts(augmenter):
    train = [Example("ξύπνησε με στις восемь", "ru", spans=(Span(16, 22, "CYRILLIC"),))] * 5
    texts = [
        [example.text for example in augmenter(train, np.random.default_rng(seed))] for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 10
    assert texts[0] != texts[2] or isinstance(augmenter, Recombination)


@by_method
def test_more_times_more_texts(augmenter):
    train = [Example("ξύπνησε με στις восемь", "ru", spans=(Span(16, 22, "CYRILLIC"),))]
    more = dataclasses.replace(augmenter, times=7)
    assert len(list(more(train, np.random.default_rng(1)))) == 7


def test_some_are_chosen_by_their_share_and_one_at_least():
    rng = np.random.default_rng(1)
    assert np.mean([some(50, 0.3, rng).mean() for _ in range(400)]) == pytest.approx(0.3 + 0.7 / 50, abs=0.01)
    assert all(some(5, 0.0, rng).sum() == 1 for _ in range(20))
    assert all(some(5, 1.0, rng).all() for _ in range(20))


def test_only_what_runs_a_model_imports_a_framework():
    light = ("code_switching", "edits", "filtering", "lexical", "pipeline", "translation")
    code = "import sys\n" + "".join(f"import edgekd.distill.augment.{name}\n" for name in light)
    code += "print({'torch', 'transformers', 'tensorflow', 'wn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
