"""What a bundle and its teacher say of a split, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from edgekd.data.examples import Example, Prediction
from edgekd.extras import require
from edgekd.metrics import Scores, score
from edgekd.progress import Progress, silent
from edgekd.runtime import Bundle
from edgekd.teachers.teacher import Teacher


@dataclass(frozen=True)
class Quality:
    """Predictions for a split in its order, and their scores."""

    predictions: tuple[Prediction, ...]
    scores: Scores


@dataclass(frozen=True)
class Difference:
    """An example that student and teacher read differently."""

    example: Example
    student: Prediction
    teacher: Prediction


def student_quality(bundle: Bundle, examples: Sequence[Example], progress: Progress = silent) -> Quality:
    """Run the exported file itself on every example, one text at a time as an app would."""
    predictions = []
    with progress(f"predicting with {bundle.runtime.name}", len(examples)) as advance:
        for example in examples:
            predictions.append(bundle.prediction(example.text))
            advance(1)
    return Quality(tuple(predictions), score(bundle.task, examples, predictions))


def teacher_quality(
    teacher: Teacher, examples: Sequence[Example], store: Path, progress: Progress = silent
) -> Quality:
    """Label every example with the teacher; what `store` holds from an earlier run is not computed again."""
    require("pyarrow", "teachers")
    from edgekd.teachers.store import SoftLabelStore

    soft = SoftLabelStore(store / teacher.fingerprint, teacher).label(
        [example.text for example in examples], progress
    )
    predictions = tuple(soft[example.text].decode(teacher.labels, teacher.task) for example in examples)
    return Quality(predictions, score(teacher.task, examples, predictions))


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


def _same(example: Example, prediction: Prediction) -> bool:
    return set(example.labels) == set(prediction.labels) and set(example.spans) == set(prediction.spans)
