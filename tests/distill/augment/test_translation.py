"""There and back by any callable, whose faults are told in words."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.data import Example, Span
from edgekd.distill.augment.translation import BackTranslation
from edgekd.errors import TeacherError, UsageError

EXAMPLES = [
    Example("wake me", "en", ("wake",), (Span(5, 7, "who"),)),
    Example(" ", "en"),
    Example("guten Tag", "de", ("greet",)),
    Example("play", "en", ("music",)),
]


def back_translated(translate, *pivots: str, examples=EXAMPLES) -> list[Example]:
    return list(BackTranslation(translate, pivots)(examples, np.random.default_rng(1)))


def test_texts_go_there_and_back_language_by_language():
    asked = []

    def translate(texts, source, target):
        asked.append((texts, source, target))
        return [f"{text} {target} " for text in texts]

    assert back_translated(translate, "fr", "de") == [
        Example("wake me fr  en", "en", ("wake",)),
        Example("play fr  en", "en", ("music",)),
        Example("wake me de  en", "en", ("wake",)),
        Example("play de  en", "en", ("music",)),
        Example("guten Tag fr  de", "de", ("greet",)),
    ]
    assert asked[:2] == [(["wake me", "play"], "en", "fr"), (["wake me fr ", "play fr "], "fr", "en")]
    assert all((source, target) != ("de", "de") for _, source, target in asked)


def test_a_text_without_a_translation_is_left_out():
    def translate(texts, source, target):
        return ["" if text == "play" else text for text in texts]

    assert [example.text for example in back_translated(translate, "fr")] == ["wake me", "guten Tag"]


def raises(texts, source, target):
    raise ConnectionError("the service\nis away")


@pytest.mark.parametrize(
    "translate, said",
    [
        (raises, "failed with ConnectionError"),
        (lambda texts, source, target: None, "gave NoneType"),
        (lambda texts, source, target: texts[0], "gave str"),
        (lambda texts, source, target: texts[1:], "gave 1"),
        (lambda texts, source, target: [*texts, "more"], "gave 3"),
        (lambda texts, source, target: [None for _ in texts], "gave NoneType for a text"),
        (lambda texts, source, target: [b"bytes" for _ in texts], "gave bytes for a text"),
        (lambda texts, source, target: ["  " for _ in texts], "nothing but blanks"),
        (lambda texts: texts, "failed with TypeError"),
    ],
)
def test_faults_of_the_callable_are_told(translate, said):
    with pytest.raises(UsageError, match=said) as caught:
        back_translated(translate, "fr")
    assert "from en to fr" in str(caught.value)


def test_errors_of_our_own_pass():
    def translate(texts, source, target):
        raise TeacherError("no such model")

    with pytest.raises(TeacherError):
        back_translated(translate, "fr")


def test_nothing_to_translate():
    assert back_translated(raises, "fr", examples=[Example("", "en")]) == []
