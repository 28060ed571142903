"""New texts from labelled ones. They carry no labels: the teacher gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from edgekd.data.examples import Example
from edgekd.text.tokens import tokenize

_SWAPPED = 0.7
_SUBSTITUTED = 0.2
_SHORTEST_SUBSTITUTED = 3


def recombine(
    examples: Sequence[Example], times: int, *, exclude: Collection[str], seed: int
) -> Iterator[Example]:
    """Texts in which slot values are swapped for others of the same slot and language.

    Args:
        examples: labelled with slots; those without are passed over.
        times: tries for each example.
        exclude: texts that must not come out, such as those of the splits that are held back.
        seed: of the choice.

    Yields:
        Each new text once, with its language, without labels.
    """
    rng = np.random.default_rng(seed)
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in examples:
        for span in example.spans:
            values[example.language, span.slot].append(example.text[span.start : span.end])
    seen = {example.text for example in examples} | set(exclude)
    for example in examples:
        for _ in range(times if example.spans else 0):
            parts, end = [], 0
            for span in example.spans:
                choices = values[example.language, span.slot]
                value = choices[int(rng.integers(len(choices)))]
                parts.append(example.text[end : span.start])
                parts.append(value if rng.random() < _SWAPPED else example.text[span.start : span.end])
                end = span.end
            text = "".join(parts) + example.text[end:]
            if text not in seen:
                seen.add(text)
                yield Example(text, example.language)


def substitute(
    examples: Sequence[Example],
    times: int,
    *,
    vocabulary: Iterable[Example],
    exclude: Collection[str],
    seed: int,
) -> Iterator[Example]:
    """Texts in which some words give way to random ones of the language: what the teacher makes of each word.

    Args:
        examples: whose texts are changed.
        times: tries for each.
        vocabulary: texts whose words may come in, as often as they occur.
        exclude: texts that must not come out.
        seed: of the choice.

    Yields:
        Each new text once, with its language, without labels.
    """
    rng = np.random.default_rng(seed)
    words: dict[str, list[str]] = defaultdict(list)
    for example in vocabulary:
        words[example.language] += [example.text[start:end] for start, end in _words(example.text)]
    seen = {example.text for example in examples} | set(exclude)
    for example in examples:
        places, choices = _words(example.text), words[example.language]
        for _ in range(times if places and choices else 0):
            chosen = rng.random(len(places)) < _SUBSTITUTED
            chosen[int(rng.integers(len(places)))] = True
            text, end = "", 0
            for (start, after), given_up in zip(places, chosen, strict=True):
                if given_up:
                    text += example.text[end:start] + choices[int(rng.integers(len(choices)))]
                    end = after
            text += example.text[end:]
            if text not in seen:
                seen.add(text)
                yield Example(text, example.language)


def _words(text: str) -> list[tuple[int, int]]:
    """The tokens of a text that carry meaning by themselves: letters only, and not the shortest."""
    return [
        (start, end)
        for start, end in tokenize(text)
        if end - start >= _SHORTEST_SUBSTITUTED and text[start:end].isalpha()
    ]
