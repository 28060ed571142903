from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgekd.bench.runner.measure import Latency, Rules, measure
from edgekd.bench.runner.noise import REFERENCE, Others, noise, reference

RNG = np.random.default_rng(0)


def found(rounds: list[np.ndarray]) -> dict:
    return noise(Latency(tuple(rounds), 0, True))


def test_a_steady_reference_is_quiet() -> None:
    assert not found([RNG.normal(100, 3, 200) for _ in range(50)])["noisy"]


def test_drift_is_noise() -> None:
    told = found([RNG.normal(100 + step, 3, 200) for step in range(50)])
    assert told["noisy"]
    assert told["spread"] == pytest.approx(0.32, abs=0.03)


def test_interruptions_are_noise() -> None:
    calls = np.where(RNG.random(10_000) < 0.08, 180.0, 100.0)
    told = found(np.array_split(calls, 50))
    assert told["noisy"]
    assert told["spread"] < 0.1
    assert told["interrupted"] == pytest.approx(0.08, abs=0.01)


def test_work_of_others_is_noise() -> None:
    steady = Latency(tuple(RNG.normal(100, 3, 200) for _ in range(50)), 0, True)
    assert noise(steady, 0.11)["noisy"]
    assert not noise(steady, 0.09)["noisy"]
    assert noise(steady, None)["others"] is None


def test_what_others_take(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In ten seconds of four processors 15 were busy and 2 were stolen; this process had 9 of them."""
    stat, ticks = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    moments = {"perf_counter": iter([100.0, 110.0]), "process_time": iter([5.0, 14.0])}
    clocks = {name: lambda values=values: next(values) for name, values in moments.items()}
    monkeypatch.setattr("edgekd.bench.runner.noise._STAT", stat)
    monkeypatch.setattr("edgekd.bench.runner.noise.time", SimpleNamespace(**clocks))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    stat.write_text(f"cpu  {50 * ticks} 0 {7 * ticks} 900 0 0 0 0 0 0\ncpu0 0\n")
    others = Others()
    stat.write_text(f"cpu  {60 * ticks} {4 * ticks} {8 * ticks} 950 7 0 0 {2 * ticks} 3 3\ncpu0 0\n")
    assert others.share() == pytest.approx((15 + 2 - 9) / 40)


def test_the_kernel_s_word_here() -> None:
    if not Path("/proc/stat").exists():
        pytest.skip("no /proc")
    assert Others().share() >= 0


def test_without_the_kernel_s_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("edgekd.bench.runner.noise._STAT", tmp_path / "stat")
    assert Others().share() is None


def test_the_reference_does_the_same_whatever_the_text() -> None:
    latency = measure({REFERENCE: reference}, ["a", "b" * 1000], Rules(200, 0.05, 5.0))[REFERENCE]
    assert 10 < latency.p50_us < 10_000
