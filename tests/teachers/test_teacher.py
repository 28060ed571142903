from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Prediction, Span, Task
from edgekd.errors import TeacherError
from edgekd.teachers import SoftLabels, load_teacher
from edgekd.teachers.teacher import well_formed

LABELS = LabelSet(("a", "b"), ("x",))


def test_decoding_takes_the_best_label_and_the_best_tags():
    units = np.array([[0, 2], [3, 5], [6, 9]], np.int32)
    tags = np.array([[0, 5, 1], [0, 1, 5], [5, 0, 1]], np.float32)
    soft = SoftLabels(np.array([0.1, 0.3], np.float32), units, tags)
    assert soft.decode(LABELS, Task.JOINT) == Prediction(("b",), (Span(0, 5, "x"),))


@pytest.mark.parametrize(("logits", "names"), [([-1, -2], ()), ([1, -2], ("a",)), ([1, 2], ("a", "b"))])
def test_multi_label_takes_all_above_one_half(logits, names):
    soft = SoftLabels(np.array(logits, np.float32), np.zeros((0, 2), np.int32), None)
    assert soft.decode(LABELS, Task.MULTILABEL) == Prediction(names)


def test_well_formed_keeps_the_length():
    assert well_formed("a\ud800b") == "a\ufffdb"
    assert well_formed("ความ 😀") == "ความ 😀"


def test_importing_teachers_brings_no_heavy_package():
    heavy = "{'torch', 'transformers', 'pyarrow', 'tensorflow'}"
    code = f"import sys, edgekd.teachers; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_unknown_teacher_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(TeacherError, match="edgekd teach"):
        load_teacher(tmp_path / "nothing")


def test_a_run_that_is_not_finished_cannot_teach(tmp_path):
    (tmp_path / "recipe.yaml").touch()
    with pytest.raises(TeacherError, match=r"without a finished student(.|\n)*--resume"):
        load_teacher(tmp_path)
