"""The process that `edgekd.bench.cold` starts: loads a bundle, answers, says when and with how much memory.

It reads its question from stdin and writes its answer to stdout, both JSON. The one argument is the moment
on the monotonic clock at which the parent started it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path


def _memory_bytes(name: str) -> int | None:
    """VmRSS (now) or VmHWM (the most so far) of this process; None where there is no /proc."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return None
    return int(status.split(f"{name}:")[1].split()[0]) * 1024


def main() -> None:
    """Answer one question."""
    begun_ns = int(sys.argv[1])
    question = json.load(sys.stdin)
    first, *others = question["texts"]

    ready_ns = time.monotonic_ns()
    from edgekd.runtime.backends import RUNTIMES

    importlib.import_module(RUNTIMES[question["runtime"]].module)
    imported_ns = time.monotonic_ns()
    bare = _memory_bytes("VmRSS")

    from edgekd.runtime import Bundle

    bundle = Bundle.load(question["bundle"], question["runtime"], question["threads"])
    loaded_ns = time.monotonic_ns()
    bundle.predict(first)
    answered_ns = time.monotonic_ns()
    for text in others:
        bundle.predict(text)
    steady, peak = _memory_bytes("VmRSS"), _memory_bytes("VmHWM")

    answer = {
        "process_to_answer_ms": (answered_ns - begun_ns) / 1e6,
        "import_ms": (imported_ns - ready_ns) / 1e6,
        "load_ms": (loaded_ns - imported_ns) / 1e6,
        "first_answer_ms": (answered_ns - loaded_ns) / 1e6,
        "bare_rss_bytes": bare,
        "steady_rss_bytes": None if steady is None else steady - bare,
        "peak_rss_bytes": None if peak is None else peak - bare,
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
