from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from edgekd.bench.quality import Quality, by_label, confusions, differences, student_quality, teacher_quality
from edgekd.bench.runner.teacher import teacher_call
from edgekd.data.examples import Example, LabelSet, Prediction, Span, Task
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("numbers", "words"), ("number",))
SEVEN = Example("at 7", "en", ("numbers",), (Span(3, 4, "number"),))
NONE = Example("at noon", "en", ("words",))
WRONG = Example("acht", "de", ("numbers",), (Span(0, 4, "number"),))


def quality(examples: list[Example], predictions: list[Prediction]) -> Quality:
    return Quality.of(Task.JOINT, examples, predictions)


class Lazy:
    """A teacher that says `words` to everything, and counts how often it is asked."""

    task, labels, fingerprint, any_text = Task.JOINT, LABELS, "lazy", True

    def __init__(self) -> None:
        self.asked = 0

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        for text in texts:
            self.asked += 1
            units = np.array([[0, len(text)]], np.int32)
            yield SoftLabels(np.array([0, 1], np.float32), units, np.array([[1, 0, 0]], np.float32))


def test_the_student_is_what_the_runner_found() -> None:
    said = [[["numbers"], [[3, 4, "number"]]], [["words"], []], [["words"], []]]
    found = student_quality(Task.JOINT, [SEVEN, NONE, WRONG], said)
    assert found.predictions[0] == Prediction(("numbers",), (Span(3, 4, "number"),))
    scores = found.scores
    assert scores.by_language["en"]["exact_match"] == 1.0
    assert scores.by_language["de"]["exact_match"] == 0.0


def test_the_teacher_is_asked_once_per_text(tmp_path: Path) -> None:
    teacher = Lazy()
    found = teacher_quality(teacher, [SEVEN, NONE, NONE], tmp_path)
    assert found.scores.overall["accuracy"] == pytest.approx(2 / 3)
    teacher_quality(teacher, [SEVEN, NONE], tmp_path)
    assert teacher.asked == 2


def test_differences_are_those_that_the_teacher_gets_right() -> None:
    examples = [SEVEN, NONE, WRONG, NONE]
    right = [Prediction(one.labels, one.spans) for one in examples]
    nothing = Prediction(("words",))

    found = differences(examples, quality(examples, [nothing] * 4), quality(examples, right))
    assert [one.example for one in found] == [WRONG, SEVEN]  # languages in turn
    assert found[0].student == nothing
    assert differences(examples, quality(examples, right), quality(examples, [nothing] * 4)) == []
    some = differences(examples, quality(examples, [nothing] * 4), quality(examples, right), limit=1)
    assert len(some) == 1


def test_how_well_each_label_and_slot_is_found() -> None:
    examples = [SEVEN, NONE, WRONG]
    student = quality(
        examples, [Prediction(("numbers",)), Prediction(("numbers",)), Prediction(("numbers",))]
    )
    teacher = quality(examples, [Prediction(one.labels, one.spans) for one in examples])
    found = by_label(examples, student, teacher)
    assert found["labels"] == [
        {"name": "numbers", "examples": 2, "student": pytest.approx(0.8), "teacher": 1.0},
        {"name": "words", "examples": 1, "student": 0.0, "teacher": 1.0},
    ]
    assert found["slots"] == [{"name": "number", "examples": 2, "student": 0.0, "teacher": 1.0}]
    assert by_label(examples, student, None)["slots"][0]["teacher"] is None


def test_the_worst_confusions_first() -> None:
    examples = [SEVEN, NONE, NONE, NONE]
    said = [
        Prediction(("words",)),
        Prediction(("numbers",)),
        Prediction(("numbers",)),
        Prediction(("words",)),
    ]
    right = [Prediction(one.labels) for one in examples[:1]] + said[1:]
    assert confusions(examples, quality(examples, said), quality(examples, right)) == [
        {"expected": "words", "said": "numbers", "times": 2, "teacher_times": 2},
        {"expected": "numbers", "said": "words", "times": 1, "teacher_times": 0},
    ]


def test_the_teacher_is_timed_with_the_threads_asked_for() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with teacher_call(Lazy(), threads=1) as call:
        assert torch.get_num_threads() == 1
        assert call("anything") == Prediction(("words",))
    assert torch.get_num_threads() == before
