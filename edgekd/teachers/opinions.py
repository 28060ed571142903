"""What several teachers say of the same text, side by side, and the mix of it.

Every choice is a *decision* among exclusive choices: the label of a text, the tag of each unit, and, where a
text may have several labels, yes or no for each. Teachers are mixed by the weighted mean of their logits,
which is the weighted geometric mean of their probabilities (a logarithmic opinion pool).

A teacher that does not know every label (`edgekd.teachers.label_map`) has an opinion on those that it knows
and on no others. What it does not say is filled in from the mean of the teachers that know all:

- Its probabilities of labels are conditional on the label being one it knows. They are scaled to the
  probability that the complete teachers give to these labels together; the others stay as those have them.
- Its O means "none of my slots", which holds the data's O and all slots that it does not know. It is split
  among them as the complete teachers split it.
- Where a text may have several labels, each is decided by itself, and those that it does not know are as the
  complete teachers have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, LabelSet, Task
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.units import spread

UNKNOWN = -1
"""The number of the right choice where it is not known."""


@dataclass(frozen=True)
class Opinions:
    """Decisions of one kind.

    Attributes:
        logits: float64 (teachers, decisions, choices).
        known: bool (teachers, decisions), whether the teacher says anything; for each decision, one does.
    """

    logits: NDArray[np.float64]
    known: NDArray[np.bool_]

    def mixed(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weighted mean of the logits of those that say anything, (decisions, choices).

        Args:
            weights: (teachers, decisions), or (teachers, 1) for all decisions alike; not negative. Where all
                that speak have no weight, they count alike.
        """
        weights = weights * self.known
        weights = np.where(weights.sum(axis=0) > 0, weights, self.known)
        return np.einsum("kd,kdc->dc", weights / weights.sum(axis=0), self.logits)


@dataclass(frozen=True)
class Side:
    """What the teachers that answer a text say of it, in the labels of the ensemble.

    Attributes:
        labels: one decision; with several labels, one for each, no or yes. None for tagging.
        units: (units, 2), as in SoftLabels.
        tags: one decision for each unit; None where the task has no slots.
    """

    labels: Opinions | None
    units: NDArray[np.int32]
    tags: Opinions | None

    def mixed(
        self, label_weights: NDArray[np.floating], tag_weights: NDArray[np.floating], task: Task
    ) -> SoftLabels:
        """The mix, with weights as `Opinions.mixed` takes them."""
        logits = tag_logits = None
        if self.labels is not None:
            choices = self.labels.mixed(label_weights)
            logits = choices[:, 1] - choices[:, 0] if task is Task.MULTILABEL else choices[0]
            logits = logits.astype(np.float32)
        if self.tags is not None:
            tag_logits = self.tags.mixed(tag_weights).astype(np.float32)
        return SoftLabels(logits, self.units, tag_logits)


def side_by_side(outputs: Sequence[SoftLabels], task: Task) -> Side:
    """The opinions of several teachers on one text, what is missing (NaN) filled in.

    Where their tokenizers make different units, those here are the finest common ones of the teachers that
    know every tag, and each teacher counts for those that it covers.

    Args:
        outputs: at least one of them complete.
    """
    labels = tags = None
    units = outputs[0].units
    if outputs[0].logits is not None:
        logits = _filled_labels(np.stack([one.logits for one in outputs]).astype(np.float64), task)
        if task is Task.MULTILABEL:
            decisions = np.stack([np.zeros_like(logits), logits], axis=-1)
        else:
            decisions = logits[:, None]
        labels = Opinions(decisions, np.ones(decisions.shape[:2], bool))
    if outputs[0].tag_logits is not None:
        units = _common_units([one.units for one in outputs if not np.isnan(one.tag_logits).any()])
        pairs = [_spread(one, units) for one in outputs]
        logits, known = (np.stack(each) for each in zip(*pairs, strict=True))
        tags = Opinions(_filled_tags(logits, known), known)
    return Side(labels, units, tags)


def right_choices(
    side: Side, example: Example | None, labels: LabelSet, task: Task
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the right choices by an example's labels: (label decisions,) and (units,).

    UNKNOWN without an example, and for a label or slot that `labels` does not have.
    """
    of_labels = np.full(0 if side.labels is None else side.labels.logits.shape[1], UNKNOWN)
    of_tags = np.full(len(side.units), UNKNOWN)
    if example is None:
        return of_labels, of_tags
    if task is Task.MULTILABEL:
        of_labels = np.array([name in example.labels for name in labels.labels], np.int64)
    elif task.has_labels and example.labels[0] in labels.labels:
        of_labels[0] = labels.labels.index(example.labels[0])
    if side.tags is not None:
        number = {tag: index for index, tag in enumerate(labels.tags)}
        tags, _ = tags_from_spans(example.spans, side.units.tolist())
        of_tags = np.array([number.get(tag, UNKNOWN) for tag in tags], np.int64)
    return of_labels, of_tags


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities along the last axis."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _filled_labels(logits: NDArray[np.float64], task: Task) -> NDArray[np.float64]:
    """(teachers, labels) without NaN."""
    missing = np.isnan(logits)
    base = logits[~missing.any(axis=1)].mean(axis=0)
    for own, lacks in zip(logits, missing, strict=True):
        if lacks.any() and not lacks.all() and task is not Task.MULTILABEL:
            own[~lacks] += np.logaddexp.reduce(base[~lacks]) - np.logaddexp.reduce(own[~lacks])
        own[lacks] = base[lacks]
    return logits


def _spread(one: SoftLabels, units: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(units, tags), NaN for tags that the teacher does not know; and (units,), where it says anything."""
    has = ~np.isnan(one.tag_logits).any(axis=0)
    logits = np.full((len(units), one.tag_logits.shape[-1]), np.nan)
    logits[:, has], known = spread(one.tag_logits[:, has], one.units, units)
    return logits, known


def _filled_tags(logits: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(teachers, units, tags) without NaN."""
    missing = np.isnan(logits).any(axis=1)
    complete = ~missing.any(axis=1)
    base = Opinions(logits[complete], known[complete]).mixed(np.ones((complete.sum(), 1)))
    for own, outside in zip(logits, missing, strict=True):
        if outside.any():
            outside[0] = True
            split = base[:, outside] - np.logaddexp.reduce(base[:, outside], axis=-1, keepdims=True)
            own[:, outside] = own[:, :1] + split
    return logits


def _common_units(several: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """A unit from each start that any of them has, to the next start or to where the last of them ends."""
    if all(np.array_equal(several[0], units) for units in several[1:]):
        return several[0]
    starts = np.unique(np.concatenate([units[:, 0] for units in several]))
    ends = np.zeros_like(starts)
    for units in several:
        if len(units):
            holder = np.searchsorted(units[:, 0], starts, side="right") - 1
            covered = (holder >= 0) & (starts < units[holder, 1])
            ends = np.maximum(ends, np.where(covered, units[holder, 1], 0))
    ends[:-1] = np.minimum(ends[:-1], starts[1:])
    return np.stack([starts, ends], axis=1).astype(np.int32)
