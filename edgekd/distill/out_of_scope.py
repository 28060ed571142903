"""When to say that a text is none of the labels: a threshold on one minus the best label's probability.

The score of a text is 1 - max p(label) over the labels that are in scope, from calibrated probabilities; the
text is out of scope where the score is above the threshold (Hendrycks and Gimpel, 2017, "A Baseline for
Detecting Misclassified and Out-of-Distribution Examples in Neural Networks"). A label of the data's own for
such texts is not in scope, so that what the student gives it raises the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import Dataset, Task
from edgekd.distill.calibration import halves
from edgekd.errors import LabelError, UsageError
from edgekd.runtime.decode import softmax

CUSTOMARY = ("oos", "out_of_scope", "out-of-scope", "out of scope")
"""Names by which a label for such texts is recognised, in capitals or not."""

MOST_REFUSED = 0.05
"""Share of dev's texts that may be refused where no text of dev is out of scope."""


@dataclass(frozen=True)
class OutOfScope:
    """The rule, and what it does to dev.

    The threshold is chosen on all of dev. The figures are cross-fitted: each half of dev is judged with the
    threshold of the other half. Those that need texts out of scope are None where dev has none.

    Attributes:
        label: the data's own label for texts out of scope, if any.
        threshold: a text is out of scope where its score is above this.
        in_scope_refused: share of the texts in scope that are called out of scope.
        recall: share of the texts out of scope that are called so.
        auroc: probability that a text out of scope has the higher score.
        accuracy: of the labels, as they are.
        accuracy_with_rejection: the same where being called out of scope is right for those texts alone.
    """

    label: str | None
    threshold: float
    in_scope_refused: float
    recall: float | None = None
    auroc: float | None = None
    accuracy: float | None = None
    accuracy_with_rejection: float | None = None


def find_label(dataset: Dataset, asked: str | None) -> str | None:
    """The label of the data for texts out of scope: the one asked for, or the first with a customary name.

    Raises:
        LabelError: there is no such label.
        UsageError: the task has no use for one.
    """
    exclusive = dataset.task in (Task.CLASSIFICATION, Task.JOINT)
    labels = dataset.labels.labels
    if asked is None:
        return next((label for label in labels if exclusive and label.casefold() in CUSTOMARY), None)
    if not exclusive:
        raise UsageError(
            f"--out-of-scope-label {asked} with a {dataset.task.value} task",
            expected="a task in which each text has one label",
        )
    if asked not in labels:
        shown = ", ".join(labels[:10]) + (", ..." if len(labels) > 10 else "")
        raise LabelError(
            f"{dataset.name} has no label {asked!r} for texts out of scope",
            expected=f"one of its {len(labels)} labels: {shown}",
            fix="correct --out-of-scope-label, or leave it away if the data has no such texts",
        )
    return asked


def choose(
    logits: NDArray[np.floating], truth: NDArray[np.int_], labels: Sequence[str], label: str | None
) -> OutOfScope | None:
    """Choose the threshold; None where dev has no text in scope.

    Args:
        logits: (texts, labels), of dev, calibrated.
        truth: (texts,), the number of the right label.
        labels: their names.
        label: of texts out of scope, if there is one.
    """
    in_scope = np.array([name != label for name in labels])
    scores = 1.0 - softmax(logits.astype(np.float64))[:, in_scope].max(axis=1, initial=0)
    inside = in_scope[truth]
    if not inside.any():
        return None
    refused = np.zeros(len(scores), bool)
    for fitted, judged in halves(len(scores)):
        refused[judged] = scores[judged] > best_threshold(scores[fitted], inside[fitted])
    threshold, in_scope_refused = best_threshold(scores, inside), float(refused[inside].mean())
    if inside.all():
        return OutOfScope(label, threshold, in_scope_refused)
    right = logits.argmax(axis=1) == truth
    return OutOfScope(
        label,
        threshold,
        in_scope_refused,
        recall=float(refused[~inside].mean()),
        auroc=auroc(scores[~inside], scores[inside]),
        accuracy=float(right.mean()),
        accuracy_with_rejection=float(np.where(refused, ~inside, right).mean()),
    )


def best_threshold(scores: NDArray[np.floating], inside: NDArray[np.bool_]) -> float:
    """The threshold for these scores, between two of them.

    With texts out of scope: the one with the best mean of two shares, of the texts in scope that pass and of
    the others that do not. It weighs both kinds alike however rare the others are in dev, which says little
    about how rare they are in an app. Without them: the lowest that refuses at most MOST_REFUSED.

    Args:
        scores: (texts,), 0 to 1.
        inside: (texts,), whether the text is in scope.
    """
    values = np.unique(scores)
    between = np.append((values[:-1] + values[1:]) / 2, 1.0)
    passed = np.searchsorted(np.sort(scores[inside]), between, "right") / max(inside.sum(), 1)
    if inside.all():
        return float(between[np.argmax(passed >= 1 - MOST_REFUSED)]) if len(scores) else 1.0
    caught = 1 - np.searchsorted(np.sort(scores[~inside]), between, "right") / (~inside).sum()
    return float(between[np.argmax(passed + caught)])


def auroc(higher: NDArray[np.floating], lower: NDArray[np.floating]) -> float:
    """Probability that one of `higher` is above one of `lower`, ties counting half (Mann and Whitney)."""
    lower = np.sort(lower)
    below = np.searchsorted(lower, higher, "left") + np.searchsorted(lower, higher, "right")
    return float(below.mean() / (2 * len(lower)))
