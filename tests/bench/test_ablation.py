"""Studies: arms from YAML, runs that are kept, and what the table says of them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from bench.ablation.__main__ import main
from bench.ablation.arms import Source, read_arms
from bench.ablation.runs import results, run_missing
from bench.ablation.tables import as_markdown, table, table_by_language
from edgekd.errors import RunError, UsageError
from edgekd.recipe import PRESETS

STUDY = """
seeds: [1, 2]
arms:
  plain: {training.epochs: 3}
  read: {extends: plain, distillation.pretrained: "{body}", texts: true}
  read and long: {extends: read, training.epochs: 9, control: true}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"


def test_arms_extend_others(study):
    seeds, arms = read_arms(study, {"body": "some/folder"})
    assert seeds == [1, 2] and list(arms) == ["plain", "read", "read and long"]
    long = arms["read and long"]
    assert (long.recipe.training.epochs, long.texts, long.control) == (9, True, True)
    assert long.recipe.distillation.pretrained == "some/folder"
    assert arms["plain"].recipe.distillation.pretrained is None and not arms["plain"].texts


def test_a_preset_stands_for_a_student(study):
    study.write_text("""
seeds: [1]
arms:
  small: {student: pqrnn-0.2m, student.dropout: 0.0, control: true}
  other: {extends: small, student: transformer-1m}
""")
    _, arms = read_arms(study, {})
    assert arms["small"].recipe.student == PRESETS["pqrnn-0.2m"].model_copy(update={"dropout": 0.0})
    assert arms["other"].recipe.student == PRESETS["transformer-1m"].model_copy(update={"dropout": 0.0})
    assert arms["small"].control and not arms["other"].control


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("arms: {a: {}}", "seeds"),
        ("seeds: [1]\narms: {a: {training.epocs: 3}}", "epocs"),
        ("seeds: [1]\narms: {a: {extends: b}}", "extends 'b'"),
        ("seeds: [1]\narms: {a: {distillation.pretrained: '{other}'}}", "'other'"),
        ("seeds: [1]\narms: {a: {student: pqrnn-9m}}", "student"),
        ("seeds: [", "not a readable study"),
        ("seeds: [1]\narms: {'read, long': {}}", "comma"),
    ],
)
def test_a_wrong_study_is_explained(study, content, named):
    study.write_text(content)
    with pytest.raises(UsageError, match=named):
        read_arms(study, {"body": "some/folder"})


def finished(work, arm, seed, exact_match, **models):
    folder = work / "Set" / arm / str(seed)
    folder.mkdir(parents=True)
    overall = {
        name: {
            "overall": {"accuracy": value, "exact_match": value},
            "by_language": {
                language: {"accuracy": value, "exact_match": value - loss}
                for language, loss in (("en", 0.1), ("th", 0.2))
            },
        }
        for name, value in {"teacher": 0.9, "student": exact_match, **models}.items()
    }
    (folder / "metrics.json").write_text(json.dumps({"splits": {"dev": overall}}))


def test_the_table_compares_seed_by_seed(tmp_path):
    for seed, first, second in ((1, 0.70, 0.72), (2, 0.74, 0.78)):
        finished(tmp_path, "plain", seed, first)
        finished(tmp_path, "read", seed, second, control=0.6)
    finished(tmp_path, "read", 3, 0.99)
    found = results(tmp_path, ["Set", "None yet"], ["plain", "read", "later"], [1, 2, 3], {})
    assert list(found) == ["Set"] and list(found["Set"]) == ["plain", "read"]
    console = Console(width=120, record=True)
    console.print(table("Set", found["Set"]))
    said = console.export_text()
    assert "72.0 ± 2.8" in said and "83.0 ± 14.2" in said
    assert "+3.0 ± 1.4" in said  # of seeds 1 and 2, which both have
    assert "read: control" in said and "90.0" in said
    console.print(table_by_language("Set", found["Set"]))
    said = console.export_text()
    assert "62.0 ± 2.8" in said and "52.0 ± 2.8" in said and "80.0" in said
    columns = [column.header for column in table_by_language("Set", found["Set"], ["th"]).columns]
    assert columns == ["", "with labels", "without", "en", "th"]
    overall, _, by_accuracy, title, by_match = as_markdown(found, {"Set": ["th"]}).split("\n\n")
    assert overall.splitlines() == [
        "|  | seeds | Set, exact match |",
        "| --- | ---: | ---: |",
        "| *teacher* |  | 90.0 |",
        "| plain | 2 | 72.0 ± 2.8 |",
        "| read | 3 | +3.0 ± 1.4 |",
        "| read: control | 2 | -12.0 ± 2.8 |",
    ]
    assert title == "Set, exact match by language:"
    assert by_match.splitlines()[:4] == [
        "|  | with labels | without | en | th |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| *teacher* | 70.0 | 80.0 | 80.0 | 70.0 |",
        "| plain | 52.0 ± 2.8 | 62.0 ± 2.8 | 62.0 ± 2.8 | 52.0 ± 2.8 |",
    ]
    assert "| *teacher* | 90.0 | 90.0 | 90.0 | 90.0 |" in by_accuracy


def test_gains_are_averaged_over_data_sets(tmp_path):
    for name, gain in (("One", 0.01), ("Other", 0.03)):
        work = tmp_path / name
        for arm, value in (("plain", 0.7), ("read", 0.7 + gain), ("long", 0.7)):
            if (name, arm) != ("Other", "long"):
                finished(work, arm, 1, value)
    found = {
        name: results(tmp_path / name, ["Set"], ["plain", "read", "long"], [1], {})["Set"]
        for name in ("One", "Other")
    }
    assert as_markdown(found).split("\n\n")[0].splitlines() == [
        "|  | seeds | One, exact match | Other, exact match | mean |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| *teacher* |  | 90.0 | 90.0 |  |",
        "| plain | 1 | 70.0 | 70.0 |  |",
        "| read | 1 | +1.0 | +3.0 | +2.0 ± 1.0 |",
        "| long | 1 | +0.0 |  |  |",
    ]


def test_another_teacher_is_shown(tmp_path):
    finished(tmp_path, "plain", 1, 0.7)
    finished(tmp_path, "read", 1, 0.7)
    finished(tmp_path, "several", 1, 0.7, teacher=0.93)
    console = Console(width=120, record=True)
    found = results(tmp_path, ["Set"], ["plain", "read", "several"], [1], {})
    assert "| *several: teacher* |  | 93.0 |" in as_markdown(found)
    console.print(table("Set", found["Set"]))
    said = console.export_text()
    assert "several: teacher" in said and "93.0" in said and "read: teacher" not in said


def test_several_teachers_are_asked_for_before_anything_runs(study, tmp_path, monkeypatch):
    study.write_text("seeds: [1]\narms: {plain: {}, both: {several: true}}")
    _, arms = read_arms(study, {})
    started = []
    monkeypatch.setattr("bench.ablation.runs.ProcessPoolExecutor", lambda *_, **__: started.append(1))
    with pytest.raises(UsageError, match="both wants several teachers of Set"):
        run_missing({"Set": Source("data", "one", None, (), (), ())}, arms, [1], tmp_path, {})
    assert not started


def test_what_is_finished_is_not_run_again(study, tmp_path, monkeypatch):
    _, arms = read_arms(study, {"body": "x"})
    finished(tmp_path, "plain", 1, 0.7)
    started = []
    monkeypatch.setattr("bench.ablation.runs.distilled", lambda *given: started.append(given[3]))
    monkeypatch.setattr("bench.ablation.runs.ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    source = Source("data", "teacher", None, (), (), ())
    before = {"Set": {"plain": {"3": {}}}}
    run_missing({"Set": source}, {"plain": arms["plain"]}, [1, 2, 3], tmp_path, before)
    assert started == [tmp_path / "Set" / "plain" / "2"]


def test_figures_are_kept_from_machine_to_machine(study, tmp_path, monkeypatch, capsys):
    def shown(work, *more):
        arguments = ["ablation", str(study), "--work", str(tmp_path / work), "--path", "body=x"]
        arguments += ["--json", str(tmp_path / "figures.json"), *more]
        monkeypatch.setattr("sys.argv", arguments)
        main()
        return capsys.readouterr().out

    finished(tmp_path / "here", "plain", 1, 0.63)
    assert "63.0" in shown("here", "--data", "Set=data")
    finished(tmp_path / "there", "read", 1, 0.84)
    said = shown("there", "--data", "Set=data", "--arms", "read")
    assert "84.0" in said and "63.0" not in said
    said = shown("nowhere")
    assert "63.0" in said and "84.0" in said and "+21.0" in said


def test_a_run_that_fails_is_named(study, tmp_path, monkeypatch):
    def fails(*_):
        raise UsageError("no such teacher")

    _, arms = read_arms(study, {"body": "x"})
    monkeypatch.setattr("bench.ablation.runs.distilled", fails)
    monkeypatch.setattr("bench.ablation.runs.ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    with pytest.raises(RunError, match="Set/plain/1 failed: no such teacher"):
        run_missing(
            {"Set": Source("data", "teacher", None, (), (), ())}, {"plain": arms["plain"]}, [1], tmp_path, {}
        )
