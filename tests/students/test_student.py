"""Students of every task: shapes, sizes, saving, and safety of loading."""

import json

import numpy as np
import pytest

from edgekd.data import LabelSet, Task
from edgekd.errors import RunError
from edgekd.recipe import PQRNN, PRESETS
from edgekd.students.student import Student
from edgekd.text.projection import text_features

LABELS = LabelSet(("alarm", "music", "weather"), ("artist", "time"))
SMALL = PQRNN(
    token_features=32, ngram_features=32, bottleneck=16, units=8, layers=2, max_tokens=8, max_chars=64
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
