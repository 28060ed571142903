"""Compare every runtime's answers to the same texts, and write what differs.

    python -m bench.conformance BUNDLE... --run RUN [--texts 100000] [--json FILE] [--markdown FILE]

The texts are the golden ones and random strings over all of Unicode. Token counts, token spans and features
must be those of the numpy front end, bit for bit; labels and slots those of Keras and of the runtime on this
machine, but for near ties. Exits with 1 where they are not. Finished parts are kept: the same command goes on
where it was stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich.console import Console

from bench.conformance.hosts import HOSTS, Host
from bench.conformance.jobs import Unavailable
from bench.conformance.report import as_json, as_markdown
from bench.conformance.run import Settings, conform
from edgekd.bench.runner.machine import machine
from edgekd.cli import run
from edgekd.files import write_json, write_text


def main() -> int:
    """Run what can be run here, show the table, say what failed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.conformance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE", help="exported from RUN")
    parser.add_argument(
        "--run", required=True, type=Path, help="the run folder: its student is the reference"
    )
    parser.add_argument("--texts", type=int, default=100_000, help="random strings (100000)")
    parser.add_argument(
        "--labelled", type=int, help="texts whose labels and slots are compared too (all of them)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random strings (0)")
    parser.add_argument(
        "--hosts", default=",".join(HOSTS), help=f"by commas, of {', '.join(HOSTS)}; by default all"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="for each file on each host (60)")
    parser.add_argument("--work", type=Path, default=Path("build/conformance"), help="folder for the answers")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--markdown", type=Path, help="file for the table")
    given = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    unknown = sorted(set(given.hosts.split(",")) - set(HOSTS))
    if unknown:
        parser.error(f"there is no host {', '.join(unknown)}; expected of {', '.join(HOSTS)}")
    hosts = _available(given.hosts.split(","), console)
    labelled = sys.maxsize if given.labelled is None else given.labelled
    settings = Settings(given.texts, labelled, given.seed, given.minutes * 60, given.work)
    compared = conform(given.bundles, given.run, hosts, settings, console.print)
    figures = {"machine": machine(), "random_texts": given.texts, "seed": given.seed}
    if given.json:
        write_json(given.json, {**figures, "compared": as_json(compared)})
    if given.markdown:
        write_text(given.markdown, as_markdown(compared))
    console.print(as_markdown(compared), markup=False)
    failures = [failure for one in compared for failure in one.failures]
    for failure in failures:
        console.print(failure, markup=False)
    return 1 if failures else 0


def _available(names: list[str], console: Console) -> dict[str, Host]:
    """The hosts that this machine has, in the order of HOSTS; says why it lacks the others."""
    hosts = {}
    for name, make in HOSTS.items():
        if name in names:
            try:
                hosts[name] = make()
            except Unavailable as reason:
                console.print(f"without {name}: {reason}", markup=False)
    return hosts


if __name__ == "__main__":
    run(main)
