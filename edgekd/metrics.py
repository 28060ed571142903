"""What predictions are worth: per metric, over all and per language; and what of a teacher a student kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from edgekd.data.examples import Example, Prediction, Task
from edgekd.errors import DataError

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


def score(task: Task, examples: Sequence[Example], predictions: Sequence[Prediction]) -> Scores:
    """Score one prediction per example, in the same order.

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
    by_language: dict[str, list[tuple[Example, Prediction]]] = defaultdict(list)
    for example, prediction in pairs:
        by_language[example.language].append((example, prediction))
    languages = sorted(by_language)
    return Scores(
        overall=_metrics(task, pairs),
        by_language={language: _metrics(task, by_language[language]) for language in languages},
        counts={language: len(by_language[language]) for language in languages},
    )


def f1(pairs: Iterable[tuple[Collection, Collection]]) -> float:
    """Micro-averaged F1 of (gold, predicted) sets: 2 right / (gold + predicted).

    Where nothing is to be found and nothing was, it is 1.
    """
    right = total = 0
    for gold, predicted in pairs:
        gold, predicted = set(gold), set(predicted)
        right += len(gold & predicted)
        total += len(gold) + len(predicted)
    return 2 * right / total if total else 1.0


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


def _metrics(task: Task, pairs: Sequence[tuple[Example, Prediction]]) -> dict[str, float]:
    metrics = {}
    if task in (Task.CLASSIFICATION, Task.JOINT):
        metrics["accuracy"] = _share(example.labels == prediction.labels for example, prediction in pairs)
    if task is Task.MULTILABEL:
        metrics["micro_f1"] = f1((example.labels, prediction.labels) for example, prediction in pairs)
    if task.has_slots:
        metrics["span_f1"] = f1((example.spans, prediction.spans) for example, prediction in pairs)
    if task is not Task.CLASSIFICATION:
        metrics["exact_match"] = _share(_same(task, *pair) for pair in pairs)
    return metrics


def _same(task: Task, example: Example, prediction: Prediction) -> bool:
    labels = not task.has_labels or set(example.labels) == set(prediction.labels)
    spans = not task.has_slots or set(example.spans) == set(prediction.spans)
    return labels and spans


def _share(outcomes: Iterable[bool]) -> float:
    outcomes = list(outcomes)
    return sum(outcomes) / len(outcomes)
