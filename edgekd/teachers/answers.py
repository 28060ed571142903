"""What a teacher, or an ensemble, answers to examples: each teacher is asked once, the mix is made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import Example
from edgekd.teachers.choose import Choice, Decisions, choose
from edgekd.teachers.ensemble import Ensemble
from edgekd.teachers.opinions import Side, right_choices
from edgekd.teachers.teacher import SoftLabels, Teacher
from edgekd.teachers.weights import Weighting, by_confidence

Labeller = Callable[[Teacher, Sequence[str]], Mapping[str, SoftLabels]]
"""How the soft labels of one teacher are got: computed, or taken from a store."""

Weights = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of the decisions on labels and on tags, each (teachers, decisions) or (teachers, 1)."""

_MOST_TEXTS = 4000
"""Of dev, to choose weights by."""


def answers(
    teacher: Teacher,
    examples: Sequence[Example],
    label: Labeller,
    *,
    weighting: Weighting | None = None,
    train: Sequence[Example] = (),
    held_back: Mapping[str, Sequence[Example]] | None = None,
) -> Mapping[str, SoftLabels]:
    """Soft labels of examples, by text.

    In an ensemble, the members that know the language of a text answer it; those of all its languages, where
    the same text comes in several.

    Args:
        teacher: one, or an Ensemble.
        examples: of which the language counts, and not the labels.
        label: gets the soft labels of one teacher for texts.
        weighting: of the members of an ensemble; all alike without.
        train: examples by whose labels teachers may be weighed; not those of a text that is held back too, or
            that has several labels.
        held_back: splits by whose labels no text is weighed. Weights are chosen on the one named "dev".

    Raises:
        LabelError, UsageError: `Ensemble.require`, before any teacher is asked.
    """
    if not isinstance(teacher, Ensemble):
        return label(teacher, [example.text for example in examples])
    weighting, held_back = weighting or Weighting(), held_back or {}
    teacher.require({example.language for example in examples}, weighting)
    who: dict[str, tuple[int, ...]] = {}
    for example in examples:
        members = teacher.who_answers(example.language)
        who[example.text] = tuple(sorted({*who.get(example.text, ()), *members}))
    said = [
        label(member.teacher, [text for text, members in who.items() if number in members])
        for number, member in enumerate(teacher.members)
    ]
    mixture = Mixture(teacher, who, said, weighting, _unambiguous(train, held_back))
    if weighting.kind == "dev":
        mixture.choose(held_back.get("dev", ()))
    return mixture


def at_once(teacher: Teacher, texts: Sequence[str]) -> dict[str, SoftLabels]:
    """A Labeller that keeps everything in memory."""
    return dict(zip(texts, teacher.label(texts), strict=True))


class Mixture(Mapping[str, SoftLabels]):
    """What an ensemble says of texts, mixed when it is asked for.

    Args:
        ensemble: whose members answered.
        who: the numbers of the members that answer each text.
        said: by member, their soft labels by text.
        weighting: of the members.
        gold: examples by text, by whose labels the members may be weighed.

    Attributes:
        choices: of weights on dev, by the members that answer together.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        who: Mapping[str, tuple[int, ...]],
        said: Sequence[Mapping[str, SoftLabels]],
        weighting: Weighting,
        gold: Mapping[str, Example],
    ) -> None:
        self.ensemble = ensemble
        self.weighting = weighting
        self.choices: dict[tuple[int, ...], Choice] = {}
        self._who, self._said, self._gold = who, said, gold

    def __getitem__(self, text: str) -> SoftLabels:
        side = self.side(text)
        return side.mixed(*self.weights(text, side), self.ensemble.task)

    def __iter__(self) -> Iterator[str]:
        return iter(self._who)

    def __len__(self) -> int:
        return len(self._who)

    def side(self, text: str) -> Side:
        """What they say of it, side by side."""
        members = self._who[text]
        return self.ensemble.side(members, [self._said[number][text] for number in members])

    def alone(self, text: str) -> list[SoftLabels]:
        """What each of them says by itself, in the labels of the ensemble."""
        side, task = self.side(text), self.ensemble.task
        return [side.mixed(one[:, None], one[:, None], task) for one in np.eye(len(self._who[text]))]

    def choose(self, dev: Sequence[Example]) -> None:
        """Choose weights for each set of members that answer texts of dev together."""
        for members, examples in self.together(dev).items():
            if len(members) > 1:
                self.choices[members] = choose(self._decisions(examples), len(examples))

    def together(self, examples: Sequence[Example]) -> dict[tuple[int, ...], list[Example]]:
        """Examples by the members that answer them, of many only some, evenly spaced."""
        found: dict[tuple[int, ...], list[Example]] = defaultdict(list)
        for example in examples:
            found[self._who[example.text]].append(example)
        return {members: some[:: -(-len(some) // _MOST_TEXTS)] for members, some in found.items()}

    def right_choices(self, side: Side, example: Example | None) -> tuple[NDArray[np.int64], ...]:
        return right_choices(side, example, self.ensemble.labels, self.ensemble.task)

    def weights(self, text: str, side: Side) -> Weights:
        """By which a text is mixed."""
        members = self._who[text]
        if self.weighting.kind == "confidence":
            right = self.right_choices(side, self._gold.get(text))
            return tuple(
                np.ones((len(members), 1))
                if opinions is None
                else by_confidence(opinions, wanted, self.weighting.temperature)
                for opinions, wanted in zip((side.labels, side.tags), right, strict=True)
            )
        weights = np.ones(len(members))
        if self.weighting.kind == "fixed":
            weights = np.array(self.weighting.weights)[list(members)]
        elif members in self.choices:
            weights = self.choices[members].weights
        return weights[:, None], weights[:, None]

    def _decisions(self, examples: Sequence[Example]) -> list[Decisions]:
        """Those of which every member says something and dev what is right."""
        kinds: tuple[list[tuple], ...] = ([], [])
        for number, example in enumerate(examples):
            side = self.side(example.text)
            right = self.right_choices(side, example)
            for parts, opinions, wanted in zip(kinds, (side.labels, side.tags), right, strict=True):
                if opinions is not None:
                    judged = opinions.known.all(axis=0) & (wanted >= 0)
                    parts.append((opinions.logits[:, judged], wanted[judged], np.full(judged.sum(), number)))
        return [
            Decisions(np.concatenate(logits, axis=1), np.concatenate(wanted), np.concatenate(numbers))
            for logits, wanted, numbers in (zip(*parts, strict=True) for parts in kinds if parts)
        ]


def _unambiguous(train: Sequence[Example], held_back: Mapping[str, Sequence[Example]]) -> dict[str, Example]:
    """Train's examples by text, without those of texts that are held back or labelled in several ways."""
    found = {example.text: example for example in train}
    left_out = {example.text for split in held_back.values() for example in split}
    for example in train:
        first = found[example.text]
        if (example.labels, example.spans) != (first.labels, first.spans):
            left_out.add(example.text)
    return {text: example for text, example in found.items() if text not in left_out}
