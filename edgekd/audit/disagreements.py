"""What a teacher reads differently from the data, surest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgekd.data.align import tags_from_spans
from edgekd.data.decode import best_tags
from edgekd.data.examples import Example, LabelSet, Prediction, Task
from edgekd.runtime.decode import sigmoid, softmax
from edgekd.teachers.teacher import SoftLabels


@dataclass(frozen=True)
class Doubt:
    """One thing that the teacher reads differently.

    Attributes:
        kind: "label" or "slot".
        given, said: by the data and by the teacher; "" for no label or no slot.
        margin: the teacher's probability of what it says, less that of what is given: the ranking of "prune
            by noise rate" (Northcutt et al., 2021, section 3.2). Of a run of words, the least.
    """

    kind: str
    given: str
    said: str
    margin: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What is doubted, however much."""
        return self.kind, self.given, self.said


@dataclass(frozen=True)
class Disagreement:
    """A text with doubts, the surest first.

    Attributes:
        index: of the example in its split.
        said: the teacher's reading.
        agreeing, asked: of several teachers, how many by themselves have the surest doubt too, and how many
            answered.
    """

    index: int
    example: Example
    said: Prediction
    doubts: tuple[Doubt, ...]
    agreeing: int = 1
    asked: int = 1

    @property
    def margin(self) -> float:
        """Of the surest doubt."""
        return self.doubts[0].margin


def disagreements(
    examples: Sequence[Example], soft: Mapping[str, SoftLabels], labels: LabelSet, task: Task
) -> list[Disagreement]:
    """Examples that the teacher reads differently, by their greatest margin.

    Slots are compared as tags of the teacher's units, so that neither a span that these cannot express nor
    text past the teacher's length is a disagreement.
    """
    found = []
    for index, example in enumerate(examples):
        said = soft[example.text]
        doubts = doubts_of(example, said, labels, task)
        if doubts:
            found.append(Disagreement(index, example, said.decode(labels, task), doubts))
    return sorted(found, key=lambda one: (-one.margin, one.index))


def doubts_of(example: Example, said: SoftLabels, labels: LabelSet, task: Task) -> tuple[Doubt, ...]:
    """What a teacher reads differently in one text, the surest first."""
    found = [*_of_labels(example, said, labels, task), *_of_slots(example, said, labels)]
    return tuple(sorted(found, key=lambda doubt: -doubt.margin))


def _of_labels(example: Example, said: SoftLabels, labels: LabelSet, task: Task) -> Iterator[Doubt]:
    if said.logits is None:
        return
    logits = said.logits.astype(np.float64)
    if task is Task.MULTILABEL:
        for name, p in zip(labels.labels, sigmoid(logits), strict=True):
            if (name in example.labels) != (p > 0.5):
                yield Doubt("label", *((name, "") if p < 0.5 else ("", name)), float(abs(2 * p - 1)))
        return
    given, best = labels.labels.index(example.labels[0]), int(logits.argmax())
    if given != best:
        p = softmax(logits)
        yield Doubt("label", example.labels[0], labels.labels[best], float(p[best] - p[given]))


def _of_slots(example: Example, said: SoftLabels, labels: LabelSet) -> list[Doubt]:
    """A doubt for each run of units whose tags differ and are of the same slots."""
    if said.tag_logits is None:
        return []
    tags, _ = tags_from_spans(example.spans, said.units.tolist())
    best = best_tags(said.tag_logits)
    p = softmax(said.tag_logits.astype(np.float64))
    doubts: list[Doubt] = []
    before = None
    for unit, (tag, found) in enumerate(zip(tags, best, strict=True)):
        if labels.tags[found] == tag:
            before = None
            continue
        margin = float(p[unit, found] - p[unit, labels.tags.index(tag)])
        slots = tag[2:], labels.tags[found][2:]
        if slots == before:
            doubts[-1] = replace(doubts[-1], margin=min(doubts[-1].margin, margin))
        else:
            doubts.append(Doubt("slot", *slots, margin))
        before = slots
    return doubts
