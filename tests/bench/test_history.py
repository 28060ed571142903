"""`edgekd report` on reports made by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgekd.bench.history import find_reports, read_history
from edgekd.bench.pages.history import render
from edgekd.errors import DataError


def report(
    day: int, score: float, *, bundle: str = "numbers", data: str = "f", verdict: str = "PASS"
) -> dict:
    runtime = {
        "scores": {"overall": {"exact_match": score}},
        "score_intervals": {"overall": {"exact_match": [score - 0.02, score + 0.02]}},
        "retention": {"overall": {"exact_match": score / 0.9}},
        "latency": {"1": {"p50_us": 100.0 + day, "p90_us": 200.0}},
        "bytes": 1_100_000,
    }
    check = {"metric": "exact_match", "verdict": verdict, "what": "retention", "language": "all"}
    check |= {
        "runtime": "litert",
        "target": "local",
        "value": score,
        "interval": None,
        "bar": 0.9,
        "reason": "",
    }
    return {
        "format": "edgekd-report",
        "format_version": 2,
        "bundle": {"name": bundle, "task": "joint"},
        "data": {"name": "numbers", "split": "dev", "fingerprint": data},
        "targets": {
            "local": {
                "machine": {"time": f"2026-11-{day:02}T10:00:00+00:00"},
                "runtimes": {"litert": runtime},
            }
        },
        "gate": {"verdict": verdict, "checks": [check]},
        "baseline": None,
    }


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    made = {
        "b": report(2, 0.80, verdict="FAIL"),
        "a": report(1, 0.85),
        "c/d": report(3, 0.88, bundle="<new>", verdict="UNSURE"),
        "other": report(4, 0.5, data="g"),
    }
    for name, content in made.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "report.json").write_text(json.dumps(content), "utf-8")
    return tmp_path


def test_reports_of_the_same_data_in_order_of_time(reports: Path) -> None:
    first, second = read_history([reports])
    assert [entry.score for entry in first.entries] == [0.85, 0.80, 0.88]
    assert [entry.kind for entry in first.entries] == ["pass", "fail", "unsure"]
    assert len(second.entries) == 1
    assert first.title == "numbers dev: exact match"
    assert first.entries[0].cells[3:6] == ("85.0%", "83.0% – 87.0%", "94.4%")


def test_files_and_folders_each_once(reports: Path) -> None:
    assert len(find_reports([reports, reports / "a", reports / "b" / "report.json"])) == 4


def test_the_page(reports: Path) -> None:
    page = render(read_history([reports]))
    assert page.count("<section>") == 2
    assert page.count('<circle class="dot fail"') == 3  # quality, p50 and file
    assert "&lt;new&gt;" in page and "<new>" not in page
    assert "<script" not in page


def test_the_command(reports: Path, tmp_path: Path) -> None:
    out = tmp_path / "history.html"
    command = [sys.executable, "-m", "edgekd", "report", str(reports), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2026-11-02 10:00   numbers" in done.stdout
    assert "History" in out.read_text("utf-8")


def test_what_holds_no_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no report\.json"):
        find_reports([tmp_path])
    with pytest.raises(DataError, match="there is no file"):
        read_history([tmp_path / "nowhere.json"])
