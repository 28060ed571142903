"""Texts translated into another language and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.errors import EdgekdError, UsageError

Translate = Callable[[list[str], str, str], Sequence[str]]
"""From texts, their language and another to the translations, in order; languages as the data name them."""

_TEXTS_AT_ONCE = 1024


@dataclass(frozen=True)
class BackTranslation(Augmenter):
    """Translates into each pivot language and back (Sennrich et al., 2016).

    Texts in the pivot language are passed over. Where the values of slots went is not known.

    Attributes:
        translate: any callable, or `translator.Translator`.
        pivots: the languages to go through.

    Raises, when called:
        UsageError: the callable raises, gives not one string for each text, or nothing but blanks.
    """

    translate: Translate
    pivots: tuple[str, ...]
    follows_spans: ClassVar[bool] = False

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        by_language: dict[str, list[Example]] = defaultdict(list)
        for example in examples:
            if example.text.strip():
                by_language[example.language].append(example)
        for language, group in by_language.items():
            for pivot in self.pivots:
                for start in range(0, len(group) if pivot != language else 0, _TEXTS_AT_ONCE):
                    yield from self._there_and_back(group[start : start + _TEXTS_AT_ONCE], language, pivot)

    def _there_and_back(self, examples: list[Example], language: str, pivot: str) -> Iterator[Example]:
        there = self._ask([example.text for example in examples], language, pivot)
        arrived = [(example, text) for example, text in zip(examples, there, strict=True) if text.strip()]
        back = self._ask([text for _, text in arrived], pivot, language)
        for (example, _), text in zip(arrived, back, strict=True):
            yield replace(example, text=text.strip(), spans=())

    def _ask(self, texts: list[str], source: str, target: str) -> list[str]:
        what = f"the translation of {len(texts)} texts from {source} to {target}"
        try:
            answer = self.translate(texts, source, target)
        except EdgekdError:
            raise
        except Exception as error:  # the callable is not ours
            raise _fault(f"{what} failed with {type(error).__name__}: {error}") from error
        if isinstance(answer, str) or not isinstance(answer, Sequence):
            raise _fault(f"{what} gave {type(answer).__name__}, not a list")
        if len(answer) != len(texts):
            raise _fault(f"{what} gave {len(answer)}")
        if wrong := [text for text in answer if not isinstance(text, str)]:
            raise _fault(f"{what} gave {type(wrong[0]).__name__} for a text")
        if not any(map(str.strip, answer)):
            raise _fault(f"{what} gave nothing but blanks")
        return list(answer)


def _fault(given: str) -> UsageError:
    return UsageError(
        given,
        expected="translate(texts, source, target) -> one translation for each text, in order",
        fix="correct the callable, or leave the languages out that it cannot translate",
    )
