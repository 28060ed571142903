from __future__ import annotations

import gc
import time

import numpy as np
import pytest

from edgekd.bench.runner.measure import Latency, Rules, draw_texts, measure, ratio

QUICK = Rules(min_calls=200, min_seconds=0.1, max_seconds=30.0)


def wait(us: float):
    def call(text: str) -> None:
        end = time.perf_counter_ns() + us * 1e3
        while time.perf_counter_ns() < end:
            pass

    return call


def latency(durations: np.ndarray, rounds: int = 20) -> Latency:
    return Latency(tuple(np.array_split(durations, rounds)), 150, True)


def test_a_known_duration_is_found() -> None:
    figures = measure({"wait": wait(200)}, ["a"], QUICK)["wait"].to_dict()
    assert figures["p50_us"] == pytest.approx(200, rel=0.1)
    assert figures["p50_us"] <= figures["p90_us"] <= figures["p99_us"] <= figures["max_us"]
    assert figures["calls"] >= 200
    assert figures["seconds"] >= 0.1
    assert figures["warmup_calls"] >= 3
    assert figures["stable"]


def test_contenders_share_rounds_and_texts() -> None:
    seen: dict[str, set[str]] = {"slow": set(), "fast": set()}

    def noting(name: str, us: float):
        spin = wait(us)

        def call(text: str) -> None:
            seen[name].add(text)
            spin(us)

        return call

    texts = [str(i) for i in range(100)]
    found = measure({"slow": noting("slow", 1000), "fast": noting("fast", 100)}, texts, QUICK)
    assert seen["slow"] == seen["fast"] == set(texts)
    assert len(found["slow"].rounds_us) == len(found["fast"].rounds_us)
    factor, (low, high) = ratio(found["slow"], found["fast"])
    assert factor > 7  # ten on a quiet machine; the longer call is interrupted more often on a busy one
    assert low <= factor <= high


def test_an_observer_is_in_every_round_and_takes_little() -> None:
    found = measure({"wait": wait(100)}, ["a"], QUICK, {"beside": wait(50)})
    assert len(found["beside"].rounds_us) == len(found["wait"].rounds_us)
    assert found["beside"].to_dict()["seconds"] < 0.3 * found["wait"].to_dict()["seconds"]


def test_a_slow_contender_ends_at_the_longest_time() -> None:
    found = measure({"slow": wait(20_000)}, ["a"], Rules(min_calls=10_000, min_seconds=0.1, max_seconds=0.3))[
        "slow"
    ]
    figures = found.to_dict()
    assert figures["calls"] < 10_000
    assert figures["seconds"] >= 0.3


def test_the_garbage_collector_is_off_while_timing_and_on_again_after_a_failure() -> None:
    states = []
    measure({"note": lambda text: states.append(gc.isenabled())}, ["a"], Rules(100, 0.0, 0.1))
    assert not any(states)
    assert gc.isenabled()

    def fail(text: str) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        measure({"fail": fail}, ["a"], QUICK)
    assert gc.isenabled()


def test_the_interval_holds_the_median_and_grows_with_drift() -> None:
    noise = np.random.default_rng(1).normal(100, 2, 4000)
    steady = latency(noise).to_dict()
    low, high = steady["p50_interval_us"]
    assert low <= steady["p50_us"] <= high
    drifting = latency(noise + np.linspace(0, 30, 4000)).to_dict()["p50_interval_us"]
    assert drifting[1] - drifting[0] > 5 * (high - low)


def test_the_histogram_counts_all_but_the_slowest() -> None:
    histogram = latency(np.random.default_rng(1).lognormal(5, 0.3, 4000)).to_dict()["histogram"]
    assert len(histogram["edges_us"]) == len(histogram["counts"]) + 1
    assert sum(histogram["counts"]) == 3980
    assert np.all(np.diff(histogram["edges_us"]) > 0)
    assert sum(latency(np.full(100, 7.0)).to_dict()["histogram"]["counts"]) == 100


def test_texts_are_drawn_the_same_way_each_time() -> None:
    texts = [str(i) for i in range(2000)]
    assert draw_texts(texts) == draw_texts(texts)
    assert len(set(draw_texts(texts))) == 500
    assert sorted(draw_texts(["b", "a"])) == ["a", "b"]
