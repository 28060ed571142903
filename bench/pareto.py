"""What students of several sizes are worth, beside what they cost: a table and a page with a plot.

    python -m bench.ablation bench/sizes.yaml --run --work WORK --json FIGURES --data MTOP=DATA ...
    python -m bench.pareto bench/sizes.yaml FIGURES --data MTOP=DATA --teacher MTOP=TEACHER \
        --path NAME=FOLDER ... --work WORK --page sizes.html

The first command trains; this one exports a student of each shape with random weights, in 8 bits, and
measures it (`edgekd search --cost` does the same), so that the machine can be quiet meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.ablation.arms import read_arms
from edgekd.bench.figures import microseconds, size
from edgekd.bench.pages.html import page
from edgekd.bench.pages.pareto import Point, plot
from edgekd.bench.verdict import METRIC_NAMES
from edgekd.cli import run
from edgekd.data.load import load_dataset
from edgekd.errors import RunError, UsageError
from edgekd.files import read_json, write_text
from edgekd.search.runner import Runner
from edgekd.search.trial import undominated
from edgekd.teachers import load_teacher


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="keeps what was measured")
    parser.add_argument("--page", type=Path, help="file for the plots")
    for option in ("data", "teacher", "path"):
        parser.add_argument(f"--{option}", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    named = {
        option: dict(one.partition("=")[::2] for one in getattr(given, option))
        for option in ("data", "teacher", "path")
    }
    _, arms = read_arms(given.study, named["path"])
    figures, console, sections = read_json(given.figures, RunError), Console(highlight=False), []
    for name, data in named["data"].items():
        if name not in figures or name not in named["teacher"]:
            raise UsageError(f"there are no figures, or no teacher, of {name}", expected=", ".join(figures))
        runner = Runner(load_dataset(data), load_teacher(named["teacher"][name]), given.work / name)
        found = points(runner, {arm: arms[arm].recipe for arm in figures[name] if arm in arms}, figures[name])
        metric = METRIC_NAMES[runner.metric]
        said = advice(found)
        console.print(table(name, metric, found))
        console.print(f"{said}\n")
        sections.append(f"<section><h2>{name}</h2>{plot(found, metric)}<p>{said}</p></section>\n")
    if given.page:
        head = '<header><p class="brand">edgekd</p><h1>Students by size</h1></header>\n'
        write_text(given.page, page("edgekd: students by size", head + "".join(sections)))


def points(runner: Runner, recipes: Mapping[str, Any], figures: Mapping[str, Any]) -> list[Point]:
    """Of each arm the mean quality over seeds, and the cost of its file."""
    return [
        Point(
            arm,
            statistics.mean(one["student"]["overall"][runner.metric] for one in figures[arm].values()),
            runner.cost(recipe, "latency"),
            int(runner.cost(recipe, "size")),
            "student",
        )
        for arm, recipe in recipes.items()
    ]


def front(found: Sequence[Point]) -> list[Point]:
    """Those that no other beats in quality and in latency, the fastest first."""
    best_first = sorted(found, key=lambda point: (-point.quality, point.latency_us))
    return undominated(best_first, lambda point: point.latency_us)[::-1]


def table(name: str, metric: str, found: Sequence[Point]) -> Table:
    """One row for each student; a star for those on the front."""
    shown = Table("", metric, "file", "p50", "front", title=name, title_justify="left")
    best = front(found)
    for one in found:
        row = (f"{100 * one.quality:.1f}", size(one.bytes), microseconds(one.latency_us), "*" * (one in best))
        shown.add_row(one.name, *row)
    return shown


def advice(found: Sequence[Point]) -> str:
    """One sentence."""
    steps = [
        f"{one.name} ({100 * one.quality:.1f} %, {size(one.bytes)}) from {microseconds(one.latency_us)} on"
        for one in front(found)
    ]
    return f"Take {'; '.join(steps)}; no other of the {len(found)} is better at any latency."


if __name__ == "__main__":
    run(main)
