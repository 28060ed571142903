"""How much of the time from text to labels passes outside the runtime's own call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

from edgekd.runtime import Bundle

_TEXTS, _PASSES = 40, 50


def overhead(bundle: Bundle, texts: Sequence[str]) -> dict[str, Any]:
    """Predict the texts of middle length in turn, and watch the runtime's call inside.

    Args:
        bundle: is watched from then on, which costs a fraction of a microsecond; not for other use.

    Returns:
        whole_us and model_us, medians over 50 passes over 40 texts; share, the median share of a prediction
        that is not in the runtime's call; chars, the median length of these texts.
    """
    by_length = sorted(texts, key=len)
    middle = len(by_length) // 2
    chosen = by_length[max(middle - _TEXTS // 2, 0) : middle + _TEXTS // 2]
    spent_ns: list[int] = []
    bundle.watch(spent_ns)
    wholes, models = [], []
    for _ in range(_PASSES):
        for text in chosen:
            spent_ns.clear()
            start = time.perf_counter_ns()
            bundle.predict(text)
            wholes.append(time.perf_counter_ns() - start)
            models.append(sum(spent_ns))  # a text whose tokens overflow a signature runs twice
    shares = [1 - model / whole for model, whole in zip(models, wholes, strict=True)]
    return {
        "whole_us": statistics.median(wholes) / 1e3,
        "model_us": statistics.median(models) / 1e3,
        "share": statistics.median(shares),
        "chars": statistics.median(len(text) for text in chosen),
    }
