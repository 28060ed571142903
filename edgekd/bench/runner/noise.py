"""Was the machine quiet enough to believe its latencies?

Beside the contenders runs a reference that always does the same: the SHA-256 of 256 KB, which depends on
nothing but the processor. What it takes more at one time than at another, others took from the machine. And
the kernel tells how long its processors were busy, of which this process knows its own part.

The rule: a measurement is noisy, and said to be, where

- other processes kept more than 10 % of the processors busy (or the hypervisor gave them to others), or
- the reference's medians of the rounds lie more than 10 % apart (90th to 10th percentile, of the median), or
- more than 5 % of its calls took over one and a half times its median.

The first is what counts most: work that goes on all the time slows every call alike, by shared caches and
shared cores, and the reference does not vary.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.bench.runner.measure import Latency

REFERENCE = "reference"
MOST_OTHERS, MOST_SPREAD, MOST_INTERRUPTED, INTERRUPTED = 0.10, 0.10, 0.05, 1.5

_STAT = Path("/proc/stat")

_WORK = bytes(256 * 1024)


def reference(text: str) -> None:
    """The same work, whatever the text."""
    hashlib.sha256(_WORK).digest()


class Others:
    """What other processes take of the processors, from its making on."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), _busy_seconds(), time.process_time()

    def share(self) -> float | None:
        """Of all processors, from 0 to 1; None where the kernel does not tell."""
        start, busy_before, own_before = self._start
        busy = _busy_seconds()
        if busy is None or busy_before is None:
            return None
        others = busy - busy_before - (time.process_time() - own_before)
        return max(others, 0.0) / ((time.perf_counter() - start) * (os.cpu_count() or 1))


def _busy_seconds() -> float | None:
    """Seconds that all processors together were busy or given to others, since the machine started."""
    try:
        fields = _STAT.read_text("ascii").splitlines()[0].split()[1:9]
        user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, fields)
    except (OSError, ValueError, IndexError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def noise(latency: Latency, others: float | None = None) -> dict[str, Any]:
    """How quiet it was.

    Args:
        latency: of the reference.
        others: as `Others.share`.

    Returns:
        others, spread and interrupted, shares from 0; and noisy, by the rule of this module.
    """
    medians = np.array([np.median(one) for one in latency.rounds_us])
    low, middle, high = np.percentile(medians, [10, 50, 90]).tolist()
    spread = (high - low) / middle
    interrupted = float(np.mean(latency.durations_us > INTERRUPTED * latency.p50_us))
    return {
        "others": others,
        "spread": spread,
        "interrupted": interrupted,
        "noisy": (others or 0.0) > MOST_OTHERS or spread > MOST_SPREAD or interrupted > MOST_INTERRUPTED,
    }
