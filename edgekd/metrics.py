"""What predictions are worth: per metric, over all and per language; and what of a teacher a student kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgekd.data.examples import Example, Prediction, Task
from edgekd.errors import DataError

METRICS = {
    Task.CLASSIFICATION: ("accuracy",),
    Task.MULTILABEL: ("micro_f1", "exact_match"),
    Task.TAGGING: ("span_f1", "exact_match"),
    Task.JOINT: ("accuracy", "span_f1", "exact_match"),
}
"""The metrics of a task."""

MAIN_METRIC = {
    Task.CLASSIFICATION: "accuracy",
    Task.MULTILABEL: "micro_f1",
    Task.TAGGING: "span_f1",
    Task.JOINT: "exact_match",
}
"""The metric by which models of a task are chosen."""

_SHORTEST_WAY = 0.01


@dataclass(frozen=True)
class Scores:
    """Metrics from 0 to 1 by name.

    Attributes:
        overall: over all examples. "accuracy": the one label is right (classification, joint). "micro_f1":
            F1 over all (example, label) pairs (multi-label). "span_f1": F1 over all spans, right where start,
            end and slot are (tagging, joint; conlleval counts so too, on tokens). "exact_match": all labels
            and spans of the example are right (every task but classification, where it is the accuracy).
        by_language: the same for each language alone.
        counts: examples by language.
    """

    overall: dict[str, float]
    by_language: dict[str, dict[str, float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tallies:
    """What each example adds to each metric, which is a sum of hits over a sum of what could be hit.

    Attributes:
        languages: of each example.
        hits, of: by metric, float (examples,): numerator and denominator. For F1 they are twice the right
            ones, and the gold ones plus the predicted ones.
    """

    languages: np.ndarray
    hits: dict[str, np.ndarray]
    of: dict[str, np.ndarray]

    def scores(self) -> Scores:
        """The metrics over all examples and by language."""
        names, counts = np.unique(self.languages, return_counts=True)
        return Scores(
            overall=self._metrics(np.ones(len(self.languages), bool)),
            by_language={str(name): self._metrics(self.languages == name) for name in names},
            counts={str(name): int(count) for name, count in zip(names, counts, strict=True)},
        )

    def _metrics(self, chosen: np.ndarray) -> dict[str, float]:
        return {
            metric: float(metric_of(hits[chosen].sum(), self.of[metric][chosen].sum()))
            for metric, hits in self.hits.items()
        }


def metric_of(hits: np.ndarray | float, of: np.ndarray | float) -> np.ndarray:
    """Hits over what could be hit, of any shape; 1 where nothing was to be found and nothing was."""
    return np.where(np.asarray(of) > 0, hits / np.maximum(of, 1), 1.0)


def tally(task: Task, examples: Sequence[Example], predictions: Sequence[Prediction]) -> Tallies:
    """Compare one prediction per example, in the same order.

    Raises:
        DataError: there are no examples, or not as many predictions.
    """
    if not examples:
        raise DataError("there are no examples to score", expected="a split with at least one example")
    if len(examples) != len(predictions):
        raise DataError(
            f"there are {len(predictions)} predictions for {len(examples)} examples",
            expected="one prediction per example, in the same order",
        )
    pairs = list(zip(examples, predictions, strict=True))
    count: dict[str, Callable[[Example, Prediction], tuple[int, int]]] = {
        "accuracy": lambda one, said: (one.labels == said.labels, 1),
        "micro_f1": lambda one, said: _overlap(one.labels, said.labels),
        "span_f1": lambda one, said: _overlap(one.spans, said.spans),
        "exact_match": lambda one, said: (_same(task, one, said), 1),
    }
    columns = {
        metric: np.array([count[metric](*pair) for pair in pairs], np.float64).T for metric in METRICS[task]
    }
    return Tallies(
        np.array([example.language for example in examples]),
        {metric: hits for metric, (hits, _) in columns.items()},
        {metric: of for metric, (_, of) in columns.items()},
    )


def score(task: Task, examples: Sequence[Example], predictions: Sequence[Prediction]) -> Scores:
    """Score one prediction per example, in the same order; raises as `tally`."""
    return tally(task, examples, predictions).scores()


def retention(student: float, teacher: float) -> float | None:
    """How much of the teacher's quality the student has: S / T. None where the teacher has none."""
    return student / teacher if teacher > 0 else None


def distillation_ratio(student: float, teacher: float, control: float) -> float | None:
    """How much of the way from the control S0 to the teacher distilling went: (S - S0) / (T - S0).

    The control is the same student trained alike without the teacher. None where the teacher is not a point
    above it: of so short a way, the share would be noise.
    """
    way = teacher - control
    return (student - control) / way if way > _SHORTEST_WAY else None


def _overlap(gold: Collection, predicted: Collection) -> tuple[int, int]:
    """What an example adds to F1 = 2 right / (gold + predicted)."""
    gold, predicted = set(gold), set(predicted)
    return 2 * len(gold & predicted), len(gold) + len(predicted)


def _same(task: Task, example: Example, prediction: Prediction) -> bool:
    labels = not task.has_labels or set(example.labels) == set(prediction.labels)
    spans = not task.has_slots or set(example.spans) == set(prediction.spans)
    return labels and spans
