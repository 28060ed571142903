"""The spread over seeds of student and control: several runs of one recipe, distilled and compared.

    python bench/seeds.py RUN [RUN ...]

Each RUN is a folder of `edgekd distill`, alike but for `--seed`. Prints mean, standard deviation and range of
every metric on dev, of the student, the control, and their difference seed by seed.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edgekd.cli import run
from edgekd.errors import RunError, UsageError
from edgekd.files import read_json


def main() -> None:
    """Read the metrics of the runs and print their spread."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--split", default="dev")
    given = parser.parse_args()

    runs = [read_json(folder / "metrics.json", RunError) for folder in given.runs]
    seeds = [run["seed"] for run in runs]
    if len(set(seeds)) != len(seeds) or len({str(run["fingerprints"]) for run in runs}) > 1:
        raise UsageError(
            "the runs differ in data or teacher, or share a seed", expected="runs of several seeds"
        )
    judged = [run["splits"][given.split] for run in runs]
    table = Table(title=f"{runs[0]['data']} {given.split}, seeds {', '.join(map(str, seeds))}")
    for column in ("metric", "of", "mean", "deviation", "least", "most"):
        table.add_column(column, justify="left" if column in ("metric", "of") else "right")
    for metric in judged[0]["student"]["overall"]:
        values = {
            model: [100 * one[model]["overall"][metric] for one in judged] for model in ("student", "control")
        }
        pairs = zip(values["student"], values["control"], strict=True)
        values["student - control"] = [student - control for student, control in pairs]
        for of, figures in values.items():
            deviation = statistics.stdev(figures) if len(figures) > 1 else float("nan")
            shown = (statistics.mean(figures), deviation, min(figures), max(figures))
            table.add_row(metric.replace("_", " "), of, *(f"{figure:.2f}" for figure in shown))
    Console().print(table)


if __name__ == "__main__":
    run(main)
