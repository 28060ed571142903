"""What the command line writes: results on stdout, progress and warnings on stderr."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from edgekd.progress import Advance

console = Console(highlight=False)
log = Console(stderr=True, highlight=False)

_SECONDS_BETWEEN_LOG_LINES = 10.0


@contextlib.contextmanager
def progress(description: str, total: int) -> Iterator[Advance]:
    """A bar on a terminal; in a log, a plain line every ten seconds and one at the end."""
    if log.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=log) as bar:
            task = bar.add_task(description, total=total)
            yield lambda steps: bar.advance(task, steps)
        return
    start = shown = time.monotonic()
    done, paced_from = 0, None  # the first steps compile, and say nothing of the pace

    def advance(steps: int) -> None:
        nonlocal done, shown, paced_from
        done += steps
        now = time.monotonic()
        if paced_from is None:
            paced_from = now, done
        elif now - shown >= _SECONDS_BETWEEN_LOG_LINES and paced_from[1] < done < total:
            shown = now
            left = (now - paced_from[0]) / (done - paced_from[1]) * (total - done)
            log.print(f"{description}: {done}/{total}, about {_rounded(left)} left")

    yield advance
    log.print(f"{description}: {done}/{total} in {time.monotonic() - start:.1f} s")


def _rounded(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
