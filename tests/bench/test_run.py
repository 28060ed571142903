"""The bench on targets made by hand: what becomes of those that give less, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.bench.gate import Bars
from edgekd.bench.markdown import as_markdown
from edgekd.bench.pages.report import render
from edgekd.bench.run import BenchConfig, bench
from edgekd.bench.runner.job import Job
from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task
from edgekd.errors import TargetError, UsageError
from edgekd.progress import Progress

EXAMPLES = [
    Example("at 7", "en", ("numbers",), (Span(3, 4, "number"),)),
    Example("at noon", "en", ("words",)),
] * 40
DATA = Dataset("numbers", Task.JOINT, {"dev": EXAMPLES}, LabelSet(("numbers", "words"), ("number",)))
SAID = [[["numbers"], [[3, 4, "number"]]], [["words"], []]] * 40


def latency(us: float) -> dict:
    figures = {f"p{share}_us": us for share in (50, 90, 99)}
    figures |= {f"p{share}_interval_us": [us * 0.99, us * 1.01] for share in (50, 90, 99)}
    return {**figures, "max_us": us, "calls": 1000, "stable": True, "histogram": None}


class Fake:
    """Gives findings; with labels unless it is a phone."""

    def __init__(
        self, name: str, kind: str, us: float = 100.0, error: str = "", runtime: str = "litert"
    ) -> None:
        self.name, self.kind, self._us, self._error, self._runtime = name, kind, us, error, runtime
        self.jobs: list[Job] = []

    def run(self, job: Job, progress: Progress) -> dict:
        self.jobs.append(job)
        if self._error:
            raise TargetError(self._error)
        runtime = {
            "version": "1",
            "file": "model.tflite",
            "library_bytes": None,
            "predictions": None if self.kind == "adb" else SAID,
            "latency": {"1": latency(self._us)},
            "overhead": None,
            "energy": {
                "calls": 10,
                "idle_watts": 1.0,
                "busy_watts": 3.0,
                "microjoules": 30.0,
                "microjoules_above_idle": 20.0,
            },
            "cold": None,
            "profile": None,
        }
        machine = {"time": "2026-11-21T10:00:00+00:00", "cpu": "A", "architecture": "a", "system": "s"}
        noise = {"others": 0.3, "spread": 0.2, "interrupted": 0.0, "noisy": self.kind == "ssh"}
        return {"machine": machine, "noise": noise, "teacher": None, "runtimes": {"litert": runtime}}


def run(bundle: Path, tmp_path: Path, *targets: Fake, **bars) -> dict:
    config = BenchConfig(targets=targets, bars=Bars(**bars))
    return bench(bundle, DATA, None, None, config, tmp_path, "edgekd bench ...")


def test_a_phone_beside_this_machine(bundle_folder: Path, tmp_path: Path) -> None:
    local, phone = Fake("local", "local"), Fake("phone", "adb", 300.0)
    report = run(bundle_folder, tmp_path, local, phone, latency_p90_us=200.0)
    assert report["targets"]["phone"]["runtimes"]["litert"]["scores"] is None
    assert report["targets"]["local"]["runtimes"]["litert"]["scores"]["overall"]["exact_match"] == 1.0
    assert [(one["target"], one["verdict"]) for one in report["gate"]["checks"]] == [
        ("local", "PASS"),
        ("phone", "FAIL"),
    ]
    page = render(report)
    assert "litert, phone" in page and "300 µs" in page
    assert "30 µJ" in page
    assert "| phone | litert | 1 |" in as_markdown(report)
    assert len(local.jobs[0].texts) == 80


def test_a_phone_cannot_head_a_report(bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="phone gives no labels"):
        run(bundle_folder, tmp_path, Fake("phone", "adb"), Fake("local", "local"))


def test_the_others_are_measured_where_one_is_gone(bundle_folder: Path, tmp_path: Path) -> None:
    gone = Fake("pi", "ssh", error="no route")
    report = run(bundle_folder, tmp_path, gone, Fake("phone", "adb"), Fake("local", "local"))
    assert list(report["targets"]) == ["local", "phone"]  # one that gives labels heads the report
    assert report["unreached"] == {"pi": "no route"}
    assert "pi was not measured: no route" in render(report)
    with pytest.raises(TargetError, match="no route"):
        run(bundle_folder, tmp_path, gone, Fake("phone", "adb"))


def test_a_noisy_machine_is_told(bundle_folder: Path, tmp_path: Path) -> None:
    report = run(bundle_folder, tmp_path, Fake("pi", "ssh"), latency_p90_us=1.0)
    assert report["gate"]["verdict"] == "UNSURE"
    assert "too noisy to trust its latencies (pi)" in render(report)
    assert "too noisy to trust its latencies: pi" in as_markdown(report)
