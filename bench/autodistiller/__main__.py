"""AutoDistiller's regret on data sets left out, against random search and the default recipe.

    python -m bench.autodistiller TABLE [--budgets 2,4,8] [--repeats 50] [--json FILE] [--markdown FILE]

TABLE is a folder that `python -m bench.autodistiller.table` wrote. Nothing is trained. A regret is what the
best candidate has more, in points of the main metric on dev; the budget is in full trainings, and the same
for every search but the first two, which try nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table as Drawn

from bench.autodistiller.replay import SEARCHES, Table, regrets
from edgekd.bench.markdown import table as markdown_table
from edgekd.cli import run
from edgekd.errors import UsageError
from edgekd.files import write_json, write_text

Regrets = dict[str, dict[str, float]]
_WIDTH = 110
_OURS, _RIVAL = "AutoDistiller", "random search"


def main() -> None:
    """Replay, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.autodistiller",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("--budgets", default="2,4,8", help="full trainings, by commas")
    parser.add_argument(
        "--repeats", type=int, default=50, help="lots that are drawn for each data set and seed"
    )
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--markdown", type=Path, help="file for the tables")
    given = parser.parse_args()
    try:
        budgets = [int(one) for one in given.budgets.split(",")]
    except ValueError:
        raise UsageError(f"--budgets has {given.budgets!r}", expected="whole numbers, as in 2,4,8") from None

    table = Table.load(given.table)
    console, parts, figures = Console(highlight=False, width=_WIDTH), [], {}
    for budget in budgets:
        found = {table.name(problem): one for problem, one in regrets(table, budget, given.repeats).items()}
        figures[str(budget)] = found
        title = f"Budget: {budget} full trainings; {len(table.candidates)} candidates"
        drawn = Drawn(title=title, box=box.SIMPLE, title_justify="left")
        for column, justify in (("regret in points", "left"), *((name, "right") for name in SEARCHES)):
            drawn.add_column(column, justify=justify)
        for row in rows(found):
            drawn.add_row(*row)
        console.print(drawn)
        console.print(f"{verdict(found)}\n")
        shown = markdown_table(["regret in points", *SEARCHES], rows(found), numbers=True)
        parts.append(f"{title}\n\n{shown}\n\n{verdict(found)}\n")
    if given.json:
        write_json(given.json, {"candidates": len(table.candidates), "regrets": figures})
    if given.markdown:
        write_text(given.markdown, "\n".join(parts))


def rows(found: Regrets) -> list[list[str]]:
    """One for each data set, and the mean over them."""
    shown = [[name, *(f"{100 * one[search]:.2f}" for search in SEARCHES)] for name, one in found.items()]
    means = (100 * np.mean([one[search] for one in found.values()]) for search in SEARCHES)
    return [*shown, ["mean", *(f"{mean:.2f}" for mean in means)]]


def verdict(found: Regrets) -> str:
    """Whether AutoDistiller beats random search, by the mean of the differences and its standard error."""
    less = 100 * np.array([one[_RIVAL] - one[_OURS] for one in found.values()])
    error = less.std(ddof=1) / len(less) ** 0.5
    said = "beats" if less.mean() > 2 * error else "does not beat"
    return (
        f"{_OURS} {said} {_RIVAL}: its regret is {less.mean():.2f} points less (standard error {error:.2f} "
        f"over {len(less)} data sets), and less on {int((less > 0).sum())} of them."
    )


if __name__ == "__main__":
    run(main)
