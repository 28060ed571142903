"""The gate: is the student good, fast and small enough, on every target and in every language?

Each check holds a figure with its interval against a bar:

    PASS     the whole interval is on the right side of the bar
    FAIL     the whole interval is on the wrong side
    UNSURE   the bar lies within it, or there is too little to judge by: fewer than 30 examples of a language,
             a teacher that scores nothing, a machine too noisy to believe a latency that fails

The gate fails where any check fails; else it is unsure where any check is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from edgekd.bench.bootstrap import OVERALL, Interval
from edgekd.errors import UsageError

FEWEST_EXAMPLES = 30

_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")


class Verdict(StrEnum):
    """How a check, or the whole gate, came out."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNSURE = "UNSURE"


@dataclass(frozen=True)
class Bars:
    """What is demanded; None or nothing is not.

    Attributes:
        retention: the least share of the teacher's quality, by (metric, language): (None, None) is the task's
            main metric over all and in every language, (metric, None) another metric there, (metric,
            language) and (None, language) a bar of its own for a language.
        every_language: each language is judged by itself too, not only those with a bar of their own.
    """

    retention: Mapping[tuple[str | None, str | None], float] = field(default_factory=dict)
    every_language: bool = True
    latency_p90_us: float | None = None
    bytes: float | None = None
    peak_rss_bytes: float | None = None

    def __bool__(self) -> bool:
        return bool(self.retention) or any((self.latency_p90_us, self.bytes, self.peak_rss_bytes))


@dataclass(frozen=True)
class Check:
    """One figure against its bar.

    Attributes:
        what: "retention", "latency_p90_us", "bytes" or "peak_rss_bytes".
        metric, language, examples: of a retention.
        value, interval: the figure; None where there is none.
        bar: retention must be at least this, everything else at most.
        reason: why the verdict is UNSURE; empty otherwise.
    """

    target: str
    runtime: str
    what: str
    value: float | None
    interval: Interval | None
    bar: float
    verdict: Verdict
    metric: str | None = None
    language: str | None = None
    examples: int | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        return {**asdict(self), "interval": self.interval and list(self.interval)}


def overall_verdict(checks: Sequence[Check]) -> Verdict:
    """FAIL before UNSURE before PASS; a gate without checks is unsure."""
    verdicts = {check.verdict for check in checks} or {Verdict.UNSURE}
    return next(one for one in (Verdict.FAIL, Verdict.UNSURE, Verdict.PASS) if one in verdicts)


def parse_retention(demands: Sequence[str], metrics: Sequence[str], languages: Sequence[str]) -> dict:
    """Bars as they are written: "0.95", "span_f1=0.9", "th-TH=0.85", "span_f1/th-TH=0.8".

    Returns:
        `Bars.retention`.

    Raises:
        UsageError: one is not a number from 0 to 2, or names no metric or language of the data.
    """
    bars: dict[tuple[str | None, str | None], float] = {}
    for demand in demands:
        names, _, number = demand.rpartition("=")
        metric, language = None, None
        for name in filter(None, names.split("/")):
            if name in metrics and metric is None:
                metric = name
            elif name in languages and language is None:
                language = name
            else:
                raise UsageError(
                    f"--min-retention {demand!r} names {name!r}",
                    expected=f"a metric ({', '.join(metrics)}) or a language ({', '.join(languages)})",
                )
        try:
            bar = float(number)
        except ValueError:
            bar = -1.0
        if not 0 <= bar <= 2:
            raise UsageError(
                f"--min-retention {demand!r} is not a share of the teacher's quality",
                expected="a number from 0 to 2, such as 0.95, or METRIC=0.9, LANGUAGE=0.85",
            )
        bars[metric, language] = bar
    return bars


def parse_quantity(written: str, kind: str) -> float:
    """ "500us", "0.5 ms" in microseconds; "1.2MB", "800 kB" in bytes.

    Args:
        kind: "time" or "size".

    Raises:
        UsageError: it is something else.
    """
    units = [unit for unit in _UNITS if unit.endswith("s") == (kind == "time") and unit != "bytes"]
    units += ["bytes"] if kind == "size" else []
    found = _QUANTITY.fullmatch(written.strip())
    if not found or found[2] not in units:
        example = "500us or 0.5ms" if kind == "time" else "1.2MB or 800kB"
        raise UsageError(
            f"{written!r} is not a {kind}", expected=f"a number with its unit, such as {example}"
        )
    return float(found[1]) * _UNITS[found[2]]


def judge(report: Mapping[str, Any], bars: Bars, main_metric: str) -> list[Check]:
    """Hold the figures of a report (`edgekd.bench.report`) against the bars."""
    checks = []
    for target, on in report["targets"].items():
        noisy = bool(on["noise"] and on["noise"]["noisy"])
        for name, runtime in on["runtimes"].items():
            if bars.retention and runtime["retention"]:
                checks += _retentions(target, name, runtime, report, bars, main_metric)
            latency = next(iter(runtime["latency"].values()), None)
            if bars.latency_p90_us is not None and latency:
                value, interval = latency["p90_us"], tuple(latency["p90_interval_us"])
                check = _at_most(target, name, "latency_p90_us", value, interval, bars.latency_p90_us)
                checks.append(_doubted(check) if noisy else check)
            if bars.bytes is not None:
                checks.append(_at_most(target, name, "bytes", runtime["bytes"], None, bars.bytes))
            if bars.peak_rss_bytes is not None and runtime["cold"]:
                value = runtime["cold"]["peak_rss_bytes"]
                checks.append(_at_most(target, name, "peak_rss_bytes", value, None, bars.peak_rss_bytes))
    return checks


def _retentions(
    target: str, name: str, runtime: Mapping[str, Any], report: Mapping[str, Any], bars: Bars, main: str
) -> list[Check]:
    """A check for each metric with a bar, over all and in each language that is judged."""
    checks = []
    counts = report["data"]["examples"]
    languages = [OVERALL, *(counts if len(counts) > 1 else ())]
    for metric in dict.fromkeys(metric or main for metric, _ in bars.retention):
        for language in languages:
            bar = _bar(bars, metric, language, main)
            if bar is None:
                continue
            value, interval = (
                (one["overall"] if language == OVERALL else one["by_language"][language])[metric]
                for one in (runtime["retention"], runtime["retention_intervals"])
            )
            examples = sum(counts.values()) if language == OVERALL else counts[language]
            verdict, reason = Verdict.UNSURE, ""
            if value is None or interval is None:
                reason = "the teacher scores nothing"
            elif examples < FEWEST_EXAMPLES:
                reason = f"fewer than {FEWEST_EXAMPLES} examples"
            elif interval[0] >= bar:
                verdict = Verdict.PASS
            elif interval[1] < bar:
                verdict = Verdict.FAIL
            else:
                reason = "the bar lies within the interval"
            found = ("retention", value, interval and tuple(interval), bar, verdict)
            checks.append(Check(target, name, *found, metric, language, examples, reason))
    return checks


def _bar(bars: Bars, metric: str, language: str, main: str) -> float | None:
    """The bar of its own, else that of the metric; None where there is neither."""
    names = (metric, None) if metric == main else (metric,)
    own = [bars.retention[name, language] for name in names if (name, language) in bars.retention]
    if own:
        return own[0]
    if language != OVERALL and not bars.every_language:
        return None
    return next((bars.retention[name, None] for name in names if (name, None) in bars.retention), None)


def _at_most(
    target: str, runtime: str, what: str, value: float | None, interval: Interval | None, bar: float
) -> Check:
    if value is None:
        reason = "it could not be measured there"
        return Check(target, runtime, what, None, None, bar, Verdict.UNSURE, reason=reason)
    low, high = interval or (value, value)
    verdict = Verdict.PASS if high <= bar else Verdict.FAIL if low > bar else Verdict.UNSURE
    reason = "the bar lies within the interval" if verdict is Verdict.UNSURE else ""
    return Check(target, runtime, what, value, interval, bar, verdict, reason=reason)


def _doubted(check: Check) -> Check:
    """A latency that fails on a noisy machine may be the machine's; one that passes there passes anywhere."""
    if check.verdict is not Verdict.FAIL:
        return check
    values = {**vars(check), "verdict": Verdict.UNSURE, "reason": "the machine was too noisy"}
    return Check(**values)
