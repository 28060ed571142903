"""The estimated share of wrong labels, by label and by slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.audit.confident import confident_joint
from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, LabelSet, Task
from edgekd.runtime.decode import sigmoid, softmax
from edgekd.teachers.teacher import SoftLabels

FEWEST = 20
"""Confident cases below which no share is estimated, and cases below which a name is not found elsewhere."""


@dataclass(frozen=True)
class Share:
    """How many of the cases that the data gives a name are wrong.

    Attributes:
        kind: "label" or "slot".
        name: of the label or slot.
        given: cases that have it: texts, or of a slot the teacher's units (words).
        confident: of these, that the teacher is confident about, one way or the other.
        wrong: the estimate, 0 to 1; None where fewer than FEWEST are confident.
        instead: what the teacher finds most often in place of it; None where it finds nothing else, "" for
            no label or no slot.
    """

    kind: str
    name: str
    given: int
    confident: int
    wrong: float | None
    instead: str | None


def shares(
    examples: Sequence[Example], soft: Mapping[str, SoftLabels], labels: LabelSet, task: Task
) -> list[Share]:
    """Of each label and each slot, in the order of `labels`, by confident learning (`confident_joint`).

    Where a text may have several labels, each is a question of its own: has it, or has it not.
    """
    found: list[Share] = []
    if task.has_labels:
        logits = np.stack([soft[example.text].logits for example in examples]).astype(np.float64)
        if task is Task.MULTILABEL:
            for p, name in zip(sigmoid(logits).T, labels.labels, strict=True):
                has = np.array([name in example.labels for example in examples], np.int64)
                found += _shares("label", np.stack([1 - p, p], axis=1), has, ["", name])
        else:
            given = [labels.labels.index(example.labels[0]) for example in examples]
            found += _shares("label", softmax(logits), np.array(given, np.int64), labels.labels)
    if task.has_slots:
        p, given = _slots(examples, soft, labels)
        found += _shares("slot", p, given, ["", *labels.slots])
    return found


def overall(found: Sequence[Share], kind: str) -> float | None:
    """The estimated share over all names of a kind that have an estimate; None without any."""
    judged = [one for one in found if one.kind == kind and one.wrong is not None]
    given = sum(one.given for one in judged)
    return sum(one.wrong * one.given for one in judged) / given if given else None


def _slots(
    examples: Sequence[Example], soft: Mapping[str, SoftLabels], labels: LabelSet
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Of every unit, the probabilities of no slot and of each slot, and the number of the given one."""
    number = {"": 0, **{slot: index for index, slot in enumerate(labels.slots, start=1)}}
    p, given = [], []
    for example in examples:
        said = soft[example.text]
        of_tags = softmax(said.tag_logits)
        p.append(np.concatenate([of_tags[:, :1], of_tags[:, 1::2] + of_tags[:, 2::2]], axis=1))
        tags, _ = tags_from_spans(example.spans, said.units.tolist())
        given += [number[tag[2:]] for tag in tags]
    return np.concatenate(p), np.array(given, np.int64)


def _shares(
    kind: str, p: NDArray[np.floating], given: NDArray[np.int64], names: Sequence[str]
) -> list[Share]:
    """A share for each name but ""; `p` is (cases, names)."""
    joint = confident_joint(p, given, FEWEST)
    counts, confident = np.bincount(given, minlength=len(names)), joint.sum(axis=1)
    found = []
    for number, name in enumerate(names):
        others = joint[number].copy()
        others[number] = 0
        if name and counts[number]:
            wrong = others.sum() / confident[number] if confident[number] >= FEWEST else None
            instead = names[int(others.argmax())] if others.any() else None
            found.append(
                Share(
                    kind,
                    name,
                    int(counts[number]),
                    int(confident[number]),
                    None if wrong is None else float(wrong),
                    instead,
                )
            )
    return found
