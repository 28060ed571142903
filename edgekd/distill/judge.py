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
    """Scores of all models; from them retention and, where there is a control, the distillation ratio."""
    texts = [example.text for example in examples]
    said: dict[str, list[Prediction]] = {"teacher": [soft[text].decode(labels, task) for text in texts]}
    for name, student in students.items():
        said[name] = [one.decode(labels, task) for one in student.label(texts)]
    scores = {name: score(task, examples, predictions) for name, predictions in said.items()}
    judged = {name: vars(value) for name, value in scores.items()}
    judged["retention"] = _compare(scores, ("student", "teacher"), retention)
    if "control" in scores:
        compared = ("student", "teacher", "control")
        judged["distillation_ratio"] = _compare(scores, compared, distillation_ratio)
    return judged


def _compare(
    scores: Mapping[str, Scores], names: Sequence[str], measure: Callable[..., float | None]
) -> dict[str, Any]:
    """A measure of the scores of these models, by metric: over all and by language."""

    def of(by_model: list[dict[str, float]]) -> dict[str, float | None]:
        return {name: measure(*(metrics[name] for metrics in by_model)) for name in by_model[0]}

    models = [scores[name] for name in names]
    return {
        "overall": of([model.overall for model in models]),
        "by_language": {
            language: of([model.by_language[language] for model in models])
            for language in models[0].by_language
        },
    }
