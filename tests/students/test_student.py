"""Students of every task: shapes, sizes, saving, and safety of loading."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgekd.data import LabelSet, Task
from edgekd.errors import RunError
from edgekd.recipe import PQRNN, PRESETS
from edgekd.students import student as students
from edgekd.students.student import Student
from edgekd.text.projection import text_features

CALIBRATION = {"temperature": 2.5, "ece": 0.01, "ece_before": 0.05}
LABELS = LabelSet(("alarm", "music", "weather"), ("artist", "time"))
SMALL = PQRNN(
    token_features=32,
    ngram_features=32,
    ngram_groups=2,
    bottleneck=16,
    units=8,
    layers=2,
    max_tokens=8,
    max_chars=64,
)


def student_of(task):
    labels = LabelSet(LABELS.labels if task.has_labels else (), LABELS.slots if task.has_slots else ())
    return Student.new(task, labels, ("en",), SMALL, seed=3)


@pytest.mark.parametrize("task", Task)
def test_outputs_are_those_of_the_task(task):
    student = student_of(task)
    texts = ["wake me up at 7", "", "one two three four five six seven eight nine ten"]
    for text, said in zip(texts, student.label(texts), strict=True):
        _, spans, _ = text_features(text, student.front_end)
        assert said.units.tolist() == spans.tolist()
        assert (said.logits is not None) == task.has_labels
        assert said.logits is None or said.logits.shape == (3,)
        assert said.tag_logits is None or said.tag_logits.shape == (len(spans), 5)
        said.decode(student.labels, task)


@pytest.mark.parametrize(("name", "millions"), [("0.2m", 0.2), ("0.5m", 0.5), ("1m", 1.0), ("2m", 2.0)])
def test_presets_have_the_size_of_their_name(name, millions):
    config = PRESETS[f"pqrnn-{name}"].model_copy(update={"max_tokens": 32, "max_chars": 128})
    student = Student.new(
        Task.JOINT, LabelSet(("a",) * 7, tuple(map(str, range(39)))), ("en",), config, seed=1
    )
    assert student.parameters / 1e6 == pytest.approx(millions, rel=0.1)


def test_saved_and_loaded_it_says_the_same(tmp_path):
    student = student_of(Task.JOINT)
    student.save(tmp_path)
    loaded = Student.load(tmp_path)
    assert loaded.description() == student.description()
    before, after = (next(one.label(["play some jazz"])) for one in (student, loaded))
    np.testing.assert_allclose(before.logits, after.logits, atol=1e-6)
    np.testing.assert_allclose(before.tag_logits, after.tag_logits, atol=1e-6)


def test_its_fingerprint_is_that_of_what_it_says(tmp_path):
    student = student_of(Task.JOINT)
    student.save(tmp_path)
    assert Student.load(tmp_path).fingerprint == student.fingerprint
    renamed = replace(student, labels=LabelSet(("alarm", "music", "news"), LABELS.slots))
    assert renamed.fingerprint != student.fingerprint
    before = student.fingerprint
    assert student.calibrated(CALIBRATION).fingerprint != before
    other = Student.new(Task.JOINT, LABELS, ("en",), SMALL, seed=4)
    assert other.fingerprint != before


def test_calibrated_its_label_logits_are_divided(tmp_path):
    student = student_of(Task.JOINT)
    [before] = student.label(["play some jazz"])
    replace(student.calibrated(CALIBRATION), out_of_scope={"threshold": 0.3}).save(tmp_path)
    loaded = Student.load(tmp_path)
    [after] = loaded.label(["play some jazz"])
    assert (loaded.calibration, loaded.out_of_scope) == (CALIBRATION, {"threshold": 0.3})
    np.testing.assert_allclose(after.logits, before.logits / 2.5, atol=1e-6)
    np.testing.assert_allclose(after.tag_logits, before.tag_logits, atol=1e-6)


@pytest.mark.parametrize("at", ["before the description", "between description and network", "after both"])
def test_killed_while_it_is_saved_calibrated(tmp_path, monkeypatch, at):
    """What is left says of itself what it is, so that it is calibrated once whatever happens."""
    raw = student_of(Task.JOINT)
    raw.save(tmp_path)
    [before] = raw.label(["play some jazz"])

    def kill(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if at == "before the description":
            patch.setattr(students, "write_json", kill)
        elif at == "between description and network":
            write = students.write_json
            patch.setattr(students, "write_json", lambda *arguments: kill(write(*arguments)))
        else:
            unlink = Path.unlink
            patch.setattr(Path, "unlink", lambda path: kill() if "keras" in path.suffix else unlink(path))
        with pytest.raises(KeyboardInterrupt):
            student_of(Task.JOINT).calibrated(CALIBRATION).save(tmp_path)
    left = Student.load(tmp_path)
    [after] = left.label(["play some jazz"])
    calibrated = at == "after both"
    assert left.calibration == (CALIBRATION if calibrated else {})
    np.testing.assert_allclose(after.logits, before.logits / (2.5 if calibrated else 1), atol=1e-6)


@pytest.mark.parametrize("version", [None, 1])
def test_a_student_of_another_front_end_is_refused(tmp_path, version):
    student_of(Task.JOINT).save(tmp_path)
    path = tmp_path / "student.json"
    content = json.loads(path.read_text())
    del content["front_end_version"]
    path.write_text(json.dumps(content | ({} if version is None else {"front_end_version": version})))
    with pytest.raises(RunError, match="trained for version 1 of the text front end"):
        Student.load(tmp_path)


def test_same_seed_same_weights():
    first, second = student_of(Task.JOINT), student_of(Task.JOINT)
    for one, other in zip(first.network.get_weights(), second.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("damage", ["missing", "cut", "field", "json"])
def test_a_damaged_folder_is_explained(tmp_path, damage):
    student_of(Task.JOINT).save(tmp_path)
    network, description = tmp_path / "student.keras", tmp_path / "student.json"
    match damage:
        case "missing":
            network.unlink()
        case "cut":
            network.write_bytes(network.read_bytes()[:1000])
        case "field":
            content = json.loads(description.read_text())
            del content["labels"]
            description.write_text(json.dumps(content))
        case "json":
            description.write_text("{")
    with pytest.raises(RunError, match="student"):
        Student.load(tmp_path)
