"""Small random edits: words swapped, deleted or split, and slips of the finger.

Swapping and deleting words are those of EDA (Wei and Zou, 2019). Nothing is moved into a slot or out of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter, some
from edgekd.distill.augment.changes import Change, changed, is_word, owners, words
from edgekd.distill.augment.keyboards import neighbours
from edgekd.text.tokens import tokenize

_SHORTEST_SPLIT = 4


@dataclass(frozen=True)
class Swap(Augmenter):
    """Words of a text change places, two of the same slot or two outside of slots.

    Attributes:
        share: of the words that are the first of a pair, one at least.
        times: tries for each example.
    """

    share: float = 0.1
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            found = words(example)
            together: dict[int, list[int]] = defaultdict(list)
            for number, word in enumerate(found):
                together[word.owner].append(number)
            for _ in range(self.times if len(found) > 1 else 0):
                order = list(range(len(found)))
                for first in np.flatnonzero(some(len(found), self.share, rng)):
                    places = together[found[first].owner]
                    second = places[int(rng.integers(len(places)))]
                    order[first], order[second] = order[second], order[first]
                yield changed(
                    example,
                    [
                        Change(word.start, word.end, example.text[found[source].start : found[source].end])
                        for word, source in zip(found, order, strict=True)
                    ],
                )


@dataclass(frozen=True)
class Deletion(Augmenter):
    """Words go, each with the space after it, but never all of them.

    Attributes:
        share: of the words that go, one at least.
        times: tries for each example.
    """

    share: float = 0.1
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            found = words(example)
            for _ in range(self.times if len(found) > 1 else 0):
                chosen = some(len(found), self.share, rng)
                if chosen.all():
                    chosen[int(rng.integers(len(found)))] = False
                gone = set()
                for number in np.flatnonzero(chosen):
                    end = found[number].end
                    while example.text[end : end + 1].isspace():
                        end += 1
                    gone.update(range(found[number].start, end))
                kept = [place for place in range(len(example.text)) if place not in gone]
                while example.text[kept[-1]].isspace():
                    gone.add(kept.pop())
                # Character by character, since the space after a word may be that after its slot.
                yield changed(example, [Change(place, place + 1, "") for place in sorted(gone)])


@dataclass(frozen=True)
class Splitting(Augmenter):
    """Words of four characters or more fall in two.

    Attributes:
        share: of these words that do, one at least.
        times: tries for each example.
    """

    share: float = 0.1
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            text = example.text
            # Before a letter only: a mark stays with what it is written on.
            cuts = [
                [place for place in range(start + 1, end) if text[place].isalpha()]
                for start, end, _ in words(example)
                if end - start >= _SHORTEST_SPLIT
            ]
            cuts = [places for places in cuts if places]
            for _ in range(self.times if cuts else 0):
                changes = []
                for number in np.flatnonzero(some(len(cuts), self.share, rng)):
                    place = cuts[number][int(rng.integers(len(cuts[number])))]
                    changes.append(Change(place - 1, place, text[place - 1] + " "))
                yield changed(example, changes)


@dataclass(frozen=True)
class TypingNoise(Augmenter):
    """Slips of the finger on the keyboard of the language.

    A letter is left out, changes places with the next, is typed as a neighbour of its key, or has a neighbour
    typed after it: each as likely as the others, where the letter allows it.

    Attributes:
        share: of the letters that are mistyped, one at least.
        times: tries for each example.
    """

    share: float = 0.05
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            owner = owners(example)
            letters = [
                place
                for start, end in tokenize(example.text)
                if is_word(example.text[start:end])
                for place in range(start, end)
            ]
            for _ in range(self.times if len(letters) > 1 else 0):
                changes: list[Change] = []
                for number in np.flatnonzero(some(len(letters), self.share, rng)):
                    if not changes or letters[number] >= changes[-1].end:
                        kinds = _slips(example, letters[number], letters[number + 1 : number + 2], owner)
                        slips = kinds[int(rng.integers(len(kinds)))]
                        changes.append(slips[int(rng.integers(len(slips)))])
                yield changed(example, changes)


def _slips(example: Example, place: int, after: list[int], owner: Sequence[int]) -> list[list[Change]]:
    """What may happen to the letter at `place`, by kind; `after` is the place of the next letter, if any."""
    text, letter = example.text, example.text[place]
    near = neighbours(letter, example.language)
    kinds = [[Change(place, place + 1, "")]]
    if after == [place + 1] and text[place + 1] != letter and owner[place] == owner[place + 1]:
        kinds.append([Change(place, place + 2, text[place + 1] + letter)])
    if near:
        kinds.append([Change(place, place + 1, other) for other in near])
        kinds.append([Change(place, place + 1, letter + other) for other in near])
    return kinds
