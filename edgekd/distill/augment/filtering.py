"""Choosing among unlabelled texts by how sure the teacher is of them, and by the label it gives them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import Example, LabelSet, Task
from edgekd.errors import UsageError
from edgekd.runtime.decode import softmax
from edgekd.teachers.teacher import SoftLabels

UNSURE, TOO_MANY = "unsure", "too many of its label"


@dataclass(frozen=True)
class Dropped:
    """A text that was left out.

    Attributes:
        reason: UNSURE or TOO_MANY.
        labels: what the teacher calls it.
    """

    example: Example
    reason: str
    confidence: float
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Filtered:
    """The texts that stay and those that go, each in the order in which they were given.

    Attributes:
        threshold: the confidence that a text needed.
    """

    kept: tuple[Example, ...]
    dropped: tuple[Dropped, ...]
    threshold: float


def filter_texts(
    examples: Sequence[Example],
    soft: Mapping[str, SoftLabels],
    labels: LabelSet,
    task: Task,
    *,
    threshold: float = 0.0,
    quantile: float = 0.0,
    balance: Mapping[str, float] | None = None,
) -> Filtered:
    """Keep the texts of which the teacher is sure, and not too many of a label.

    With `balance`, a label keeps at most its share of the number of sure texts, the surest of them. So what
    is kept is no farther from the wanted shares than the sure texts were, and a label that the teacher finds
    rarely keeps all it has.

    Args:
        soft: the teacher's labels by text.
        labels, task: of the teacher.
        threshold: least `confidence`, 0 to 1.
        quantile: share of the texts, 0 to 1, that are dropped as the least sure; the stricter of both counts.
        balance: wanted share of each label; labels that are not named are not kept. For tasks in which a text
            has one label.

    Raises:
        UsageError: settings outside of their bounds, or labels that the teacher does not have.
    """
    _check(threshold, quantile, balance, labels, task)
    sure = np.array([confidence(soft[example.text], task) for example in examples])
    said = [soft[example.text].decode(labels, task).labels for example in examples]
    if quantile and len(examples):
        threshold = max(threshold, float(np.quantile(sure, quantile)))
    kept = [index for index in range(len(examples)) if sure[index] >= threshold]
    reasons = dict.fromkeys(set(range(len(examples))) - set(kept), UNSURE)
    if balance:
        total = sum(balance.values())
        # A little less than the product, so that 3.0000000000000004 does not count as 4.
        left = {(label,): math.ceil(len(kept) * part / total - 1e-9) for label, part in balance.items()}
        for index in sorted(kept, key=lambda index: -sure[index]):
            left[said[index]] = left.get(said[index], 0) - 1
            if left[said[index]] < 0:
                reasons[index] = TOO_MANY
    return Filtered(
        tuple(example for index, example in enumerate(examples) if index not in reasons),
        tuple(
            Dropped(examples[index], reasons[index], float(sure[index]), said[index])
            for index in sorted(reasons)
        ),
        threshold,
    )


def confidence(soft: SoftLabels, task: Task) -> float:
    """The teacher's probability for the decision of a text that it is least sure of.

    The decisions are its label (or each label, yes or no, where there may be several) and the tag of each
    unit; 1 for a text of which it decides nothing.
    """
    decisions: list[NDArray[np.floating]] = []
    if soft.logits is not None and task is Task.MULTILABEL:
        decisions.append(1 / (1 + np.exp(-np.abs(soft.logits.astype(np.float64)))))
    elif soft.logits is not None:
        decisions.append(softmax(soft.logits.astype(np.float64)[None]).max(axis=-1))
    if soft.tag_logits is not None:
        decisions.append(softmax(soft.tag_logits.astype(np.float64)).max(axis=-1))
    return float(min((decision.min(initial=1) for decision in decisions), default=1.0))


def label_shares(examples: Sequence[Example]) -> dict[str, float]:
    """How often each label occurs in labelled examples, as `balance` wants it."""
    counts = Counter(label for example in examples for label in example.labels)
    return {label: count / counts.total() for label, count in sorted(counts.items())}


def _check(
    threshold: float, quantile: float, balance: Mapping[str, float] | None, labels: LabelSet, task: Task
) -> None:
    if not 0 <= threshold <= 1 or not 0 <= quantile <= 1:
        raise UsageError(
            f"a threshold of {threshold} and a quantile of {quantile} for the teacher's confidence",
            expected="numbers from 0 to 1",
        )
    if balance is None:
        return
    if task not in (Task.CLASSIFICATION, Task.JOINT):
        raise UsageError(
            f"texts for {task.value} cannot be balanced by label",
            expected="a task in which each text has one label",
        )
    if min(balance.values(), default=0) < 0 or not any(balance.values()):
        raise UsageError(
            f"the wanted shares of labels are {dict(balance)}", expected="no share below 0, and one above"
        )
    labels.require(LabelSet(tuple(balance)), ours="the teacher", theirs="the wanted balance")
