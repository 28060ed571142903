"""`edgekd data`: what was read, and what is wrong with it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from edgekd.data.summary import Lengths, Repeats, Summary

_MOST_SHOWN = 20
_PERCENTILES = "p50/p95/p99/max"


@options.reads_data
def command(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, a folder, or the name of a data set.")],
    every: Annotated[
        bool, typer.Option("--all", help="List every label, not only the most frequent.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    *,
    reading: options.Reading,
) -> None:
    """Read labelled data and print what is in it: counts, labels, lengths, and what to look at first."""
    from edgekd.cli.console import progress
    from edgekd.data.summary import summarise

    summary = summarise(
        options.load(data, reading, hold_out=False),
        progress=progress,
    )
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(summary), indent=2))
    else:
        _print(summary, every)


def _print(summary: Summary, every: bool) -> None:
    from edgekd.cli.console import console

    splits = list(summary.examples)
    total = sum(sum(counts.values()) for counts in summary.examples.values())
    _say(
        f"{summary.name}: {summary.task}, {total:,} examples, {len(summary.labels)} labels, "
        f"{len(summary.slots)} slots, {summary.spans:,} spans, fingerprint {summary.fingerprint}"
    )
    rows: list[list[Any]] = [
        [
            language,
            *(summary.examples[split].get(language, 0) for split in splits),
            _lengths(summary.chars[language]),
            _lengths(summary.tokens[language]),
        ]
        for language in summary.chars
    ]
    if len(rows) > 1:
        rows.append(["all", *(sum(summary.examples[split].values()) for split in splits)])
    console.print(_table(["language", *splits, f"chars {_PERCENTILES}", f"tokens {_PERCENTILES}"], rows))
    for kind, counts in (("label", summary.labels), ("slot", summary.slots)):
        if counts:
            shown = list(counts.items())[: None if every else _MOST_SHOWN]
            console.print(
                _table(
                    [kind, *splits], [[name, *(by.get(split, 0) for split in splits)] for name, by in shown]
                )
            )
            if len(shown) < len(counts):
                _say(f"... and {len(counts) - len(shown)} more; --all lists them")
    _print_findings(summary)


def _print_findings(summary: Summary) -> None:
    _say("\nTo look at:")
    findings = [
        *(f"{count} left out: {reason}" for reason, count in summary.skipped.items()),
        *(
            f"duplicates in {split}: {_repeats(found)}"
            for split, found in summary.duplicates.items()
            if found.examples
        ),
        *(f"leaks, {pair}: {_repeats(found)}" for pair, found in summary.leaks.items() if found.examples),
        *(
            f"{split} has labels that train lacks: {_listed(names)}"
            for split, names in summary.unknown.items()
        ),
    ]
    unreachable = sum(summary.unreachable.values())
    if unreachable:
        findings.append(
            f"{unreachable:,} of {summary.spans:,} spans do not begin and end with a token, so that no"
            f" student gets them right: {_listed(summary.unreachable)}; for example"
        )
        findings += [f"    {shown}" for shown in summary.unreachable_shown]
    for finding in findings or ["nothing"]:
        _say(f"  {finding}", style="yellow" if findings else "")


def _lengths(lengths: Lengths) -> str:
    return f"{lengths.p50}/{lengths.p95}/{lengths.p99}/{lengths.longest}"


def _repeats(found: Repeats) -> str:
    conflicts = f", {found.conflicts:,} of them with other labels" if found.conflicts else ""
    return f"{found.examples:,} examples{conflicts}"


def _listed(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: -item[1])
    more = f" and {len(most) - _MOST_SHOWN} more" if len(most) > _MOST_SHOWN else ""
    return ", ".join(f"{name} ({count:,})" for name, count in most[:_MOST_SHOWN]) + more


def _table(header: list[str], rows: Iterable[Iterable[Any]]) -> Any:
    """A rich table: names to the left, numbers to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for column, name in enumerate(header):
        table.add_column(Text(_printable(name)), justify="right" if column else "left")
    for row in rows:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else _printable(cell)) for cell in row))
    return table


def _say(line: str, style: str = "") -> None:
    from edgekd.cli.console import console

    console.print(_printable(line), style=style, markup=False, soft_wrap=True)


def _printable(text: str) -> str:
    """The text with lone surrogates spelt out, which no terminal can show."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
