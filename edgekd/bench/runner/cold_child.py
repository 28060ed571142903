"""The process that `cold.py` starts: loads a bundle, answers, says when and with how much memory.

It reads its question from stdin and writes its answer to stdout, both JSON. The one argument is the moment
on the monotonic clock at which the parent started it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time


def main() -> None:
    """Answer one question."""
    begun_ns = int(sys.argv[1])
    question = json.load(sys.stdin)
    first, *others = question["texts"]

    ready_ns = time.monotonic_ns()
    from edgekd.bench.runner.memory import memory_bytes
    from edgekd.runtime.backends import RUNTIMES

    importlib.import_module(RUNTIMES[question["runtime"]].module)
    imported_ns = time.monotonic_ns()
    bare = memory_bytes("VmRSS")

    from edgekd.runtime import Bundle

    bundle = Bundle.load(question["bundle"], question["runtime"], question["threads"])
    loaded_ns = time.monotonic_ns()
    bundle.predict(first)
    answered_ns = time.monotonic_ns()
    for text in others:
        bundle.predict(text)
    steady, peak = memory_bytes("VmRSS"), memory_bytes("VmHWM")

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
