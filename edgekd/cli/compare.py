"""`edgekd compare`: finished runs side by side, by language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    runs: Annotated[
        list[str],
        typer.Argument(help="Folders of finished runs, also as NAME=FOLDER; seeds are taken together."),
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("compare.html"),
    split: Annotated[str, typer.Option(help="That they are compared on.")] = "dev",
) -> None:
    """Compare runs: where they had labels and where they had none, with their seeds and their settings."""
    from rich import box
    from rich.table import Table

    from edgekd.cli.console import console
    from edgekd.cli.native import require_quietly
    from edgekd.files import write_text

    require_quietly(("pydantic", "yaml"), "train")
    from edgekd.bench.verdict import METRIC_NAMES
    from edgekd.compare.page import lines, render, spread
    from edgekd.compare.runs import read_comparison

    found = read_comparison(runs, split)
    write_text(out, render(found))
    table = Table(box=box.SIMPLE, title=f"{METRIC_NAMES[found.metric]} on {split}", title_justify="left")
    for column in ("", "seeds", *(f"{name} ({len(some)})" for name, some in found.groups.items())):
        table.add_column(column, justify="right" if table.columns else "left")
    for said, _, way, model in lines(found):
        shown = (spread(way.values(model, found.metric, languages)) for languages in found.groups.values())
        table.add_row(said, "" if model == "teacher" else str(len(way.seeds)), *shown)
    console.print(table)
    console.print(f"page: {out}", markup=False, soft_wrap=True)
