from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from edgekd.bench.baseline import compare, pack, read_report, unpack
from edgekd.errors import DataError, UsageError
from edgekd.metrics import Tallies

RNG = np.random.default_rng(3)
LANGUAGES = np.array(["de"] * 400 + ["en"] * 600)
RIGHT = RNG.random(1000) < 0.8


def report(right: np.ndarray = RIGHT, **runtime) -> dict:
    tallies = Tallies(LANGUAGES, {"exact_match": right.astype(float)}, {"exact_match": np.ones(1000)})
    latency = {f"{name}_us": 100.0 for name in ("p50", "p90")}
    latency |= {f"{name}_interval_us": [99.0, 101.0] for name in ("p50", "p90")}
    found = {
        "tallies": pack(tallies),
        "latency": {"1": latency},
        "bytes": 1_000_000,
        "cold": {"peak_rss_bytes": 10_000_000},
        **runtime,
    }
    on = {"machine": {"cpu": "A"}, "noise": {"noisy": False}, "runtimes": {"litert": found}}
    data = {"name": "numbers", "split": "dev", "fingerprint": "f"}
    return {"data": data, "targets": {"local": on}}


def regressions(new: dict, old: dict) -> list[tuple[str, str]]:
    return [(change.what, change.name) for change in compare(new, old).regressions]


def test_tallies_survive_packing() -> None:
    tallies = Tallies(LANGUAGES, {"a": RIGHT.astype(float)}, {"a": np.full(1000, 3.0)})
    found = unpack(json.loads(json.dumps(pack(tallies))))
    assert np.array_equal(found.languages, LANGUAGES)
    assert np.array_equal(found.hits["a"], RIGHT)
    assert found.scores() == tallies.scores()


def test_the_same_again_is_no_worse() -> None:
    found = compare(report(), report())
    assert not found.regressions and not found.left_out
    assert {change.what for change in found.changes} == {"quality", "latency", "bytes", "memory"}
    assert {change.interval for change in found.changes if change.what == "quality"} == {(0.0, 0.0)}


def test_other_mistakes_of_the_same_number_are_no_worse() -> None:
    shuffled = RIGHT.copy()
    RNG.shuffle(shuffled[:400])
    RNG.shuffle(shuffled[400:])
    assert regressions(report(shuffled), report()) == []


def test_a_drop_is_found_by_the_name_of_its_language() -> None:
    worse = RIGHT.copy()
    worse[:400] &= RNG.random(400) < 0.9
    assert regressions(report(worse), report()) == [
        ("quality", "exact_match, all"),
        ("quality", "exact_match, de"),
    ]
    assert regressions(report(), report(worse)) == []


def test_latency_beyond_noise() -> None:
    slower, slow = copy.deepcopy(report()), copy.deepcopy(report())
    for one, factor in ((slower, 1.04), (slow, 1.10)):
        latency = one["targets"]["local"]["runtimes"]["litert"]["latency"]["1"]
        latency["p90_us"] *= factor
        latency["p90_interval_us"] = [99.0 * factor, 101.0 * factor]
    assert regressions(slower, report()) == []
    assert regressions(slow, report()) == [("latency", "p90, 1 thread")]
    assert regressions(report(), slow) == []


@pytest.mark.parametrize("what", ["cpu", "noise"])
def test_latencies_that_cannot_be_compared_are_left_out(what: str) -> None:
    new = copy.deepcopy(report())
    on = new["targets"]["local"]
    if what == "cpu":
        on["machine"]["cpu"] = "B"
    else:
        on["noise"]["noisy"] = True
    on["runtimes"]["litert"]["latency"]["1"]["p50_interval_us"] = [500.0, 600.0]
    found = compare(new, report())
    assert not found.regressions
    assert found.left_out[0].startswith("latency on local: ")


def test_bytes_and_memory() -> None:
    assert regressions(report(bytes=1_009_000), report()) == []
    assert regressions(report(bytes=1_011_000), report()) == [("bytes", "")]
    assert regressions(report(cold={"peak_rss_bytes": 11_100_000}), report()) == [("memory", "")]
    assert regressions(report(cold=None), report()) == []


def test_other_data_is_refused() -> None:
    other = report()
    other["data"]["fingerprint"] = "g"
    with pytest.raises(UsageError, match="the baseline was measured on other data"):
        compare(report(), other)


def test_nothing_in_common_is_refused() -> None:
    other = report()
    other["targets"] = {"pi": other["targets"]["local"]}
    with pytest.raises(UsageError, match="nothing to compare with: local: the baseline has no such target"):
        compare(report(), other)


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": "edgekd-report", "format_version": 1}', "{"])
def test_what_is_no_report(tmp_path: Path, content: str) -> None:
    (tmp_path / "old.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match=r"old\.json is not"):
        read_report(tmp_path / "old.json", "edgekd-report", 2)
