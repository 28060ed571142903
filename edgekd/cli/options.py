"""Options that several verbs share: how to read labelled data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgekd.data.examples import Dataset

_PANEL = "How to read the data"

Format = Annotated[
    str | None,
    typer.Option(help="The format, where it is not detected: jsonl, csv, conll, ...", rich_help_panel=_PANEL),
]
Task = Annotated[
    str | None,
    typer.Option(
        help="classification, multilabel, tagging or joint; else read off the data.", rich_help_panel=_PANEL
    ),
]
Languages = Annotated[
    str | None,
    typer.Option(help="Keep only these, by commas: en,de-AT. A bare de keeps de-AT.", rich_help_panel=_PANEL),
]
TextColumn = Annotated[
    str | None, typer.Option(help="The column that holds the text.", rich_help_panel=_PANEL)
]
LabelColumn = Annotated[
    str | None, typer.Option(help="The column that holds the label.", rich_help_panel=_PANEL)
]
LanguageColumn = Annotated[
    str | None, typer.Option(help="The column that holds the language.", rich_help_panel=_PANEL)
]
SpansColumn = Annotated[
    str | None, typer.Option(help="The column that holds the slots.", rich_help_panel=_PANEL)
]
LabelSeparator = Annotated[
    str | None,
    typer.Option(help="Splits a cell into several labels: '|' for a|b.", rich_help_panel=_PANEL),
]

DropUnknownLabels = Annotated[
    bool,
    typer.Option(
        "--drop-unknown-labels",
        help="Leave out examples of dev and test whose labels train lacks, instead of stopping at them.",
        rich_help_panel=_PANEL,
    ),
]


def load(
    source: str,
    *,
    format: str | None = None,
    task: str | None = None,
    languages: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    language_column: str | None = None,
    spans_column: str | None = None,
    label_separator: str | None = None,
    drop_unknown_labels: bool = False,
) -> Dataset:
    """`load_dataset` with options as the command line has them, and a dev split where the data has none."""
    from edgekd.data import splits
    from edgekd.data.examples import Task as Kind
    from edgekd.data.load import Columns, load_dataset
    from edgekd.errors import UsageError

    kinds = [str(kind) for kind in Kind]
    if task is not None and task not in kinds:
        raise UsageError(f"there is no task {task!r}", expected=f"one of {', '.join(kinds)}")
    dataset = load_dataset(
        source,
        format=format,
        task=Kind(task) if task else None,
        columns=Columns(text_column, label_column, language_column, spans_column, label_separator),
        languages=split_list(languages),
    )
    if "dev" not in dataset.splits:
        from edgekd.cli.console import log

        dataset = splits.with_dev(dataset)
        held_out = len(dataset.splits.get("dev", ()))
        log.print(f"{source} has no dev split: a tenth of it, {held_out:,} texts chosen by hash, is held out")
    return splits.drop_unknown_labels(dataset) if drop_unknown_labels else dataset


def split_list(value: str | None) -> list[str]:
    """The parts of "a, b"."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]
