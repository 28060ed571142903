"""Memory and libraries of this process, as Linux tells them."""

from __future__ import annotations

import importlib
from pathlib import Path


def memory_bytes(name: str) -> int | None:
    """VmRSS (now) or VmHWM (the most so far) of this process; None where there is no /proc."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return None
    return int(status.split(f"{name}:")[1].split()[0]) * 1024


def library_bytes(module: str) -> int | None:
    """The bytes on disk of the shared libraries that a runtime's module has loaded; None without /proc.

    An app has a build of its own (docs/runtimes.md); this is what the Python package brings.
    """
    package = importlib.import_module(module.partition(".")[0])
    try:
        lines = Path("/proc/self/maps").read_text("utf-8").splitlines()
    except OSError:
        return None
    folder = Path(package.__path__[0]).resolve()
    paths = {Path(fields[5]) for line in lines if len(fields := line.split(maxsplit=5)) == 6}
    return sum(path.stat().st_size for path in paths if path.is_relative_to(folder) and ".so" in path.name)
