"""Several teachers as one: the mean of their logits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import LabelError, TeacherError
from edgekd.teachers.teacher import SoftLabels, Teacher
from edgekd.teachers.units import spread


class Ensemble:
    """The mean of the logits of teachers with the same task and labels.

    Where their tokenizers make different units, the ensemble's are the finest common ones, and each teacher
    counts for those that it covers.

    Raises:
        TeacherError: there are fewer than two.
        LabelError: their tasks or labels differ.
    """

    def __init__(self, teachers: Sequence[Teacher]) -> None:
        if len(teachers) < 2:
            raise TeacherError("an ensemble of one teacher", expected="two or more, joined by +")
        first = teachers[0]
        for number, other in enumerate(teachers[1:], start=2):
            if (other.task, other.labels) != (first.task, first.labels):
                raise LabelError(
                    f"teacher {number} of the ensemble is for {other.task} with {len(other.labels.labels)} "
                    f"labels and {len(other.labels.slots)} slots; the first is for {first.task} with "
                    f"{len(first.labels.labels)} and {len(first.labels.slots)}, or they are named otherwise",
                    expected="the same task, labels and slots",
                    fix="train the teachers on the same data",
                )
        self.teachers = tuple(teachers)
        self.any_text = all(one.any_text for one in teachers)
        self.task = first.task
        self.labels = first.labels
        self.fingerprint = hashlib.sha256(" ".join(one.fingerprint for one in teachers).encode()).hexdigest()[
            :16
        ]

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """Mean soft labels, in order."""
        for outputs in zip(*(teacher.label(texts) for teacher in self.teachers), strict=True):
            logits = None if outputs[0].logits is None else np.mean([one.logits for one in outputs], axis=0)
            units, tag_logits = _mean_tags(outputs)
            yield SoftLabels(logits, units, tag_logits)


def _mean_tags(outputs: Sequence[SoftLabels]) -> tuple[NDArray[np.int32], NDArray[np.float32] | None]:
    units = outputs[0].units
    if outputs[0].tag_logits is None:
        return units, None
    if all(np.array_equal(units, one.units) for one in outputs[1:]):
        return units, np.mean([one.tag_logits for one in outputs], axis=0)
    units = _common_units([one.units for one in outputs])
    total = np.zeros((len(units), outputs[0].tag_logits.shape[-1]), np.float32)
    count = np.zeros((len(units), 1), np.float32)
    for one in outputs:
        logits, known = spread(one.tag_logits, one.units, units)
        total += logits
        count += known[:, None]
    return units, total / count


def _common_units(several: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """A unit from each start that any of them has, to the next start or to where the last of them ends."""
    starts = np.unique(np.concatenate([units[:, 0] for units in several]))
    ends = np.zeros_like(starts)
    for units in several:
        if len(units):
            holder = np.searchsorted(units[:, 0], starts, side="right") - 1
            covered = (holder >= 0) & (starts < units[holder, 1])
            ends = np.maximum(ends, np.where(covered, units[holder, 1], 0))
    ends[:-1] = np.minimum(ends[:-1], starts[1:])
    return np.stack([starts, ends], axis=1).astype(np.int32)
