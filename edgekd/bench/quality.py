"""What a bundle and its teacher say of a split, what that is worth, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

from edgekd.data.examples import Example, Prediction, Span, Task
from edgekd.extras import require
from edgekd.metrics import Scores, Tallies, tally
from edgekd.progress import Progress, silent
from edgekd.teachers.teacher import Teacher

_MOST_CONFUSIONS = 12


@dataclass(frozen=True)
class Quality:
    """Predictions for a split in its order, and how they compare with it."""

    predictions: tuple[Prediction, ...]
    tallies: Tallies

    @classmethod
    def of(cls, task: Task, examples: Sequence[Example], predictions: Iterable[Prediction]) -> Quality:
        """Of one prediction per example, in the same order."""
        said = tuple(predictions)
        return cls(said, tally(task, examples, said))

    @cached_property
    def scores(self) -> Scores:
        """The metrics, over all and by language."""
        return self.tallies.scores()


@dataclass(frozen=True)
class Difference:
    """An example that student and teacher read differently."""

    example: Example
    student: Prediction
    teacher: Prediction


def student_quality(task: Task, examples: Sequence[Example], said: Sequence[Any]) -> Quality:
    """What a runner found.

    Args:
        said: for each example its labels, and its slots as [start, end, slot].
    """
    predictions = (Prediction(tuple(labels), tuple(Span(*slot) for slot in slots)) for labels, slots in said)
    return Quality.of(task, examples, predictions)


def teacher_quality(
    teacher: Teacher, examples: Sequence[Example], store: Path, progress: Progress = silent
) -> Quality:
    """Label every example with the teacher; what `store` holds from an earlier run is not computed again."""
    require("pyarrow", "teachers")
    from edgekd.teachers.answers import answers
    from edgekd.teachers.store import stored_labels

    soft = answers(teacher, examples, stored_labels(store, progress))
    predictions = (soft[example.text].decode(teacher.labels, teacher.task) for example in examples)
    return Quality.of(teacher.task, examples, predictions)


def differences(
    examples: Sequence[Example], student: Quality, teacher: Quality, limit: int = 24
) -> list[Difference]:
    """Up to `limit` examples that the teacher gets right and the student does not, languages in turn."""
    by_language: dict[str, list[Difference]] = {}
    for example, ours, theirs in zip(examples, student.predictions, teacher.predictions, strict=True):
        if _same(example, theirs) and not _same(example, ours):
            by_language.setdefault(example.language, []).append(Difference(example, ours, theirs))
    turns = zip_longest(*(by_language[language] for language in sorted(by_language)))
    return [difference for turn in turns for difference in turn if difference is not None][:limit]


def by_label(
    examples: Sequence[Example], student: Quality, teacher: Quality | None
) -> dict[str, list[dict[str, Any]]]:
    """How well each label and each slot is found.

    Returns:
        Under "labels" and "slots", the most frequent first: name, examples that have it, and the F1 of
        student and teacher (None without one).
    """
    return {
        "labels": _names(
            [one.labels for one in examples],
            [one.labels for one in student.predictions],
            teacher and [one.labels for one in teacher.predictions],
            lambda label: label,
        ),
        "slots": _names(
            [one.spans for one in examples],
            [one.spans for one in student.predictions],
            teacher and [one.spans for one in teacher.predictions],
            lambda span: span.slot,
        ),
    }


def confusions(
    examples: Sequence[Example], student: Quality, teacher: Quality | None
) -> list[dict[str, Any]]:
    """Which label the student takes for which, the most frequent first; for tasks of one label.

    Returns:
        expected, said, times, and how often the teacher does the same (None without one).
    """

    def pairs(quality: Quality) -> Counter:
        return Counter(
            (example.labels[0], said.labels[0])
            for example, said in zip(examples, quality.predictions, strict=True)
            if len(example.labels) == 1 and len(said.labels) == 1 and example.labels != said.labels
        )

    theirs = teacher and pairs(teacher)
    return [
        {"expected": pair[0], "said": pair[1], "times": times, "teacher_times": theirs and theirs[pair]}
        for pair, times in pairs(student).most_common(_MOST_CONFUSIONS)
    ]


def _names(gold, ours, theirs, name_of) -> list[dict[str, Any]]:
    def f1(said) -> dict[str, float]:
        right, total = Counter(), Counter()
        for wanted, found in zip(gold, said, strict=True):
            wanted, found = set(wanted), set(found)
            right.update(name_of(one) for one in wanted & found)
            total.update(name_of(one) for one in (*wanted, *found))
        return {name: 2 * right[name] / count for name, count in total.items()}

    counts = Counter(name for wanted in gold for name in {name_of(one) for one in wanted})
    student, teacher = f1(ours), theirs and f1(theirs)
    return [
        {
            "name": name,
            "examples": count,
            "student": student.get(name, 0.0),
            "teacher": teacher and teacher.get(name, 0.0),
        }
        for name, count in counts.most_common()
    ]


def _same(example: Example, prediction: Prediction) -> bool:
    return set(example.labels) == set(prediction.labels) and set(example.spans) == set(prediction.spans)
