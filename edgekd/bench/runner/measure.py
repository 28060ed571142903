"""Latency from text to labels, measured so that two figures of one run may be compared.

The rules:

- Texts come from the data, with their real lengths: up to 500 drawn with a fixed seed, taken in turn.
- Warm-up: the same 20 texts again and again for at least 0.25 seconds, until the medians of the last three
  passes lie within 5 % of each other, or 10 seconds have gone by (then `stable` is false).
- Contenders take turns: each round gives each of them a slice of at least 50 ms and 3 calls, so that whatever
  else the machine does falls on all alike.
- It ends when each has had at least 1,000 calls and 5 seconds, or 60 seconds where it is slow.
- The garbage collector is off. Each call is timed by itself, with a clock of nanoseconds.
- The intervals of p50, p90 and p99 are a bootstrap over whole rounds, not over single calls: calls of one
  moment resemble each other, and resampling them would promise more than was seen.
"""

from __future__ import annotations

import contextlib
import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Call = Callable[[str], object]
"""From a text to its labels."""

_DISTINCT_TEXTS = 500
_SLICE_SECONDS, _SLICE_CALLS = 0.05, 3
_WARMUP_TEXTS, _WARMUP_TOLERANCE, _WARMUP_SECONDS, _WARMUP_MOST_SECONDS = 20, 0.05, 0.25, 10.0
_PERCENTILES = (50, 90, 99)
_RESAMPLES, _CONFIDENCE = 500, 95.0
_HISTOGRAM_BINS = 60


@dataclass(frozen=True)
class Rules:
    """When a measurement is long enough: both minima are reached, or the maximum is."""

    min_calls: int = 1000
    min_seconds: float = 5.0
    max_seconds: float = 60.0


@dataclass(frozen=True)
class Latency:
    """The latency of one contender.

    Attributes:
        rounds_us: the durations of each round, float (calls,); round i of all contenders ran side by side.
        warmup_calls: before the first timed call.
        stable: the warm-up ended because the medians had settled, not because its time was over.
    """

    rounds_us: tuple[np.ndarray, ...]
    warmup_calls: int
    stable: bool

    @cached_property
    def durations_us(self) -> np.ndarray:
        """Of every call, float (calls,)."""
        return np.concatenate(self.rounds_us)

    @property
    def p50_us(self) -> float:
        return float(np.median(self.durations_us))

    @cached_property
    def resampled_us(self) -> np.ndarray:
        """p50, p90 and p99 of 500 resamplings of the rounds, float (3, 500); the same rounds for everyone."""
        chosen = np.random.default_rng(0).integers(0, len(self.rounds_us), (_RESAMPLES, len(self.rounds_us)))
        drawn = (np.concatenate([self.rounds_us[i] for i in row]) for row in chosen)
        return np.array([np.percentile(one, _PERCENTILES) for one in drawn]).T

    def to_dict(self) -> dict[str, Any]:
        """The figures of a report: percentiles, interval and histogram in microseconds."""
        percentiles = zip(_PERCENTILES, np.percentile(self.durations_us, _PERCENTILES), strict=True)
        resampled = zip(_PERCENTILES, self.resampled_us, strict=True)
        return {
            "calls": len(self.durations_us),
            "seconds": float(self.durations_us.sum() / 1e6),
            "warmup_calls": self.warmup_calls,
            "stable": self.stable,
            "mean_us": float(self.durations_us.mean()),
            **{f"p{share}_us": float(value) for share, value in percentiles},
            **{f"p{share}_interval_us": list(_interval(values)) for share, values in resampled},
            "max_us": float(self.durations_us.max()),
            "histogram": _histogram(self.durations_us),
        }


def draw_texts(texts: Sequence[str], seed: int = 0) -> list[str]:
    """Up to 500 of the texts, in random order; the same for the same texts and seed."""
    return random.Random(seed).sample(list(texts), min(len(texts), _DISTINCT_TEXTS))


def measure(
    calls: Mapping[str, Call],
    texts: Sequence[str],
    rules: Rules,
    observers: Mapping[str, Call] | None = None,
) -> dict[str, Latency]:
    """Time every contender on the same texts, side by side, by the rules of this module.

    Args:
        calls: contenders by name; the order within a round is theirs.
        texts: as `draw_texts` gives them, at least one.
        rules: when it is enough.
        observers: timed in every round too, for a tenth of a slice; they do not decide when it is enough.
    """
    slices = dict.fromkeys(calls, _SLICE_SECONDS) | dict.fromkeys(observers or {}, _SLICE_SECONDS / 10)
    everyone = {**calls, **(observers or {})}
    with _no_garbage_collection():
        warm = {name: _warm_up(call, texts) for name, call in everyone.items()}
        rounds: dict[str, list[np.ndarray]] = {name: [] for name in everyone}
        seen, spent = dict.fromkeys(everyone, 0), dict.fromkeys(everyone, 0.0)
        while not all(_enough(seen[name], spent[name], rules) for name in calls):
            for name, call in everyone.items():
                durations = _slice(call, texts, seen[name], slices[name], _SLICE_CALLS)
                rounds[name].append(durations)
                seen[name] += len(durations)
                spent[name] += durations.sum() / 1e6
    return {name: Latency(tuple(rounds[name]), *warm[name]) for name in everyone}


def ratio(slow: Latency, fast: Latency) -> tuple[float, tuple[float, float]]:
    """How many times the median of `slow` is that of `fast`, with its 95 % bootstrap interval."""
    return slow.p50_us / fast.p50_us, _interval(slow.resampled_us[0] / fast.resampled_us[0])


def _slice(call: Call, texts: Sequence[str], position: int, seconds: float, at_least: int) -> np.ndarray:
    """The loop that times: microseconds of each call, float (calls,), from text number `position` on."""
    clock, count = time.perf_counter_ns, len(texts)
    durations: list[int] = []
    deadline = clock() + int(seconds * 1e9)
    now = 0
    while now < deadline or len(durations) < at_least:
        text = texts[position % count]
        position += 1
        start = clock()
        call(text)
        now = clock()
        durations.append(now - start)
    return np.array(durations) / 1e3


def _warm_up(call: Call, texts: Sequence[str]) -> tuple[int, bool]:
    """Calls made, and whether the medians settled."""
    texts = texts[:_WARMUP_TEXTS]
    start = time.perf_counter()
    medians: list[float] = []
    while (elapsed := time.perf_counter() - start) < _WARMUP_MOST_SECONDS:
        medians.append(float(np.median(_slice(call, texts, 0, 0.0, len(texts)))))
        last = medians[-3:]
        settled = len(last) == 3 and max(last) <= min(last) * (1 + _WARMUP_TOLERANCE)
        if settled and elapsed >= _WARMUP_SECONDS:
            return len(medians) * len(texts), True
    return len(medians) * len(texts), False


def _enough(calls: int, seconds: float, rules: Rules) -> bool:
    return (calls >= rules.min_calls and seconds >= rules.min_seconds) or seconds >= rules.max_seconds


def _interval(statistics: np.ndarray) -> tuple[float, float]:
    tail = (100.0 - _CONFIDENCE) / 2
    low, high = np.percentile(statistics, [tail, 100.0 - tail]).tolist()
    return low, high


def _histogram(durations_us: np.ndarray) -> dict[str, list[float]]:
    """Counts between logarithmic edges up to the 99.5th percentile; what lies above is left out."""
    low, high = float(durations_us.min()), float(np.percentile(durations_us, 99.5))
    counts, edges = np.histogram(durations_us, np.geomspace(low, max(high, low * 1.01), _HISTOGRAM_BINS + 1))
    return {"edges_us": edges.tolist(), "counts": counts.tolist()}


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
