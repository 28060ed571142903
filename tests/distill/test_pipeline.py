"""Whole runs on a small data set: what is written, interruption, and refusal of what does not fit."""

import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from edgekd.data import Example, LabelSet, Task
from edgekd.data.align import tags_from_spans
from edgekd.distill.pipeline import distil
from edgekd.distill.train import Trainer
from edgekd.errors import DataError, EdgekdError, LabelError, RunError, UsageError
from edgekd.metrics import MAIN_METRIC
from edgekd.recipe import PQRNN, Recipe, Training
from edgekd.students.network import build_for_states
from edgekd.students.pretrained import load_pretrained, save_body
from edgekd.students.student import Student
from edgekd.teachers import load_teacher
from edgekd.teachers.finetune import TeachConfig, teach
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.tokens import tokenize

RECIPE = Recipe(
    student=PQRNN(
        token_features=64, ngram_features=64, bottleneck=24, units=12, layers=1, dropout=0, zoneout=0
    ),
    training=Training(epochs=12, least_texts=1, batch_size=8, learning_rate=0.02, ema=0.9, warmup=0.1),
    augmentation={"recombination": {"times": 2}},
)


@pytest.fixture(scope="module")
def run(dataset, rule_teacher, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return out, distil(dataset, rule_teacher(dataset), RECIPE, out, inputs={"data": "small"})


def test_student_and_control_learn_and_are_judged(run, dataset):
    out, metrics = run
    assert metrics == json.loads((out / "metrics.json").read_text())
    dev = metrics["splits"]["dev"]
    assert dev["teacher"]["overall"]["exact_match"] == 1.0
    for name in ("student", "control"):
        assert dev[name]["overall"]["accuracy"] >= 0.8
        texts = [example.text for example in dataset.splits["train"]]
        student = Student.load(out, name)
        right = [
            said.decode(student.labels, student.task).labels == example.labels
            for said, example in zip(student.label(texts), dataset.splits["train"], strict=True)
        ]
        assert np.mean(right) > 0.9
    for metric, kept in dev["retention"]["overall"].items():
        assert kept == dev["student"]["overall"][metric] / dev["teacher"]["overall"][metric]
    assert metrics["texts"]["labelled_by_teacher_only"] > 0
    assert metrics["seed"] == RECIPE.training.seed


def test_a_finished_run_is_not_trained_again(run, dataset, teacher, monkeypatch):
    out, metrics = run
    monkeypatch.setattr(Trainer, "run", lambda *args, **kwargs: pytest.fail("trained again"))
    again = distil(dataset, teacher, RECIPE, out, inputs={"data": "small"})
    assert again["splits"] == metrics["splits"]
    assert again["training"]["student"] == metrics["training"]["student"]
    assert not teacher.asked


def test_student_and_control_are_calibrated(run):
    out, metrics = run
    for name in ("student", "control"):
        student = Student.load(out, name)
        assert student.calibration == metrics["calibration"][name]
        assert set(student.calibration) == {"temperature", "ece", "ece_before"}
        assert student.out_of_scope == metrics["out_of_scope"][name]
        assert student.out_of_scope["label"] is None


def as_before_calibration(folder, name):
    """A student as runs had it before there was calibration: its logits, and its json without the figures."""
    student = Student.load(folder, name)
    raw = student.calibrated({"temperature": 1 / student.calibration["temperature"]})
    raw.network.save(folder / f"{name}.keras")
    description = {**student.description()}
    del description["calibration"], description["out_of_scope"]
    (folder / f"{name}.json").write_text(json.dumps(description))


def logits_of(folder, dataset):
    texts = [example.text for example in dataset.splits["dev"]]
    return np.stack([said.logits for said in Student.load(folder).label(texts)])


def test_an_old_run_is_calibrated_when_resumed_and_only_once(run, dataset, teacher, tmp_path, monkeypatch):
    out, metrics = run
    expected = logits_of(out, dataset)
    old = shutil.copytree(out, tmp_path / "run")
    for name in ("student", "control"):
        as_before_calibration(old, name)
    assert Student.load(old).calibration == {}
    before = logits_of(old, dataset)
    temperature = metrics["calibration"]["student"]["temperature"]
    np.testing.assert_allclose(before, expected * temperature, rtol=1e-4, atol=1e-4)
    monkeypatch.setattr(Trainer, "run", lambda *args, **kwargs: pytest.fail("trained again"))
    for _ in range(2):
        again = distil(dataset, teacher, RECIPE, old, inputs={"data": "small"})
        for figure, value in again["calibration"]["student"].items():
            assert value == pytest.approx(metrics["calibration"]["student"][figure], rel=1e-3, abs=1e-4)
        assert again["splits"] == metrics["splits"]
        np.testing.assert_allclose(logits_of(old, dataset), expected, rtol=1e-3, atol=1e-3)


def test_the_label_of_texts_out_of_scope(run, dataset, teacher, tmp_path):
    out, _ = run
    copy = shutil.copytree(out, tmp_path / "run")
    as_before_calibration(copy, "student")
    as_before_calibration(copy, "control")
    metrics = distil(dataset, teacher, RECIPE, copy, out_of_scope_label="music", inputs={"data": "small"})
    rule = metrics["out_of_scope"]["student"]
    assert rule["label"] == "music"
    assert rule["recall"] > 0.5
    with pytest.raises(LabelError, match="no label 'oos'"):
        distil(dataset, teacher, RECIPE, tmp_path / "other", out_of_scope_label="oos")
    assert not (tmp_path / "other").exists()


def test_an_interrupted_run_goes_on_where_it_stopped(run, dataset, teacher, tmp_path, monkeypatch):
    """The same weights come out as without the interruption."""
    whole, _ = run
    save = Trainer._save

    def save_then_die(self, figures):
        save(self, figures)
        if int(self._epoch) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        distil(dataset, teacher, RECIPE, tmp_path, control=False)
    monkeypatch.undo()
    epochs = []
    monkeypatch.setattr(
        Trainer, "_save", lambda self, figures: (epochs.append(int(self._epoch)), save(self, figures))
    )
    teacher.asked.clear()
    distil(dataset, teacher, RECIPE, tmp_path, control=False)
    assert epochs == [*range(6, RECIPE.training.epochs + 1)]
    assert not teacher.asked
    one, other = (Student.load(folder).network.get_weights() for folder in (whole, tmp_path))
    for expected, weight in zip(one, other, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


@pytest.mark.parametrize("change", ["recipe", "data", "teacher"])
def test_a_folder_of_another_run_is_refused(run, dataset, teacher, change):
    out, _ = run
    recipe = RECIPE
    if change == "recipe":
        recipe = RECIPE.model_copy(update={"training": RECIPE.training.model_copy(update={"seed": 2})})
    elif change == "data":
        dataset = replace(dataset, splits={**dataset.splits, "dev": dataset.splits["dev"][:-1]})
    else:
        teacher.fingerprint = "another"
    with pytest.raises(RunError, match="another (fingerprints|recipe)"):
        distil(dataset, teacher, recipe, out, inputs={"data": "small"})


def test_labels_that_the_teacher_lacks_are_named(dataset, teacher, tmp_path):
    teacher.labels = LabelSet(("music",), ("artist", "time"))
    with pytest.raises(LabelError, match="'wake'"):
        distil(dataset, teacher, RECIPE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_label_of_dev_that_train_lacks_is_named(dataset, teacher, tmp_path):
    dev = [*dataset.splits["dev"], Example("stop", "en", ("stop",))]
    with pytest.raises(LabelError, match="'stop'"):
        distil(replace(dataset, splits={**dataset.splits, "dev": dev}), teacher, RECIPE, tmp_path)


def test_a_missing_split_is_named(dataset, teacher, tmp_path):
    with pytest.raises(DataError, match="no dev split"):
        distil(replace(dataset, splits={"train": dataset.splits["train"]}), teacher, RECIPE, tmp_path)


@pytest.mark.parametrize("task", [Task.TAGGING, Task.MULTILABEL])
def test_other_tasks(dataset, tmp_path, task):
    """Slots alone, and any number of labels at once."""

    def adapted(example):
        if task is Task.TAGGING:
            return replace(example, labels=())
        polite = ("polite",) if "please" in example.text else ()
        return replace(example, labels=(*example.labels, *polite), spans=())

    splits = {name: [adapted(example) for example in split] for name, split in dataset.splits.items()}
    data = replace(dataset, task=task, splits=splits, labels=LabelSet.of(splits["train"]))

    class Stored:
        labels, fingerprint, any_text = data.labels, "stored", False

        def label(self, texts):
            known = {example.text: example for split in splits.values() for example in split}
            for text in texts:
                tokens = np.array(tokenize(text), np.int32)
                tags, _ = tags_from_spans(known[text].spans, tokens.tolist())
                logits = np.array([8.0 * (name in known[text].labels) - 4 for name in self.labels.labels])
                tag_logits = np.array([[8.0 * (tag == name) for name in self.labels.tags] for tag in tags])
                yield SoftLabels(
                    logits.astype(np.float32) if task.has_labels else None,
                    tokens,
                    tag_logits.astype(np.float32) if task.has_slots else None,
                )

    teacher = Stored()
    teacher.task = task
    metrics = distil(data, teacher, RECIPE, tmp_path, control=False)
    assert bool(metrics["calibration"]["student"]) == task.has_labels
    assert not metrics["out_of_scope"]["student"]
    dev = metrics["splits"]["dev"]
    metric = MAIN_METRIC[task]
    assert dev["teacher"]["overall"][metric] == 1.0
    assert dev["student"]["overall"][metric] > 0.5


def test_one_label_is_nothing_to_decide(dataset, teacher, tmp_path):
    splits = {name: [Example(f"{name} {i}", "en", ("a",)) for i in range(3)] for name in ("train", "dev")}
    teacher.labels, teacher.task = LabelSet(("a",)), Task.CLASSIFICATION
    with pytest.raises(DataError, match="one label only"):
        distil(
            replace(dataset, task=Task.CLASSIFICATION, splits=splits, labels=teacher.labels),
            teacher,
            RECIPE,
            tmp_path,
        )


def test_the_student_starts_from_what_was_read_and_the_control_does_not(dataset, rule_teacher, tmp_path):
    shape, folder = RECIPE.student, tmp_path / "read"
    keras.utils.set_random_seed(5)
    save_body(folder, build_for_states(shape, [3]), shape, {})
    still = RECIPE.training.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    start = RECIPE.distillation.model_copy(update={"pretrained": str(folder)})
    recipe = RECIPE.model_copy(update={"training": still, "distillation": start})
    metrics = distil(dataset, rule_teacher(dataset), recipe, tmp_path / "run")
    read = load_pretrained(str(folder))
    assert metrics["fingerprints"]["pretrained"] == read.fingerprint
    kernels = {
        name: Student.load(tmp_path / "run", name).network.get_layer("bottleneck").get_weights()[0]
        for name in ("student", "control")
    }
    np.testing.assert_allclose(kernels["student"], read.weights["bottleneck/0"], atol=1e-6)
    assert np.abs(kernels["control"] - read.weights["bottleneck/0"]).max() > 0.01

    save_body(folder, build_for_states(shape, [3]), shape, {})
    with pytest.raises(RunError, match="fingerprints"):
        distil(dataset, rule_teacher(dataset), recipe, tmp_path / "run")


def test_a_teacher_that_is_heard_in_pre_training_alone_labels_nothing_to_learn_from(
    dataset, rule_teacher, tmp_path
):
    shape, folder = RECIPE.student, tmp_path / "read"
    save_body(folder, build_for_states(shape, [3]), shape, {})
    recipe = RECIPE.changed({"distillation.pretrained": str(folder), "distillation.stage": "pre-training"})
    teacher = rule_teacher(dataset)
    texts = [("play something by abba please", "en")]
    metrics = distil(dataset, teacher, recipe, tmp_path / "run", texts=texts)
    assert set(teacher.asked) == {example.text for example in dataset.splits["dev"]}
    assert metrics["languages"] == {"labelled": ["en"], "labelled_by_teacher_only": []}
    # Student and control then differ in where they started, and in nothing else.
    losses = {name: metrics["training"][name]["losses"] for name in ("student", "control")}
    assert losses["student"].keys() == losses["control"].keys() == {"loss", "hard_labels", "hard_tags"}
    assert losses["student"]["loss"] != losses["control"]["loss"]
    with pytest.raises(UsageError, match="does not say what the student starts from"):
        RECIPE.changed({"distillation.stage": "pre-training"})


def test_a_start_of_another_shape_is_refused_before_anything_is_done(dataset, rule_teacher, tmp_path):
    other = RECIPE.student.model_copy(update={"units": 16})
    save_body(tmp_path / "read", build_for_states(other, [3]), other, {})
    start = RECIPE.distillation.model_copy(update={"pretrained": str(tmp_path / "read")})
    with pytest.raises(UsageError, match="units 16"):
        distil(
            dataset,
            rule_teacher(dataset),
            RECIPE.model_copy(update={"distillation": start}),
            tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("distillation", "named"),
    [
        ({"intermediate": {"mse": {}}}, "no single encoder"),
        ({"balance_labels": True}, "balance_labels"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_done(dataset, teacher, tmp_path, distillation, named):
    if "balance_labels" in distillation:
        train = [replace(one, labels=("music", "wake"), spans=()) for one in dataset.splits["train"]]
        splits = {"train": train, "dev": train[:3]}
        dataset = replace(dataset, task=Task.MULTILABEL, splits=splits, labels=LabelSet.of(train))
        teacher.task, teacher.labels = Task.MULTILABEL, dataset.labels
    recipe = Recipe.parse({"distillation": distillation}, where="the test")
    with pytest.raises(EdgekdError, match=named):
        distil(dataset, teacher, recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_everything_at_once(dataset, tmp_path):
    """A real encoder, its states, made texts, mixtures and balanced losses, and a control with made texts."""
    teach(dataset, "new:tiny", tmp_path / "teacher", TeachConfig(epochs=1))
    recipe = RECIPE.changed(
        {
            "training.epochs": 2,
            "augmentation.typing.times": 1,
            "distillation": {
                "intermediate": {"mse": {"layers": 1}, "rkd_distance": {"of": "pooled"}},
                "balance_losses": True,
                "mixup": 0.4,
                "control": "augmented",
                "least_confidence": 0.01,
            },
        }
    )
    teacher, shared = load_teacher(tmp_path / "teacher"), tmp_path / "states"
    metrics = distil(dataset, teacher, recipe, tmp_path / "run", states=shared)
    assert [path.name for path in shared.glob("*/states.json")] and not (tmp_path / "run" / "states").exists()
    made = {step["name"]: step["new"] for step in metrics["texts"]["augmentation"]}
    assert made.keys() == {"recombination", "typing"} and all(made.values())
    trained = metrics["training"]
    for name in ("mse", "rkd_distance", "soft_tags", "hard_labels"):
        assert trained["student"]["losses"][name] > 0
        assert trained["student"]["balance"][f"gradient_norm/{name}"] > 0
    assert set(trained["control"]["losses"]) == {"loss", "hard_labels", "hard_tags"}
    assert {"layer_1", "layer_2"}.isdisjoint(Student.load(tmp_path / "run").network.output_names)
