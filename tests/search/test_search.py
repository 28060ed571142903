"""Whole searches on a tiny data set, with real students."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from edgekd.data import Dataset, Example, LabelSet, Task
from edgekd.distill.train import Trainer
from edgekd.errors import LabelError, RunError
from edgekd.recipe import PQRNN, Recipe, Training
from edgekd.search.runner import Budget, Runner
from edgekd.search.runs import RunStore
from edgekd.search.search import Wanted, search
from edgekd.search.space import Space
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("light", "music", "wake"))
TEXTS = {"wake": "wake me up at {}", "music": "play some {} music", "light": "turn the {} light on"}
FILLERS = ("seven", "eight", "red", "blue", "jazz", "rock", "kitchen", "noon")
EXAMPLES = [Example(text.format(one), "en", (label,)) for label, text in TEXTS.items() for one in FILLERS]
DATASET = Dataset(
    "tiny",
    Task.CLASSIFICATION,
    {"train": EXAMPLES[::2] + EXAMPLES[1::4], "dev": EXAMPLES[3::4], "test": EXAMPLES[3::8]},
    LABELS,
)
BASE = Recipe(
    student=PQRNN(token_features=64, ngram_features=64, bottleneck=16, units=8, layers=1),
    training=Training(epochs=3, least_texts=1, batch_size=8, learning_rate=0.02, ema=0.9),
)
SPACE = Space.parse({"training.learning_rate": {"low": 0.005, "high": 0.03}}, BASE, where="test")


class RightTeacher:
    """Knows the labels of the data set, and no other text."""

    task, labels, fingerprint, any_text = Task.CLASSIFICATION, LABELS, "right", False

    def __init__(self):
        self.asked = []

    def label(self, texts):
        known = {example.text: example.labels for example in EXAMPLES}
        for text in texts:
            self.asked.append(text)
            logits = np.array([5.0 * (name in known[text]) for name in LABELS.labels], np.float32)
            yield SoftLabels(logits, np.zeros((0, 2), np.int32), None)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search with everything, its folder and its teacher."""
    folder, teacher = tmp_path_factory.mktemp("search"), RightTeacher()
    wanted = Wanted(2, seeds=1, budget=Budget("size"), store=RunStore(folder / "runs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgekd.search.finalists.FINALISTS", 1)
        return folder, teacher, wanted, search(DATASET, teacher, SPACE, BASE, folder / "out", wanted)


def test_the_winner_is_ready_to_be_distilled(searched):
    folder, _, _, results = searched
    assert json.loads((folder / "out" / "results.json").read_text()) == json.loads(json.dumps(results))
    winner = results["trials"][results["winner"]]
    assert Recipe.load(folder / "out" / "recipe.yaml") == BASE.changed(winner["changes"])
    assert (folder / "out" / "search.html").read_text().startswith("<!doctype html>")


def test_texts_are_labelled_once_for_all_trials_and_no_control_is_trained(searched):
    folder, teacher, _, results = searched
    assert sorted(teacher.asked) == sorted({example.text for example in EXAMPLES})
    assert len(results["trials"]) == 2 and len(results["finalists"]) == 1
    assert not list(folder.rglob("control.*"))
    metrics = json.loads((folder / "out" / "trials" / "0" / "metrics.json").read_text())
    assert set(metrics["splits"]) == {"dev"}
    assert set(metrics["splits"]["dev"]) == {"teacher", "student", "retention"}


def test_the_cost_is_measured_once_for_a_shape(searched):
    folder, _, _, results = searched
    [measured] = (folder / "out" / "costs").glob("*.json")
    costs = {trial["cost"] for trial in results["trials"]}
    assert costs == {json.loads(measured.read_text())["size"]}
    assert 10_000 < costs.pop() < 1_000_000


def test_only_students_on_the_front_are_kept(searched):
    folder, _, _, results = searched
    kept = {int(path.parent.name) for path in (folder / "out" / "trials").glob("*/student.keras")}
    assert kept == set(results["front"])
    assert not list((folder / "out").rglob("checkpoints"))


def test_complete_trials_are_in_the_store(searched):
    folder, _, wanted, results = searched
    runs = wanted.store.runs()
    assert {run.quality for run in runs} == {trial["quality"] for trial in results["trials"]}
    assert len(runs) == 2
    for run in runs:
        assert run.data == "tiny" and list(run.curve) == [1, 2, 3]
        assert run.features["teacher"] == 1.0


def test_the_same_search_again_trains_nothing(searched, monkeypatch):
    folder, _, wanted, results = searched
    monkeypatch.setattr(Trainer, "run", lambda *args, **kwargs: pytest.fail("trained again"))
    monkeypatch.setattr("edgekd.search.finalists.FINALISTS", 1)
    teacher = RightTeacher()
    assert search(DATASET, teacher, SPACE, BASE, folder / "out", wanted) == results
    assert not teacher.asked


@pytest.mark.parametrize("change", ["data", "teacher", "space", "recipe", "seed", "auto"])
def test_another_search_in_the_folder_is_refused(searched, change):
    folder, teacher, wanted, _ = searched
    given = {"data": DATASET, "teacher": teacher, "space": SPACE, "recipe": BASE, "wanted": wanted}
    if change == "data":
        given["data"] = replace(DATASET, splits={**DATASET.splits, "dev": DATASET.splits["dev"][:-1]})
    elif change == "teacher":
        given["teacher"] = RightTeacher()
        given["teacher"].fingerprint = "another"
    elif change == "space":
        given["space"] = Space.parse({"training.learning_rate": [0.02]}, BASE, where="test")
    elif change == "recipe":
        given["recipe"] = BASE.changed({"training.epochs": 4})
    else:
        given["wanted"] = replace(wanted, **{change: 2 if change == "seed" else True})
    with pytest.raises(RunError, match=f"another {change}"):
        search(
            *(given[name] for name in ("data", "teacher", "space", "recipe")), folder / "out", given["wanted"]
        )


def test_what_cannot_work_is_told_of_before_anything_is_done(tmp_path):
    teacher = RightTeacher()
    teacher.labels = LabelSet(("light", "music"))
    with pytest.raises(LabelError, match="wake"):
        search(DATASET, teacher, SPACE, BASE, tmp_path / "out", Wanted(2))
    store = RunStore(tmp_path / "runs")
    with pytest.raises(RunError, match="there are no finished runs"):
        search(DATASET, RightTeacher(), SPACE, BASE, tmp_path / "out", Wanted(2, store=store, auto=True))
    store.folder.mkdir()
    (store.folder / "x.json").write_text("{")
    for auto in (False, True):
        with pytest.raises(RunError, match="x.json"):
            search(DATASET, RightTeacher(), SPACE, BASE, tmp_path / "out", Wanted(2, store=store, auto=auto))
    assert not (tmp_path / "out").exists()


def test_autodistiller_goes_on_from_its_rungs(searched, tmp_path, monkeypatch):
    """Two candidates: each takes one epoch, one of them the rest."""
    _, _, wanted, _ = searched
    epochs, save = [], Trainer._save
    monkeypatch.setattr(
        Trainer, "_save", lambda self, figures: (epochs.append(int(self._epoch)), save(self, figures))
    )
    wanted = Wanted(1, store=RunStore(tmp_path / "runs"), auto=True)
    for run in searched[2].store.runs():
        wanted.store.add(replace(run, fingerprint="other"))
    monkeypatch.setattr("edgekd.search.auto.affordable", lambda trials: 2)
    results = search(DATASET, RightTeacher(), SPACE, BASE, tmp_path / "out", wanted)
    assert epochs == [1, 1, 2, 3]
    assert [trial["state"] for trial in results["trials"]].count("complete") == 1
    assert len(wanted.store.runs()) == 3


def test_the_features_know_the_teacher(tmp_path):
    runner = Runner(DATASET, RightTeacher(), tmp_path)
    assert runner.features["teacher"] == 1.0
    assert set(runner.dataset.splits) == {"train", "dev"}
