"""What the first answer costs: a fresh process, from its start to the first labels, and the memory it takes.

Files are in the page cache, as on a phone that starts an app again; the figures are medians over processes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekd.errors import BundleError

_PROCESSES = 5


def cold_start(
    bundle: Path,
    runtime: str,
    threads: int,
    texts: Sequence[str],
    python: Sequence[str] = (),
    *,
    timed: bool = True,
) -> dict[str, Any]:
    """Start five processes and report their medians.

    Args:
        texts: the first is the first question; the others bring the memory to its steady state.
        python: the command that starts this Python, where its path is not enough.
        timed: False where times mean nothing, and are None.

    Returns:
        Milliseconds: process_to_answer_ms (from before the process exists), import_ms (numpy and the
        runtime), load_ms (the bundle, checksum included), first_answer_ms. Bytes, None where the system does
        not tell them: bare_rss_bytes (Python, numpy and the runtime without a model), and above it
        steady_rss_bytes (after all texts) and peak_rss_bytes.

    Raises:
        BundleError: a process failed.
    """
    command = [*(python or [sys.executable]), "-m", "edgekd.bench.runner.cold_child"]
    runs = [_one_process(command, bundle, runtime, threads, texts) for _ in range(_PROCESSES)]
    return {"processes": _PROCESSES} | {
        name: statistics.median(run[name] for run in runs)
        if value is not None and (timed or not name.endswith("_ms"))
        else None
        for name, value in runs[0].items()
    }


def _one_process(
    command: Sequence[str], bundle: Path, runtime: str, threads: int, texts: Sequence[str]
) -> dict[str, Any]:
    question = json.dumps(
        {"bundle": str(bundle), "runtime": runtime, "threads": threads, "texts": list(texts)}
    )
    # The child must find this very edgekd, even where it is not installed but on the path of this process.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    begun_ns = time.monotonic_ns()
    done = subprocess.run(
        [*command, str(begun_ns)],
        input=question,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise BundleError(
            f"a fresh process could not run {bundle} in {runtime}: {done.stderr.strip()[-300:]}",
            expected="the bundle to load there as it does here",
        )
    return json.loads(done.stdout)
