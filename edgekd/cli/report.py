"""`edgekd report`: many reports of `edgekd bench` side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    reports: Annotated[
        list[Path], typer.Argument(help="Files report.json, or folders in which to look for them.")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("history.html"),
) -> None:
    """The history of a project: a table and a plot over many reports of `edgekd bench`."""
    from rich import box
    from rich.table import Table

    from edgekd.bench.history import HEADER, SHORT, read_history
    from edgekd.bench.pages.history import render
    from edgekd.cli.console import console
    from edgekd.files import write_text

    histories = read_history(reports)
    write_text(out, render(histories))
    for history in histories:
        table = Table(box=box.SIMPLE, title=history.title, title_justify="left")
        for column in SHORT:
            table.add_column(column, no_wrap=True, justify="right" if column in SHORT[2:6] else "left")
        for entry in history.entries:
            cells = dict(zip(HEADER, entry.cells, strict=True))
            table.add_row(*(cells[column] for column in SHORT))
        console.print(table)
    console.print(f"page: {out}", soft_wrap=True)
