"""The verdict of a report in words, for the page and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekd.bench.figures import percent
from edgekd.data.examples import Task
from edgekd.metrics import MAIN_METRIC

Report = Mapping[str, Any]
"""The content of report.json."""

BUSY = "The machine was busy with other work when this began: the latencies are too high."

METRIC_NAMES = {
    "accuracy": "accuracy",
    "micro_f1": "micro F1",
    "span_f1": "slot F1",
    "exact_match": "exact match",
}


def headline(report: Report) -> tuple[str, str, str]:
    """The verdict as (kind, headline, sentence); kind is "pass", "fail" or "none"."""
    metric, runtime = main_metric(report), first_runtime(report)
    kept = runtime["retention"] and runtime["retention"]["overall"][metric]
    name = METRIC_NAMES[metric]
    score = f"{percent(runtime['scores']['overall'][metric])} {name}"
    gate = report["gate"]
    if gate is None and runtime["retention"] is None:
        return "none", f"No gate: {score}", "Without a teacher there is no retention to judge."
    if gate is None:
        return "none", f"No gate: keeps {percent(kept)} of its teacher's {name}", f"The student has {score}."

    judged = [check for check in gate["checks"] if check["status"] in ("passed", "failed")]
    failed = [check for check in judged if check["status"] == "failed"]
    bar = f"The bar is {percent(gate['min_retention'])}"
    if not judged:
        return "fail", "Failed: nothing could be judged", "The teacher scores nothing on these examples."
    if failed:
        listed = ", ".join(map(_check_name, failed[:4])) + (", ..." if len(failed) > 4 else "")
        return (
            "fail",
            f"Failed: {len(failed)} of {len(judged)} checks below the bar",
            f"{bar}. Below it: {listed}.",
        )
    weakest = min(judged, key=lambda check: check["retention"])
    number = "1 check is" if len(judged) == 1 else f"all {len(judged)} checks are"
    sentence = f"{bar}, and {number} above it. Weakest: {_check_name(weakest)}."
    return "pass", f"Passed: keeps {percent(kept)} of its teacher's {name}", sentence


def main_metric(report: Report) -> str:
    """The metric that heads the page: the gate's first, or the task's main one."""
    if report["gate"] and report["gate"]["checks"]:
        return report["gate"]["checks"][0]["metric"]
    return MAIN_METRIC[Task(report["bundle"]["task"])]


def _check_name(check: Mapping[str, Any]) -> str:
    where = "over all" if check["language"] == "all" else check["language"]
    return f"{where} {percent(check['retention'])} ({METRIC_NAMES[check['metric']]}, {check['runtime']})"


def first_runtime(report: Report) -> Mapping[str, Any]:
    """The runtime that heads the report: the one asked for, or the first of all."""
    return next(iter(report["runtimes"].values()))
