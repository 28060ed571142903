"""On what a measurement was made: enough to judge a figure, and to doubt it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("numpy", "ai-edge-litert", "tflite-runtime", "onnxruntime", "torch", "transformers")


_SYS = Path("/sys")


def is_busy(facts: Mapping[str, Any]) -> bool:
    """Whether other work took more than half of the cores: latencies come out too high and scattered then."""
    return facts["load_1min"] is not None and facts["load_1min"] > facts["usable_cores"] / 2


def machine() -> dict[str, Any]:
    """CPU, cores, governor, memory, versions, and the `state()`; None for what the system does not tell."""
    return {
        **state(),
        "cpu": _cpu_model(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "governor": _first_line(_SYS / "devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "memory_bytes": _memory_bytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def state() -> dict[str, Any]:
    """What changes while one measures: time, load, frequency and temperature; None for what is not told."""
    frequency = _first_line(_SYS / "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
    degrees = [_first_line(path) for path in sorted(_SYS.glob("class/thermal/thermal_zone*/temp"))]
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "frequency_mhz": int(frequency) / 1000 if frequency else None,
        "temperature_c": max((int(one) / 1000 for one in degrees if one), default=None),
    }


def _cpu_model() -> str:
    """The model name; ARM kernels give numbers of implementer and part instead."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    if "model name" in facts:
        return facts["model name"]
    if "CPU part" in facts:
        return f"ARM implementer {facts.get('CPU implementer', '?')}, part {facts['CPU part']}"
    return platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
