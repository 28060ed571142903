"""What a student is worth, beside its teacher and its control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgekd.data.examples import Example, LabelSet, Prediction, Task
from edgekd.metrics import Scores, distillation_ratio, retention, score
from edgekd.students.student import Student
from edgekd.teachers.teacher import SoftLabels


def judge(
    task: Task,
    examples: Sequence[Example],
    labels: LabelSet,
    soft: Mapping[str, SoftLabels],
    students: Mapping[str, Student],
) -> dict[str, Any]:
    """Scores of teacher, student and control, and from them retention and distillation ratio."""
    texts = [example.text for example in examples]
    said: dict[str, list[Prediction]] = {"teacher": [soft[text].decode(labels, task) for text in texts]}
    for name, student in students.items():
        said[name] = [one.decode(labels, task) for one in student.label(texts)]
    scores = {name: score(task, examples, predictions) for name, predictions in said.items()}
    return {
        **{name: vars(value) for name, value in scores.items()},
        "retention": _compare(scores, lambda t, s, c: retention(s, t)),
        "distillation_ratio": _compare(scores, lambda t, s, c: distillation_ratio(s, t, c)),
    }


def _compare(
    scores: Mapping[str, Scores], measure: Callable[[float, float, float], float | None]
) -> dict[str, Any]:
    """A measure of (teacher, student, control), by metric: over all and by language."""

    def of(by_model: list[dict[str, float]]) -> dict[str, float | None]:
        return {name: measure(*(metrics[name] for metrics in by_model)) for name in by_model[0]}

    models = [scores[name] for name in ("teacher", "student", "control")]
    return {
        "overall": of([model.overall for model in models]),
        "by_language": {
            language: of([model.by_language[language] for model in models])
            for language in models[0].by_language
        },
    }
