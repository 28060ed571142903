"""How much of the time from text to labels passes outside the runtime's own call."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from edgekd.runtime import Bundle

_TEXTS, _CALLS = 40, 50


def overhead(bundle: Bundle, texts: Sequence[str]) -> dict[str, Any]:
    """Time whole predictions and the model alone, in turns, on the texts of middle length.

    Returns:
        whole_us and model_us, the medians over the texts of the medians over 50 calls; share, of the first
        what is not in the second; chars, the median length of these texts.
    """
    by_length = sorted(texts, key=len)
    middle = len(by_length) // 2
    chosen = by_length[max(middle - _TEXTS // 2, 0) : middle + _TEXTS // 2]
    wholes, models = [], []
    for text in chosen:
        whole, model = functools.partial(bundle.predict, text), bundle.model_alone(text)
        one, other = [], []
        for _ in range(_CALLS):
            one.append(_took(whole))
            other.append(_took(model))
        wholes.append(statistics.median(one))
        models.append(statistics.median(other))
    whole_us, model_us = statistics.median(wholes), statistics.median(models)
    return {
        "whole_us": whole_us,
        "model_us": model_us,
        "share": 1 - model_us / whole_us,
        "chars": statistics.median(len(text) for text in chosen),
    }


def _took(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e3
