"""`edgekd audit`: where teachers and the data's labels disagree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from edgekd.audit.audit import Audit

_MOST_SHOWN = 10


@options.reads_data
def command(
    data: Annotated[str, typer.Option(help="Labelled data, as for distill.")],
    teacher: Annotated[
        list[str],
        typer.Option(help="A teacher, as for distill; may be repeated, and then their mean is taken."),
    ],
    out: Annotated[Path, typer.Option(help="The page; .json and .csv are written beside it.")],
    split: Annotated[
        str,
        typer.Option(help="dev, test or train; of train, teachers have mostly seen the labels."),
    ] = "dev",
    *,
    reading: options.Reading,
) -> None:
    """Find labels that may be wrong: where teachers read a text otherwise than the data, surest first."""
    from edgekd.cli.console import log, progress
    from edgekd.cli.native import require_quietly
    from edgekd.errors import UsageError

    if out.suffix != ".html":
        raise UsageError(f"--out {out} is not the name of a page", expected="a name that ends in .html")
    require_quietly(("numpy", "pyarrow"), "teachers")
    from edgekd.audit.audit import audit
    from edgekd.audit.write import write_audit
    from edgekd.teachers import load_teacher

    dataset = options.load(data, reading)
    name = "+".join(teacher)
    found = audit(dataset, split, load_teacher(name), name=name, progress=progress)
    written = write_audit(found, out)
    if split == "train":
        log.print(
            "a teacher that was trained on these texts has seen their labels, and repeats some wrong ones",
            style="yellow",
        )
    _print(found, written)


def _print(found: Audit, written: tuple[Path, ...]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from edgekd.cli.console import console

    table = Table(box=box.SIMPLE)
    for column in ("label or slot", "given", "estimated wrong", "mostly found instead"):
        table.add_column(column, justify="right" if column in ("given", "estimated wrong") else "left")
    judged = sorted((one for one in found.shares if one.wrong), key=lambda one: -one.wrong)
    for one in judged[:_MOST_SHOWN]:
        name = one.name if one.kind == "label" else f"slot {one.name}"
        table.add_row(
            Text(name), f"{one.given:,}", f"{100 * one.wrong:.1f} %", Text(one.instead or f"no {one.kind}")
        )
    if judged:
        console.print(table)
    console.print(
        f"{len(found.disagreements):,} of {found.examples:,} texts of {found.split} are read differently: "
        + ", ".join(map(str, written)),
        markup=False,
        soft_wrap=True,
    )
