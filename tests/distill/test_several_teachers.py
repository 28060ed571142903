"""Whole runs with several teachers, and with a student as the teacher."""

import json
from dataclasses import replace

import pytest

from edgekd.distill.pipeline import distil
from edgekd.distill.train import Trainer
from edgekd.errors import LabelError, RunError, UsageError
from edgekd.recipe import PQRNN, Distillation, Recipe, Training
from edgekd.students.student import Student
from edgekd.teachers import load_teacher
from edgekd.teachers.ensemble import Ensemble, Member
from edgekd.teachers.label_map import LabelMap
from edgekd.teachers.teacher import SoftLabels


def recipe(weights="mean"):
    return Recipe(
        student=PQRNN(
            token_features=64, ngram_features=64, bottleneck=24, units=12, layers=1, dropout=0, zoneout=0
        ),
        training=Training(epochs=12, least_texts=1, batch_size=8, learning_rate=0.02, ema=0.9, warmup=0.1),
        augmentation={},
        distillation=Distillation(teacher_weights=weights),
    )


@pytest.fixture
def wrong(dataset, rule_teacher):
    """A teacher that is right about slots and mistakes each label for the other."""

    class Wrong(rule_teacher):
        fingerprint = "wrong"

        def label(self, texts):
            for said in super().label(texts):
                yield SoftLabels(said.logits[::-1], said.units, said.tag_logits)

    return Wrong(dataset)


def test_weights_chosen_on_dev_leave_out_the_teacher_that_is_wrong(dataset, teacher, wrong, tmp_path):
    ensemble = Ensemble([Member(teacher, name="right"), Member(wrong, name="wrong")])
    metrics = distil(dataset, ensemble, recipe("dev"), tmp_path, control=False)
    report = metrics["teachers"]
    assert report == json.loads((tmp_path / "metrics.json").read_text())["teachers"]
    assert [one["dev"]["accuracy"] for one in report["teachers"]] == [1.0, 0.0]
    assert report["mix"]["accuracy"] == 1.0
    assert report["chosen"][0]["weights"][0] > 0.9
    dev = metrics["splits"]["dev"]
    assert dev["teacher"]["overall"]["accuracy"] == 1.0
    assert dev["student"]["overall"]["accuracy"] >= 0.8
    assert {path.name for path in (tmp_path / "soft_labels").iterdir()} == {"rule", "wrong"}


def test_a_run_with_several_teachers_is_resumed(dataset, teacher, wrong, tmp_path, monkeypatch):
    ensemble = Ensemble([teacher, wrong])
    metrics = distil(dataset, ensemble, recipe("0.8,0.2"), tmp_path, control=False)
    teacher.asked.clear()
    monkeypatch.setattr(Trainer, "run", lambda *args, **kwargs: pytest.fail("trained again"))
    again = distil(dataset, ensemble, recipe("0.8,0.2"), tmp_path, control=False)
    assert again["teachers"] == metrics["teachers"]
    assert not teacher.asked
    with pytest.raises(RunError, match="another recipe"):
        distil(dataset, ensemble, recipe("0.7,0.3"), tmp_path)
    with pytest.raises(RunError, match="another fingerprints"):
        distil(dataset, Ensemble([teacher, Member(wrong, ("en",))]), recipe("0.8,0.2"), tmp_path)


@pytest.mark.parametrize(
    ("weights", "languages", "mapping", "error", "said"),
    [
        ("1,2", ("en",), None, UsageError, "2 weights for 1 teachers"),
        ("mean", ("de",), None, LabelError, "no teacher answers texts in 'en'"),
        ("mean", (), {"wake": "walk"}, LabelError, "'wake'"),
        ("mean", (), {"music": None}, LabelError, "'music'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_done(
    dataset, teacher, tmp_path, weights, languages, mapping, error, said
):
    member = Member(teacher, languages, mapping and LabelMap(mapping))
    with pytest.raises(error, match=said):
        distil(dataset, Ensemble([member]), recipe(weights), tmp_path / "run")
    assert not teacher.asked
    assert not (tmp_path / "run").exists()


def test_a_label_of_the_teacher_that_the_data_does_not_have_is_refused(dataset, teacher, tmp_path):
    mapped = Member(teacher, mapping=LabelMap(), name="rule")
    fewer = replace(
        dataset,
        splits={
            name: [replace(one, labels=("music",)) for one in split] for name, split in dataset.splits.items()
        },
        labels=replace(dataset.labels, labels=("music",)),
    )
    with pytest.raises(LabelError, match="rule maps to 1 labels that small does not have, such as 'wake'"):
        distil(fewer, Ensemble([mapped]), recipe(), tmp_path / "run")


def test_weights_for_teachers_that_are_not_there(dataset, teacher, tmp_path):
    with pytest.raises(UsageError, match="2 weights for 1 teachers"):
        distil(dataset, teacher, recipe("1,2"), tmp_path / "run")


def test_a_student_teaches_a_student(dataset, teacher, tmp_path):
    first = distil(dataset, teacher, recipe(), tmp_path / "first", control=False)
    taught = load_teacher(tmp_path / "first")
    assert isinstance(taught, Student)
    second = distil(dataset, taught, recipe(), tmp_path / "second", control=False)
    assert second["splits"]["dev"]["teacher"] == first["splits"]["dev"]["student"]
    assert second["fingerprints"]["teacher"] == taught.fingerprint
    assert second["splits"]["dev"]["student"]["overall"]["accuracy"] >= 0.8
    both = load_teacher(f"{tmp_path / 'first'}+{tmp_path / 'second'}")
    assert both.labels == taught.labels
