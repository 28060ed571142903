from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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


def test_what_others_take() -> None:
    """A process beside this one takes a processor; what this one does itself is not counted."""
    cores = os.cpu_count() or 1
    quiet = share_of_others(None)
    busy = share_of_others([sys.executable, "-c", "while True: pass"])
    assert busy - quiet > 0.3 / cores or quiet > 0.5  # no more to take where all is taken


def share_of_others(command: list[str] | None) -> float:
    process = subprocess.Popen(command) if command else None
    try:
        time.sleep(0.2)
        others = Others()
        deadline = time.perf_counter() + 1.0
        while time.perf_counter() < deadline:
            pass
        return others.share()
    finally:
        if process:
            process.kill()
            process.wait()


def test_without_the_kernel_s_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("edgekd.bench.runner.noise._STAT", tmp_path / "stat")
    assert Others().share() is None


def test_the_reference_does_the_same_whatever_the_text() -> None:
    latency = measure({REFERENCE: reference}, ["a", "b" * 1000], Rules(200, 0.05, 5.0))[REFERENCE]
    assert 10 < latency.p50_us < 10_000
