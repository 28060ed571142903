"""The store of finished runs: kept, named, and refused where it is damaged."""

import json
from dataclasses import replace

import pytest

from edgekd.errors import RunError
from edgekd.recipe import Recipe
from edgekd.search.runs import FinishedRun, RunStore, by_problem, pipeline
from edgekd.search.trial import Curve

RECIPE = Recipe().model_dump(mode="json")
RUN = FinishedRun("snips", "d1", "t1", {"log_texts": 2.0}, RECIPE, "accuracy", 0.9, Curve({1: 0.5, 2: 0.9}))


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def test_what_is_added_is_there_once(store):
    other = replace(RUN, fingerprint="d2", quality=0.7)
    for run in (RUN, other, RUN):
        store.add(run)
    assert sorted(store.runs(), key=lambda run: run.fingerprint) == [RUN, other]
    assert {len(runs) for runs in by_problem(store.runs()).values()} == {1}
    assert store.has(RUN.problem, Recipe())
    assert not store.has(RUN.problem, Recipe().changed({"training.seed": 2}))
    assert RunStore(store.folder / "nothing").runs() == []


def test_seeds_of_a_pipeline():
    again = replace(RUN, recipe=Recipe().changed({"training.seed": 5}).model_dump(mode="json"))
    assert pipeline(again.recipe) == pipeline(RUN.recipe) and (RUN.seed, again.seed) == (1, 5)
    longer = Recipe().changed({"training.epochs": 5}).model_dump(mode="json")
    assert pipeline(longer) != pipeline(RUN.recipe)


def test_by_name_and_by_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert RunStore.named("mine").folder == tmp_path / "edgekd" / "runs" / "mine"
    assert str(RunStore.named("some/where").folder) == "some/where"
    (tmp_path / "mine").mkdir()
    assert str(RunStore.named("mine").folder) == "mine"


def without(key):
    return lambda content: content.pop(key)


def changed(key, value):
    return lambda content: content.update({key: value})


@pytest.mark.parametrize(
    "damage",
    [
        without("quality"),
        without("format"),
        changed("format_version", 2),
        changed("quality", "good"),
        changed("features", {"log_texts": None}),
        changed("curve", [1, 2]),
        changed("recipe", {"training": {"epocs": 3}}),
        changed("more", 1),
    ],
)
def test_a_damaged_run_is_named(store, damage):
    store.add(RUN)
    [path] = store.folder.iterdir()
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    with pytest.raises(RunError, match=str(path)):
        store.runs()


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_what_is_no_run_is_named(store, content):
    store.folder.mkdir()
    (store.folder / "x.json").write_text(content)
    with pytest.raises(RunError, match="x.json"):
        store.runs()
