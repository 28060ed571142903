"""The verdict of a report in words, for the terminal and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekd.bench.figures import counted, microseconds, percent, size
from edgekd.bench.gate import Verdict
from edgekd.data.examples import Task
from edgekd.metrics import MAIN_METRIC

Report = Mapping[str, Any]
"""The content of report.json."""

NOISY = "The machine was too noisy to trust its latencies"

METRIC_NAMES = {
    "accuracy": "accuracy",
    "micro_f1": "micro F1",
    "span_f1": "slot F1",
    "exact_match": "exact match",
}

_NAMED = 4


def headline(report: Report) -> tuple[str, str, str]:
    """The verdict as (kind, headline, sentence); kind is "pass", "fail", "unsure" or "none"."""
    metric, (_, runtime) = main_metric(report), first_runtime(report)
    name = METRIC_NAMES[metric]
    score = f"{percent(runtime['scores']['overall'][metric])} {name}"
    kept = runtime["retention"] and runtime["retention"]["overall"][metric]
    worse = [change for change in (report["baseline"] or {}).get("changes", ()) if change["regressed"]]
    if worse:
        listed = _listed([change_name(change) for change in worse])
        return "fail", f"FAIL: {counted(len(worse), 'figure')} worse than the baseline", f"{listed}."
    gate = report["gate"]
    if gate is None:
        if kept is None:
            return "none", f"No gate: {score}", "Without a teacher there is no retention to judge."
        low, high = runtime["retention_intervals"]["overall"][metric]
        return (
            "none",
            f"No gate: keeps {percent(kept)} of its teacher's {name}",
            f"The student has {score}. On other examples it might keep {percent(low)} to {percent(high)}.",
        )
    checks = gate["checks"]
    verdict = Verdict(gate["verdict"])
    if verdict is Verdict.PASS:
        number = "1 check is" if len(checks) == 1 else f"all {len(checks)} checks are"
        kept_words = f": keeps {percent(kept)} of its teacher's {name}" if kept is not None else f": {score}"
        return "pass", f"PASS{kept_words}", f"{number.capitalize()} on the right side of the bar."
    which = [check for check in checks if check["verdict"] == verdict]
    listed = _listed([check_name(check) for check in which])
    number = f"{len(which)} of {counted(len(checks), 'check')}"
    if verdict is Verdict.FAIL:
        return "fail", f"FAIL: {number} beyond the bar", f"{listed}."
    if not checks:
        return (
            "unsure",
            "UNSURE: nothing could be judged",
            "No target gave the figures that the bars are about.",
        )
    reasons = _listed(sorted({check["reason"] for check in which}))
    return "unsure", f"UNSURE: {number} undecided", f"{listed}: {reasons}."


def main_metric(report: Report) -> str:
    """The metric that heads the page: that of the gate's first check of quality, or the task's main one."""
    judged = [check["metric"] for check in (report["gate"] or {}).get("checks", ()) if check["metric"]]
    return judged[0] if judged else MAIN_METRIC[Task(report["bundle"]["task"])]


def first_target(report: Report) -> tuple[str, Mapping[str, Any]]:
    """The target that heads the report."""
    return next(iter(report["targets"].items()))


def first_runtime(report: Report) -> tuple[str, Mapping[str, Any]]:
    """The runtime that heads the report: the one asked for, or the first of all, on the first target."""
    return next(iter(first_target(report)[1]["runtimes"].items()))


def first_latency(runtime: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The latency with the first number of threads; None where nothing was timed."""
    return next(iter(runtime["latency"].values()), None)


def noise_words(noise: Mapping[str, Any]) -> str:
    """What was measured of a machine's noise."""
    others = (
        "" if noise["others"] is None else f"other work took {percent(noise['others'])} of the processors, "
    )
    return (
        f"{others}the reference beside it varied by {percent(noise['spread'])}, "
        f"{percent(noise['interrupted'])} of its calls were interrupted"
    )


def check_name(check: Mapping[str, Any]) -> str:
    """A check in words: "th-TH 91.0% (exact match, litert on local)"."""
    where = f"{check['runtime']} on {check['target']}"
    if check["what"] != "retention":
        what = {"latency_p90_us": "p90", "bytes": "file", "peak_rss_bytes": "peak memory"}[check["what"]]
        show = microseconds if check["what"] == "latency_p90_us" else size
        return f"{what} {show(check['value'])} against {show(check['bar'])} ({where})"
    language = "over all" if check["language"] == "all" else check["language"]
    figure = percent(check["value"])
    if check["interval"]:
        figure += f", {percent(check['interval'][0])} to {percent(check['interval'][1])}"
    return f"{language} {figure} ({METRIC_NAMES[check['metric']]}, {where})"


def change_name(change: Mapping[str, Any]) -> str:
    """A change against the baseline in words."""
    show = {"quality": percent, "latency": microseconds}.get(change["what"], size)
    name = change["name"] or change["what"]
    where = f"{change['runtime']} on {change['target']}"
    return f"{name} {show(change['before'])} before, {show(change['now'])} now ({where})"


def _listed(names: list[str]) -> str:
    return "; ".join(names[:_NAMED]) + (f"; {len(names) - _NAMED} more" if len(names) > _NAMED else "")
