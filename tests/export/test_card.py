"""MODEL_CARD.md says what edgekd.json says, and nothing where that is silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgekd.export.card import model_card
from edgekd.export.description import history
from edgekd.metrics import Scores


def scores(value: float) -> dict[str, Any]:
    return vars(
        Scores(
            {"exact_match": value},
            {"de": {"exact_match": value - 0.1}, "en": {"exact_match": value + 0.1}},
            {"de": 10, "en": 1490},
        )
    )


KNOWN = {
    "languages": ["de", "en"],
    "teacher": "minilm",
    "data": "mine|and yours",
    "training_texts": {"labelled": 12_345, "labelled_by_teacher_only": 678},
    "fingerprints": {"data": "d4d4", "teacher": "7e7e"},
    "metrics": {
        "dev": {
            "teacher": scores(0.8),
            "student": scores(0.75),
            "control": scores(0.7),
            "retention": {
                "overall": {"exact_match": 0.9375},
                "by_language": {"de": {"exact_match": None}, "en": {"exact_match": 0.944}},
            },
        }
    },
    "calibration": {"temperature": 1.4825, "ece": 0.0131, "ece_before": 0.0425},
    "out_of_scope": {
        "label": "music",
        "threshold": 0.265,
        "in_scope_refused": 0.121,
        "recall": 0.92,
        "auroc": 0.957,
        "accuracy": 0.899,
        "accuracy_with_rejection": 0.862,
    },
}


@pytest.fixture(scope="module")
def content(bundle_of: Callable[[str], Path]) -> dict[str, Any]:
    return json.loads((bundle_of("int8") / "edgekd.json").read_text("utf-8"))


def rows(card: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in card.splitlines()
        if line[:1] == "|"
    ]


def test_the_front_matter(content: dict[str, Any]) -> None:
    _, front, rest = model_card(content | KNOWN | {"licence": 'CC BY: "4.0"'}).split("---\n", 2)
    said = yaml.safe_load(front)
    assert said["license"] == 'CC BY: "4.0"'
    assert said["language"] == ["de", "en"]
    assert said["pipeline_tag"] == "token-classification"
    assert {"edgekd", "tflite", "onnx"} <= set(said["tags"])
    assert rest.startswith("\n# bundle\n")


def test_what_is_known_is_said(content: dict[str, Any]) -> None:
    card = model_card(content | KNOWN)
    table = rows(card)
    assert ["de", "10", "exact match", "70.0%", "65.0%", "60.0%", "–"] in table
    assert ["en", "1,490", "exact match", "90.0%", "85.0%", "80.0%", "94.4%"] in table
    assert ["all", "1,500", "exact match", "80.0%", "75.0%", "70.0%", "93.8%"] in table
    assert ["train", "12,345"] in table and ["labelled by the teacher only", "678"] in table
    assert ["texts out of scope that are found", "92.0%"] in table
    for fact in (
        "temperature 1.482",
        "is 1.3%",
        "it is 4.2%",
        "all labels but `music`",
        "minilm, fingerprint `7e7e`",
        "mine\\|and yours, fingerprint `d4d4`",
        f"first {content['max_chars']} code points",
        "edgekd verify",
    ):
        assert fact in card
    assert {f"`{name}`" for name in content["files"]} <= {row[0] for row in table}


def test_what_is_not_known_is_not_said(content: dict[str, Any]) -> None:
    card = model_card(content)
    for title in ("Quality", "Probabilities", "Out of scope", "Data", "Teacher"):
        assert f"## {title}" not in card
    assert "## Licence\n\nnot stated" in card
    assert "None" not in card


def test_without_texts_out_of_scope(content: dict[str, Any]) -> None:
    nothing = dict.fromkeys(KNOWN["out_of_scope"]) | {"threshold": 0.7, "in_scope_refused": 0.049}
    card = model_card(content | {"out_of_scope": nothing})
    assert "refuses at most 5.0% of dev's texts; cross-fitted it refuses 4.9%" in card
    assert "None" not in card


def test_a_run_without_a_control(content: dict[str, Any]) -> None:
    judged = {name: said for name, said in KNOWN["metrics"]["dev"].items() if name != "control"}
    table = rows(model_card(content | KNOWN | {"metrics": {"dev": judged}}))
    assert ["language", "texts", "metric", "teacher", "student", "kept"] in table
    assert ["en", "1,490", "exact match", "90.0%", "85.0%", "94.4%"] in table


def test_the_control_is_called_so(content: dict[str, Any]) -> None:
    assert "This is the control" in model_card(content | {"model": "control"})


@pytest.mark.parametrize(
    ("teacher", "name"),
    [
        ("/home/me/teachers/minilm", "minilm"),
        ("/a/one+/b/two", "one+two"),
        ("some/hub-name", "some/hub-name"),
    ],
)
def test_the_folders_of_this_machine_stay_here(tmp_path: Path, teacher: str, name: str) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"teacher": teacher}))
    found = {"data": "d", "texts": {}, "fingerprints": {}, "splits": {}}
    (tmp_path / "metrics.json").write_text(json.dumps(found))
    assert history(tmp_path)["teacher"] == name


def test_a_run_from_python_need_not_name_its_teacher(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"fingerprints": {}}))
    found = {"data": "d", "texts": {}, "fingerprints": {}, "splits": {}}
    (tmp_path / "metrics.json").write_text(json.dumps(found))
    assert history(tmp_path)["teacher"] == "without a name"
