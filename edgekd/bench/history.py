"""Many reports side by side: how a project went.

Only reports about the same data can be compared, so each data set has a part of its own. Within it the
reports stand in the order in which they were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekd.bench.baseline import read_report
from edgekd.bench.bootstrap import Interval
from edgekd.bench.figures import microseconds, percent, size
from edgekd.bench.report import FORMAT, FORMAT_VERSION
from edgekd.bench.verdict import (
    METRIC_NAMES,
    first_latency,
    first_runtime,
    first_target,
    headline,
    main_metric,
)
from edgekd.errors import DataError

HEADER = ("made", "bundle", "target", "quality", "95% interval", "kept", "p50", "p90", "file", "verdict")

SHORT = ("made", "bundle", "quality", "kept", "p50", "file", "verdict")
"""Of HEADER, what a terminal has room for."""


@dataclass(frozen=True)
class Entry:
    """One report, by what heads it: its first target and runtime.

    Attributes:
        time: ISO 8601, of the target's clock.
        kind: "pass", "fail", "unsure" or "none".
    """

    path: Path
    time: str
    bundle: str
    target: str
    metric: str
    score: float
    interval: Interval
    kept: float | None
    p50_us: float | None
    p90_us: float | None
    bytes: int
    kind: str

    @classmethod
    def of(cls, path: Path, report: Mapping[str, Any]) -> Entry:
        metric = main_metric(report)
        (target, on), (name, runtime) = first_target(report), first_runtime(report)
        timed = first_latency(runtime) or {}
        retention = runtime["retention"]
        low, high = runtime["score_intervals"]["overall"][metric]
        return cls(
            path,
            on["machine"]["time"],
            report["bundle"]["name"],
            f"{name} on {target}",
            metric,
            runtime["scores"]["overall"][metric],
            (low, high),
            retention and retention["overall"][metric],
            timed.get("p50_us"),
            timed.get("p90_us"),
            runtime["bytes"],
            headline(report)[0],
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """As HEADER."""
        return (
            self.time[:16].replace("T", " "),
            self.bundle,
            self.target,
            percent(self.score),
            f"{percent(self.interval[0])} – {percent(self.interval[1])}",
            percent(self.kept),
            microseconds(self.p50_us),
            microseconds(self.p90_us),
            size(self.bytes),
            {"pass": "PASS", "fail": "FAIL", "unsure": "UNSURE"}.get(self.kind, "–"),
        )


@dataclass(frozen=True)
class History:
    """Reports about the same examples and the same metric, in order of time."""

    data: str
    metric: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        return f"{self.data}: {METRIC_NAMES[self.metric]}"


def find_reports(paths: Sequence[Path]) -> list[Path]:
    """Report files: those given, and every report.json in the folders given.

    Raises:
        DataError: a folder holds none, or a path is not there.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("report.json")) if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path} holds no report.json", expected="a folder that `edgekd bench` wrote")
        found += inside
    return list(dict.fromkeys(found))


def read_history(paths: Sequence[Path]) -> list[History]:
    """One history for each data set, split and metric.

    Raises:
        DataError: as `find_reports` and `read_report`.
    """
    by_data: dict[tuple[str, str, str], list[Entry]] = {}
    for path in find_reports(paths):
        report = read_report(path, FORMAT, FORMAT_VERSION)
        data = report["data"]
        entry = Entry.of(path, report)
        key = (f"{data['name']} {data['split']}", data["fingerprint"], entry.metric)
        by_data.setdefault(key, []).append(entry)
    return [
        History(name, metric, tuple(sorted(entries, key=lambda entry: entry.time)))
        for (name, _, metric), entries in sorted(by_data.items())
    ]
