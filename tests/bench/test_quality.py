from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from edgekd.bench.runner.teacher import teacher_call
from edgekd.bench.quality import Quality, differences, student_quality, teacher_quality
from edgekd.data.examples import Example, LabelSet, Prediction, Span, Task
from edgekd.metrics import score
from edgekd.runtime import Bundle
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("numbers", "words"), ("number",))
SEVEN = Example("at 7", "en", ("numbers",), (Span(3, 4, "number"),))
NONE = Example("at noon", "en", ("words",))
WRONG = Example("acht", "de", ("numbers",), (Span(0, 4, "number"),))


class Lazy:
    """A teacher that says `words` to everything, and counts how often it is asked."""

    task, labels, fingerprint = Task.JOINT, LABELS, "lazy"

    def __init__(self) -> None:
        self.asked = 0

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        for text in texts:
            self.asked += 1
            units = np.array([[0, len(text)]], np.int32)
            yield SoftLabels(np.array([0, 1], np.float32), units, np.array([[1, 0, 0]], np.float32))


def test_the_student_is_the_exported_file(bundle_folder: Path) -> None:
    found = student_quality(Bundle.load(bundle_folder), [SEVEN, NONE, WRONG])
    assert found.predictions[0] == Prediction(("numbers",), (Span(3, 4, "number"),))
    assert found.scores.by_language["en"]["exact_match"] == 1.0
    assert found.scores.by_language["de"]["exact_match"] == 0.0


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

    def quality(predictions: list[Prediction]) -> Quality:
        return Quality(tuple(predictions), score(Task.JOINT, examples, predictions))

    found = differences(examples, quality([nothing] * 4), quality(right))
    assert [one.example for one in found] == [WRONG, SEVEN]  # languages in turn
    assert found[0].student == nothing
    assert differences(examples, quality(right), quality([nothing] * 4)) == []
    assert len(differences(examples, quality([nothing] * 4), quality(right), limit=1)) == 1


def test_the_teacher_is_timed_with_the_threads_asked_for() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with teacher_call(Lazy(), threads=1) as call:
        assert torch.get_num_threads() == 1
        assert call("anything") == Prediction(("words",))
    assert torch.get_num_threads() == before
