"""Is a report worse than an older one, beyond what chance does?

quality   the same examples judged twice: a metric has dropped where the whole bootstrap interval of the
          difference, new minus old, lies below zero
latency   p50 and p90 have grown where the new interval lies more than 5 % above the old one: runs of the
          same file differ by up to that (docs/results.md, "Latency"). On another processor, or where one of
          the machines was noisy, nothing is compared
bytes     have grown by more than 1 %
memory    the peak has grown by more than 10 %
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.bench.bootstrap import Interval, intervals
from edgekd.bench.figures import counted
from edgekd.errors import DataError, UsageError
from edgekd.files import read_json
from edgekd.metrics import Tallies

MOST_SLOWER, MOST_LARGER, MOST_MEMORY = 1.05, 1.01, 1.10


@dataclass(frozen=True)
class Change:
    """One figure, before and now.

    Attributes:
        what: "quality", "latency", "bytes" or "memory".
        name: of the figure: a metric and its language; a percentile and the threads; else empty.
        interval: of the difference, for quality.
        regressed: it is worse beyond noise.
    """

    target: str
    runtime: str
    what: str
    name: str
    before: float
    now: float
    regressed: bool
    interval: Interval | None = None


@dataclass(frozen=True)
class Comparison:
    """All that two reports have in common, and what they have not."""

    changes: tuple[Change, ...]
    left_out: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.regressed)

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        return {"changes": [asdict(change) for change in self.changes], "left_out": list(self.left_out)}


def read_report(path: Path, format_name: str, version: int) -> dict[str, Any]:
    """A report.json.

    Raises:
        DataError: it is no report, or one of another version.
    """
    report = read_json(path, DataError)
    found = (report.get("format"), report.get("format_version")) if isinstance(report, dict) else None
    if found != (format_name, version):
        raise DataError(
            f"{path} is not a report of this edgekd: its format is {found}",
            expected=f"a report.json of version {version} that `edgekd bench` wrote",
            fix="measure the old bundle again, with this edgekd",
        )
    return report


def compare(new: Mapping[str, Any], old: Mapping[str, Any]) -> Comparison:
    """Hold a report against an older one, target by target and runtime by runtime.

    Raises:
        UsageError: they are about different data, or have no target and runtime in common.
    """
    for name in ("fingerprint", "split"):
        if new["data"][name] != old["data"][name]:
            raise UsageError(
                f"the baseline was measured on other data: {old['data']['name']} {old['data']['split']} "
                f"({old['data']['fingerprint']})",
                expected=f"{new['data']['name']} {new['data']['split']} ({new['data']['fingerprint']})",
                fix="measure both bundles on the same data",
            )
    changes: list[Change] = []
    left_out: list[str] = []
    for target, on in new["targets"].items():
        before = old["targets"].get(target)
        if before is None:
            left_out.append(f"{target}: the baseline has no such target")
            continue
        doubts = _doubts(on, before)
        if doubts:
            left_out.append(f"latency on {target}: {doubts}")
        for name, runtime in on["runtimes"].items():
            older = before["runtimes"].get(name)
            if older is None:
                left_out.append(f"{name} on {target}: the baseline has no such runtime")
                continue
            if runtime["tallies"] and older["tallies"]:
                changes += _quality(target, name, runtime, older)
            changes += [] if doubts else _latency(target, name, runtime, older)
            changes += _sizes(target, name, runtime, older)
    if not changes:
        raise UsageError(
            f"the baseline has nothing to compare with: {'; '.join(left_out)}",
            expected="a report of the same target and runtime",
        )
    return Comparison(tuple(changes), tuple(left_out))


def pack(tallies: Tallies) -> dict[str, Any]:
    """Tallies as JSON values, a byte for each number: what a later comparison needs."""

    def packed(columns: Mapping[str, np.ndarray]) -> dict[str, str]:
        return {
            metric: base64.b64encode(np.minimum(one, 255).astype(np.uint8).tobytes()).decode("ascii")
            for metric, one in columns.items()
        }

    names, places = np.unique(tallies.languages, return_inverse=True)
    return {
        "languages": names.tolist(),
        "language_of": base64.b64encode(places.astype("<u2").tobytes()).decode("ascii"),
        "hits": packed(tallies.hits),
        "of": packed(tallies.of),
    }


def unpack(values: Mapping[str, Any]) -> Tallies:
    """What `pack` gave."""

    def unpacked(columns: Mapping[str, str]) -> dict[str, np.ndarray]:
        return {
            metric: np.frombuffer(base64.b64decode(one), np.uint8).astype(np.float64)
            for metric, one in columns.items()
        }

    places = np.frombuffer(base64.b64decode(values["language_of"]), "<u2")
    return Tallies(np.array(values["languages"])[places], unpacked(values["hits"]), unpacked(values["of"]))


def _doubts(new: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    """Why latencies cannot be compared; empty where they can."""
    if new["machine"]["cpu"] != old["machine"]["cpu"]:
        return f"{new['machine']['cpu']} now, {old['machine']['cpu']} before"
    noisy = [when for when, one in (("now", new), ("before", old)) if one["noise"] and one["noise"]["noisy"]]
    return f"the machine was too noisy {' and '.join(noisy)}" if noisy else ""


def _quality(target: str, name: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Change]:
    sides = [unpack(new["tallies"]), unpack(old["tallies"])]
    found = intervals(lambda now, before: now - before, sides)
    scores = [side.scores() for side in sides]
    for language, by_metric in found.items():
        for metric, interval in by_metric.items():
            now, before = (
                one.overall[metric] if language not in one.by_language else one.by_language[language][metric]
                for one in scores
            )
            dropped = interval is not None and interval[1] < 0
            yield Change(target, name, "quality", f"{metric}, {language}", before, now, dropped, interval)


def _latency(target: str, name: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Change]:
    for threads in new["latency"].keys() & old["latency"].keys():
        now, before = new["latency"][threads], old["latency"][threads]
        for figure in ("p50", "p90"):
            slower = now[f"{figure}_interval_us"][0] > MOST_SLOWER * before[f"{figure}_interval_us"][1]
            label = f"{figure}, {counted(threads, 'thread')}"
            yield Change(target, name, "latency", label, before[f"{figure}_us"], now[f"{figure}_us"], slower)


def _sizes(target: str, name: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Change]:
    yield Change(
        target,
        name,
        "bytes",
        "",
        old["bytes"],
        new["bytes"],
        new["bytes"] > MOST_LARGER * old["bytes"],
    )
    now, before = (one["cold"] and one["cold"]["peak_rss_bytes"] for one in (new, old))
    if now is not None and before is not None:
        yield Change(target, name, "memory", "", before, now, now > MOST_MEMORY * before)
