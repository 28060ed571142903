"""The energy of a text, where the processor counts it (RAPL, by Linux's powercap).

The counter is that of the whole package, so what else runs there is in it; what the idle machine takes is
measured before and told beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekd.bench.runner.measure import Call

ZONES = Path("/sys/class/powercap")
_IDLE_SECONDS, _BUSY_SECONDS = 1.0, 3.0


def energy_per_text(
    call: Call,
    texts: Sequence[str],
    zones: Path = ZONES,
    idle_seconds: float = _IDLE_SECONDS,
    busy_seconds: float = _BUSY_SECONDS,
) -> dict[str, Any] | None:
    """Call for some seconds and divide what the packages took.

    Returns:
        calls, idle_watts, busy_watts, microjoules (per text, all that the packages took) and
        microjoules_above_idle; None where there is no counter, or it may not be read.
    """
    counters = sorted(zones.glob("*-rapl:[0-9]"))
    if not counters or _read(counters) is None:
        return None
    idle_joules, idle_took, _ = _over(counters, lambda: time.sleep(idle_seconds), 0.0)
    position = 0

    def next_text() -> None:
        nonlocal position
        call(texts[position % len(texts)])
        position += 1

    joules, took, calls = _over(counters, next_text, busy_seconds)
    idle_watts = idle_joules / idle_took
    return {
        "calls": calls,
        "idle_watts": idle_watts,
        "busy_watts": joules / took,
        "microjoules": 1e6 * joules / calls,
        "microjoules_above_idle": 1e6 * (joules - idle_watts * took) / calls,
    }


def _over(counters: Sequence[Path], act, seconds: float) -> tuple[float, float, int]:
    """Joules, seconds and times of acting again and again for so many seconds, once at least."""
    before, start, times = _read(counters), time.perf_counter(), 0
    while not times or time.perf_counter() - start < seconds:
        act()
        times += 1
    took, after = time.perf_counter() - start, _read(counters)
    spans = [int((counter / "max_energy_range_uj").read_text()) + 1 for counter in counters]
    used = sum((end - begin) % span for begin, end, span in zip(before, after, spans, strict=True))
    return used / 1e6, took, times


def _read(counters: Sequence[Path]) -> list[int] | None:
    try:
        return [int((counter / "energy_uj").read_text()) for counter in counters]
    except (OSError, ValueError):
        return None
