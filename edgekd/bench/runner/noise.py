"""Was the machine quiet enough to believe its latencies?

Beside the contenders runs a reference that always does the same: the SHA-256 of 256 KB, which depends on
nothing but the processor. What it takes more at one time than at another, others took from the machine.

The rule: a measurement is noisy, and said to be, where

- the reference's medians of the rounds lie more than 10 % apart (90th to 10th percentile, of the median), or
- more than 5 % of its calls took over one and a half times its median.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from edgekd.bench.runner.measure import Latency

REFERENCE = "reference"
MOST_SPREAD, MOST_INTERRUPTED, INTERRUPTED = 0.10, 0.05, 1.5

_WORK = bytes(256 * 1024)


def reference(text: str) -> None:
    """The same work, whatever the text."""
    hashlib.sha256(_WORK).digest()


def noise(latency: Latency) -> dict[str, Any]:
    """How steady the reference was: `spread` and `interrupted`, shares from 0, and `noisy`."""
    medians = np.array([np.median(one) for one in latency.rounds_us])
    low, middle, high = np.percentile(medians, [10, 50, 90]).tolist()
    spread = (high - low) / middle
    interrupted = float(np.mean(latency.durations_us > INTERRUPTED * latency.p50_us))
    return {
        "spread": spread,
        "interrupted": interrupted,
        "noisy": spread > MOST_SPREAD or interrupted > MOST_INTERRUPTED,
    }
