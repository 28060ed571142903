"""The runner's process: does one job and says so.

    python -m edgekd.bench.runner JOB.json

Every line on stdout is a JSON object. While it works: {"stage": name, "total": n}, {"advance": n} and, where
a stage ends, {"stage": null}; at the end {"findings": ...} or {"error": {"given": ..., "expected": ...,
"fix": ...}}.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.run import run
from edgekd.errors import EdgekdError
from edgekd.files import read_json
from edgekd.progress import Advance, Progress

_SECONDS_BETWEEN_LINES = 0.5


def main() -> int:
    """Do the job; the exit code is 1 where it cannot be done."""
    say = _speaker()
    try:
        job = Job.from_json(read_json(sys.argv[1], EdgekdError))
        say({"findings": run(job, _told(say))})
    except EdgekdError as error:
        say({"error": {"given": error.given, "expected": error.expected, "fix": error.fix}})
        return 1
    return 0


def _speaker() -> Callable[[Any], None]:
    """Writes JSON to what was stdout; what runtimes print there goes to stderr from now on."""
    lines = os.fdopen(os.dup(1), "w", encoding="ascii", buffering=1)
    os.dup2(2, 1)
    return lambda message: print(json.dumps(message), file=lines, flush=True)


def _told(say: Callable[[Any], None]) -> Progress:
    @contextlib.contextmanager
    def progress(description: str, total: int) -> Iterator[Advance]:
        say({"stage": description, "total": total})
        waiting, said = 0, time.monotonic()

        def advance(steps: int) -> None:
            nonlocal waiting, said
            waiting += steps
            if time.monotonic() - said >= _SECONDS_BETWEEN_LINES:
                say({"advance": waiting})
                waiting, said = 0, time.monotonic()

        yield advance
        say({"advance": waiting})
        say({"stage": None})

    return progress


if __name__ == "__main__":
    sys.exit(main())
