from __future__ import annotations

import numpy as np
import pytest

from edgekd.bench.runner.measure import Latency, Rules, measure
from edgekd.bench.runner.noise import REFERENCE, noise, reference

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


def test_the_reference_does_the_same_whatever_the_text() -> None:
    latency = measure({REFERENCE: reference}, ["a", "b" * 1000], Rules(200, 0.05, 5.0))[REFERENCE]
    assert 10 < latency.p50_us < 10_000
