"""`edgekd teach`: labelled data and an encoder become a teacher."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from edgekd.metrics import Scores

PRETRAINED_RATE, NEW_RATE = 5e-5, 1e-3
NEW_WORD_DROPOUT = 0.1
_PANEL = "Training"


@options.reads_data
def command(
    *,
    data: Annotated[
        str | None,
        typer.Option(
            help="Labelled data: a file, a folder, or the name of a data set. "
            "Without, the encoder reads the texts and learns no task."
        ),
    ] = None,
    encoder: Annotated[str, typer.Option(help="Folder or hub name, or new:tiny, new:small, new:base.")],
    out: Annotated[Path, typer.Option(help="The teacher's folder. The same command again goes on in it.")],
    epochs: Annotated[int, typer.Option(help="Passes over the data at most.", rich_help_panel=_PANEL)] = 8,
    patience: Annotated[
        int, typer.Option(help="Epochs without a better dev score; 0: go on.", rich_help_panel=_PANEL)
    ] = 3,
    batch_size: Annotated[int, typer.Option(help="Texts a step.", rich_help_panel=_PANEL)] = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help=f"The peak: by default {PRETRAINED_RATE:g}, and {NEW_RATE:g} for a new encoder.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    max_length: Annotated[
        int, typer.Option(help="Sub-words of a text; the rest is cut.", rich_help_panel=_PANEL)
    ] = 64,
    pooling: Annotated[
        str, typer.Option(help="What the label head sees: mean or cls.", rich_help_panel=_PANEL)
    ] = "mean",
    word_dropout: Annotated[
        float | None,
        typer.Option(
            help=f"Sub-words masked in training: by default 0, and {NEW_WORD_DROPOUT} for a new encoder.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option(help="Plain text for a new tokenizer and for pre-training.", rich_help_panel=_PANEL),
    ] = None,
    pretrain_epochs: Annotated[
        int, typer.Option(help="Passes of masked-language-model training before.", rich_help_panel=_PANEL)
    ] = 0,
    precision: Annotated[str, typer.Option(help="auto, bf16 or float32.", rich_help_panel=_PANEL)] = "auto",
    seed: Annotated[int, typer.Option(help="For everything random.", rich_help_panel=_PANEL)] = 0,
    reading: options.Reading,
) -> None:
    """Fine-tune a transformers encoder into a teacher."""
    from edgekd.cli.console import console, progress
    from edgekd.data.load import read_texts
    from edgekd.extras import require

    # Plain text comes by language alone: en.txt serves en-US and en-GB.
    spoken = [language.split("-")[0] for language in options.split_list(reading["languages"])]
    plain = [text for source in texts or [] for text, _ in read_texts(source, languages=spoken)]
    dataset = None if data is None else options.load(data, reading)
    # What takes seconds to import comes after what may be wrong.
    for module in ("torch", "transformers"):
        require(module, "teachers")
    from edgekd.teachers.finetune import TeachConfig, read, teach

    new = encoder.startswith("new")
    config = TeachConfig(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=(NEW_RATE if new else PRETRAINED_RATE) if learning_rate is None else learning_rate,
        max_length=max_length,
        pooling=pooling,
        word_dropout=(NEW_WORD_DROPOUT if new else 0.0) if word_dropout is None else word_dropout,
        patience=patience,
        pretrain_epochs=pretrain_epochs,
        precision=precision,
        seed=seed,
    )
    if dataset is None:
        folder = read(plain, encoder, out, config, progress=progress)
        console.print(f"encoder: {folder}", markup=False, soft_wrap=True)
        return
    taught = teach(dataset, encoder, out, config, texts=plain, progress=progress)
    _print(taught.scores)
    for split, count in taught.unreachable.items():
        if count:
            console.print(f"{count:,} spans of {split} do not begin and end with sub-words of this encoder")
    console.print(f"teacher: {out} ({taught.seconds:.0f} s)", markup=False, soft_wrap=True)


def _print(scores: Scores) -> None:
    from rich import box
    from rich.table import Table

    from edgekd.cli.console import console

    table = Table(box=box.SIMPLE)
    table.add_column("dev")
    for name in ("texts", *scores.overall):
        table.add_column(name.replace("_", " "), justify="right")
    for language, values in scores.by_language.items():
        shown = (f"{100 * value:.1f}" for value in values.values())
        table.add_row(language, f"{scores.counts[language]:,}", *shown)
    if len(scores.by_language) > 1:
        shown = (f"{100 * value:.1f}" for value in scores.overall.values())
        table.add_row("all", f"{sum(scores.counts.values()):,}", *shown)
    console.print(table)
