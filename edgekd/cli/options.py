"""The options of reading labelled data, which several verbs share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgekd.data.examples import Dataset

PRECISION = "What the teacher computes in: float32, bf16, or auto: bf16 where it is far faster."
"""The help of `--precision`."""

_PANEL = "How to read the data"

Reading = dict[str, Any]
"""The options of `_reading` by name, as JSON values."""


def _option(help: str, *names: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=_PANEL)


def _reading(
    format: Annotated[str | None, _option("Where it is not detected: jsonl, csv, conll, ...")] = None,
    task: Annotated[
        str | None, _option("classification, multilabel, tagging or joint; else read off the data.")
    ] = None,
    languages: Annotated[
        str | None, _option("Keep only these, by commas: en,de-AT. A bare de keeps de-AT.")
    ] = None,
    train_languages: Annotated[
        str | None, _option("Of train, keep only these, by commas: labels in the others are not seen.")
    ] = None,
    text_column: Annotated[str | None, _option("The column that holds the text.")] = None,
    label_column: Annotated[str | None, _option("The column that holds the label.")] = None,
    language_column: Annotated[str | None, _option("The column that holds the language.")] = None,
    spans_column: Annotated[str | None, _option("The column that holds the slots.")] = None,
    label_separator: Annotated[str | None, _option("Splits a cell into several labels: '|' for a|b.")] = None,
    drop_unknown_labels: Annotated[
        bool,
        _option(
            "Leave out examples of dev and test whose labels train lacks, instead of stopping at them.",
            "--drop-unknown-labels",
        ),
    ] = False,
) -> None:
    """The options themselves, in the order of the help."""


def reads_data(command: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of reading data; they reach it together, as the argument `reading`."""
    shared = inspect.signature(_reading, eval_str=True).parameters
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "reading"]

    def verb(**arguments: Any) -> None:
        reading = {name: arguments.pop(name) for name in shared}
        command(**arguments, reading=reading)

    functools.update_wrapper(verb, command)
    every = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared.values())]
    verb.__signature__ = signature.replace(parameters=every)
    verb.__annotations__ = {}
    del verb.__wrapped__
    return verb


def load(source: str, reading: Reading, *, hold_out: bool = True) -> Dataset:
    """`load_dataset` with options as the command line has them.

    Args:
        source: as for `load_dataset`.
        reading: the options.
        hold_out: make a dev split where the data has none.
    """
    from edgekd.data import splits
    from edgekd.data.examples import Task
    from edgekd.data.load import Columns, load_dataset
    from edgekd.errors import UsageError

    columns = ("text_column", "label_column", "language_column", "spans_column", "label_separator")
    task, kinds = reading["task"], [str(kind) for kind in Task]
    if task is not None and task not in kinds:
        raise UsageError(f"there is no task {task!r}", expected=f"one of {', '.join(kinds)}")
    dataset = load_dataset(
        source,
        format=reading["format"],
        task=Task(task) if task else None,
        columns=Columns(*(reading[name] for name in columns)),
        languages=split_list(reading["languages"]),
    )
    if hold_out and "dev" not in dataset.splits:
        from edgekd.cli.console import log

        dataset = splits.with_dev(dataset)
        held_out = len(dataset.splits.get("dev", ()))
        log.print(f"{source} has no dev split: a tenth of it, {held_out:,} texts chosen by hash, is held out")
    # Runs that were started before there was the option lack it.
    if languages := split_list(reading.get("train_languages")):
        dataset = splits.with_train_languages(dataset, languages)
    return splits.drop_unknown_labels(dataset) if reading["drop_unknown_labels"] else dataset


def texts(sources: Sequence[str], limit: int | None = None) -> list[str]:
    """All of the plain texts of several sources, or the first `limit`."""
    from edgekd.data.load import read_texts

    found = [text for source in sources for text, _ in read_texts(source)]
    return found[:limit]


def split_list(value: str | None) -> list[str]:
    """The parts of "a, b"."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]
