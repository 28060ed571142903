"""The verbs of edgekd, in the order in which they are used."""

from __future__ import annotations

import typer

from edgekd import __version__
from edgekd.cli import (
    audit,
    bench,
    compare,
    corpus,
    data,
    demo,
    distill,
    embed,
    export,
    label,
    predict,
    pretrain,
    report,
    search,
    teach,
    verify,
)

app = typer.Typer(
    name="edgekd",
    help="Distil a transformer into a student of about one megabyte: text in, labels out, in one file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("data")(data.command)
app.command("teach")(teach.command)
app.command("audit")(audit.command)
app.command("pretrain")(pretrain.command)
app.command("label")(label.command)
app.command("distill")(distill.command)
app.command("compare")(compare.command)
app.command("search")(search.command)
app.command("export")(export.command)
app.command("embed")(embed.command)
app.command("bench")(bench.command)
app.command("report")(report.command)
app.command("predict")(predict.command)
app.command("verify")(verify.command)
app.command("demo")(demo.command)
app.command("corpus")(corpus.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgekd {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Distil a transformer into a student of about one megabyte: text in, labels out, in one file."""
