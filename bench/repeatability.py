"""How far apart ten runs of the same bench are.

    python bench/repeatability.py [--runs 10] -- BUNDLE --data DATA --teacher TEACHER --min-retention 0.95 ...

Everything behind `--` goes to `edgekd bench`, each run in a process of its own. Prints p50 and p90 of each
runtime over the runs, how noisy the machine was, and the verdicts; fails where these are not all the same.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edgekd.bench.figures import microseconds, percent
from edgekd.bench.verdict import first_latency, headline
from edgekd.cli import run
from edgekd.errors import RunError
from edgekd.files import read_json, write_json


def main() -> int:
    """Run the bench again and again; 1 where the verdicts differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("arguments", nargs="+", help="of `edgekd bench`, behind --")
    given = parser.parse_args()

    reports = [_report(given.arguments) for _ in range(given.runs)]
    verdicts = [headline(report)[0] for report in reports]
    found: dict[str, dict[str, list[float]]] = {}
    for report in reports:
        for target, on in report["targets"].items():
            for name, runtime in on["runtimes"].items():
                latency = first_latency(runtime)
                if latency:
                    figures = found.setdefault(f"{name} on {target}", {"p50": [], "p90": []})
                    for figure, values in figures.items():
                        values.append(latency[f"{figure}_us"])
            if on["noise"]:
                found.setdefault(f"noise of {target}", {"spread": []})["spread"].append(on["noise"]["spread"])
    if given.json:
        write_json(given.json, {"verdicts": verdicts, "figures": found})
    table = Table("", "", "median", "least", "most", "range", title=f"{given.runs} runs")
    for name, figures in found.items():
        for figure, values in figures.items():
            show = percent if figure == "spread" else microseconds
            middle, low, high = statistics.median(values), min(values), max(values)
            spread = "" if figure == "spread" else percent((high - low) / middle)
            table.add_row(name, figure, show(middle), show(low), show(high), spread)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"verdicts: {', '.join(verdicts)}", soft_wrap=True)
    return 0 if len(set(verdicts)) == 1 else 1


def _report(arguments: list[str]) -> dict[str, Any]:
    """The report of one run; raises RunError where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "edgekd", "bench", *arguments, "--out", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise RunError(f"`{' '.join(command)}` failed: {done.stderr[-500:]}")
        return read_json(Path(folder) / "report.json", RunError)


if __name__ == "__main__":
    run(main)
