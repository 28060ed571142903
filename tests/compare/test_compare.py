"""Runs side by side: what is taken together, by which languages, and what is refused."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edgekd.cli.app import app
from edgekd.compare.page import lines, render, spread
from edgekd.compare.runs import read_comparison
from edgekd.errors import DataError, EdgekdError, RunError, UsageError
from edgekd.recipe import Recipe

LANGUAGES = {"en": 10, "de": 5, "th": 5}


def scores(*values: float) -> dict:
    by_language = {
        language: {"accuracy": min(value + 0.1, 1), "span_f1": value, "exact_match": value}
        for language, value in zip(LANGUAGES, values, strict=True)
    }
    return {"overall": by_language["en"], "by_language": by_language, "counts": LANGUAGES}


def run(folder, student, *, seed=1, control=None, labelled=("en",), taught=(), **changes):
    folder.mkdir(parents=True)
    Recipe().changed({"training.seed": seed, **changes}).save(folder / "recipe.yaml")
    judged = {"teacher": scores(0.9, 0.8, 0.7), "student": scores(*student)}
    if control:
        judged["control"] = scores(*control)
    content = {
        "task": "joint",
        "main_metric": "exact_match",
        "fingerprints": {"teacher": "t"},
        "languages": {"labelled": labelled, "labelled_by_teacher_only": taught},
        "splits": {"dev": judged},
    }
    (folder / "metrics.json").write_text(json.dumps(content))
    return str(folder)


@pytest.fixture
def runs(tmp_path):
    return [
        run(tmp_path / "plain/1", (0.6, 0.3, 0.1), control=(0.5, 0.1, 0.0)),
        run(tmp_path / "plain/2", (0.8, 0.5, 0.1), seed=2, control=(0.5, 0.2, 0.1)),
        run(tmp_path / "read", (0.7, 0.6, 0.5), taught=("en", "th"), **{"training.epochs": 9}),
    ]


def test_seeds_are_taken_together_and_languages_apart(runs):
    found = read_comparison([runs[0], f"with texts={runs[2]}", runs[1]], "dev")
    assert (found.sources, found.targets) == (["en"], ["de", "th"])
    plain, read = found.ways
    assert (plain.name, plain.seeds, read.name, read.seeds) == ("1", (1, 2), "with texts", (1,))
    assert plain.settings == {"training.epochs": 30} and read.settings == {"training.epochs": 9}
    assert plain.values("student", "exact_match", ["de", "th"]) == pytest.approx([0.2, 0.3])
    assert (read.taught, plain.taught) == ({"th"}, set())
    assert read.values("control", "exact_match", ["en"]) == []
    assert [(name, model) for name, _, _, model in lines(found)] == [
        ("teacher", "teacher"),
        ("1", "student"),
        ("with texts", "student"),
        ("1, without a teacher", "control"),
    ]


def test_spreads():
    assert spread([0.5]) == "50.0%" and spread([0.2, 0.3]) == "25.0 ± 7.1%"


def test_the_page_has_the_figures(runs):
    page = render(read_comparison([*runs[:2], f"<b>={runs[2]}"], "dev"))
    for said in (
        "With labels",
        "Without labels",
        "70.0 ± 14.1%",
        "en*",
        "&lt;b&gt;",
        "55.0%",
    ):
        assert said in page
    assert "<b>" not in page and "training.epochs" in page


def test_without_unlabelled_languages_there_is_one_group(tmp_path):
    every = tuple(LANGUAGES)
    one = run(tmp_path / "one", (0.6, 0.3, 0.1), labelled=every)
    other = run(tmp_path / "other", (0.6, 0.3, 0.1), labelled=every, **{"training.epochs": 9})
    found = read_comparison([one, other], "dev")
    assert found.targets == []
    page = render(found)
    assert "Without labels" not in page and "All languages" in page


def test_what_cannot_be_compared_is_explained(runs, tmp_path):
    with pytest.raises(UsageError, match="1 run to compare"):
        read_comparison(runs[:1], "dev")
    with pytest.raises(RunError, match="no finished run"):
        read_comparison([runs[0], str(tmp_path)], "dev")
    with pytest.raises(RunError, match="has no split 'test'"):
        read_comparison(runs, "test")
    other = run(tmp_path / "other", (0.6, 0.3, 0.1))
    content = json.loads((tmp_path / "other/metrics.json").read_text())
    content["splits"]["dev"]["student"]["counts"] = {"en": 3}
    (tmp_path / "other/metrics.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="judged on other examples: 10 of en, 5 of de, 5 of th, and 3 of en"):
        read_comparison([runs[0], other], "dev")


def test_the_verb(runs, tmp_path):
    done = CliRunner().invoke(app, ["compare", *runs, "--out", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    assert "with labels (1)" in done.output and "25.0 ± 7.1%" in done.output
    assert (tmp_path / "page.html").exists()
    refused = CliRunner().invoke(app, ["compare", runs[0]])
    assert isinstance(refused.exception, EdgekdError)
