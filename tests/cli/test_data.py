from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgekd.cli import options
from edgekd.cli.app import app
from edgekd.errors import DataError, UsageError

ROWS = [
    {"text": "in [b]rome[/b]", "label": "go", "spans": [{"start": 6, "end": 10, "slot": "city"}]},
    {"text": "a\ud800\0b", "label": "\udfff"},
    {"text": "in rom", "label": "go", "spans": [{"start": 3, "end": 5, "slot": "city"}]},
]


def run(*arguments: str):
    return CliRunner().invoke(app, ["data", *arguments], env={"COLUMNS": "100"})


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "dev.jsonl").write_text(json.dumps({"text": "in rom", "label": "stay"}) + "\n")
    return str(tmp_path)


def test_tables_and_findings(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    for part in (
        "joint, 4 examples, 3 labels, 1 slots, 2 spans",
        "p50/p95/p99/max",
        "\\udfff",
        "leaks, train in dev: 1 examples, 1 of them with other labels",
        "dev has labels that train lacks: stay (1)",
        "1 of 2 spans do not begin and end with a token",
        "'ro': city in 'in rom'",
    ):
        assert part in result.output


def test_json_for_machines(folder):
    result = run(folder, "--json")
    summary = json.loads(result.stdout)
    assert summary["examples"] == {"train": {"und": 3}, "dev": {"und": 1}}
    assert summary["unreachable"] == {"und": 1}


def test_long_lists_are_cut(tmp_path):
    rows = "".join(f"text {n},label{n:02}\n" for n in range(30))
    (tmp_path / "train.csv").write_text("t,l\n" + rows)
    columns = ["--text-column", "t", "--label-column", "l"]
    cut = run(str(tmp_path), *columns).output
    assert "label19" in cut
    assert "label20" not in cut
    assert "10 more" in cut
    assert "label29" in run(str(tmp_path), *columns, "--all").output


def test_errors_reach_the_caller(tmp_path, folder):
    assert isinstance(run(str(tmp_path / "nothing.csv")).exception, DataError)
    assert isinstance(run(folder, "--task", "parsing").exception, UsageError)
    assert isinstance(run(folder, "--text-column", "body").exception, DataError)


READING = dict.fromkeys(inspect.signature(options._reading).parameters)


def test_a_dev_split_is_held_out_where_there_is_none(tmp_path):
    rows = "".join(f"text {n},label{n % 3}\n" for n in range(300))
    (tmp_path / "all.csv").write_text("text,label\n" + rows)
    first, second = (options.load(str(tmp_path / "all.csv"), READING) for _ in range(2))
    assert first.splits == second.splits
    assert 10 < len(first.splits["dev"]) < 60
    assert len(first.splits["train"]) + len(first.splits["dev"]) == 300
    assert list(options.load(str(tmp_path / "all.csv"), READING, hold_out=False).splits) == ["all"]


def test_examples_with_unknown_labels_may_be_dropped(folder):
    whole = options.load(folder, READING)
    assert {split: len(examples) for split, examples in whole.splits.items()} == {"dev": 1, "train": 3}
    dropped = options.load(folder, {**READING, "drop_unknown_labels": True})
    assert list(dropped.splits) == ["train"]
    assert dropped.skipped == {"label not in train (dev)": 1}
