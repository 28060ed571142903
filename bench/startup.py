"""How long edgekd takes to start: whole processes, from outside, and the imports of one of them.

    python bench/startup.py --bundle BUNDLE [--json FILE]

Twenty processes of each kind in turns; the files are in the page cache.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edgekd.bench.runner.machine import machine
from edgekd.cli import run
from edgekd.files import write_json

PROCESSES = 20


def main() -> None:
    """Time everything, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--text", default="wake me up at seven tomorrow")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()

    predict = ["-m", "edgekd", "predict", given.bundle, given.text, "--runtime"]
    commands = {
        "python -c pass": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import edgekd": ["-c", "import edgekd"],
        "import edgekd.runtime": ["-c", "import edgekd.runtime"],
        "edgekd --help": ["-m", "edgekd", "--help"],
        "edgekd predict (litert)": [*predict, "litert"],
        "edgekd predict (onnxruntime)": [*predict, "onnxruntime"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(PROCESSES):
        for name, command in commands.items():
            seconds[name].append(_seconds(command))
    imports = _slowest_imports([*predict, "litert"])

    if given.json:
        write_json(given.json, {"machine": machine(), "seconds": seconds, "slowest_imports_ms": imports})
    table = Table("", "median", "fastest", "slowest", title=f"start-up, ms, {PROCESSES} processes each")
    for name, found in seconds.items():
        table.add_row(name, *(f"{1e3 * pick(found):.0f}" for pick in (statistics.median, min, max)))
    console = Console(highlight=False)
    console.print(table)
    shown = ", ".join(f"{name} {ms:.0f} ms" for name, ms in imports.items())
    console.print(f"imports of edgekd predict, with what they import: {shown}", soft_wrap=True)


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - start


def _slowest_imports(command: list[str]) -> dict[str, float]:
    """The ten top-level packages that take longest, in milliseconds, with what they import."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    )
    times_ms = {}
    for line in done.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        name = parts[-1].strip()
        if len(parts) == 3 and parts[1].strip().isdigit() and "." not in name:
            times_ms[name] = int(parts[1]) / 1e3
    return dict(sorted(times_ms.items(), key=lambda item: -item[1])[:10])


if __name__ == "__main__":
    run(main)
