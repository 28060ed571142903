"""`edgekd export`: a trained student becomes files that a phone runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from edgekd.export.bundle import Exported


@options.reads_data
def command(
    run: Annotated[Path, typer.Argument(help="A folder made by `edgekd distill`.")],
    out: Annotated[Path, typer.Option(help="The bundle's folder.")],
    quantize: Annotated[str, typer.Option(help="Weights in float32 or int8.")] = "int8",
    formats: Annotated[str, typer.Option(help="Of tflite, onnx; by commas.")] = "tflite,onnx",
    control: Annotated[bool, typer.Option(help="The student that was trained without the teacher.")] = False,
    data: Annotated[
        str | None, typer.Option(help="Check on these texts too that the files give the student's labels.")
    ] = None,
    split: Annotated[str, typer.Option(help="Of the data.")] = "dev",
    *,
    reading: options.Reading,
) -> None:
    """Export a student to TFLite and ONNX: code points in, labels and slots out, builtin ops only.

    Each file is run in its own runtime and must say what the student says.
    """
    from edgekd.cli.console import console, progress
    from edgekd.cli.native import require_quietly
    from edgekd.quantize.schemes import scheme

    chosen = scheme(quantize)
    # Converters warn of what parity and audit look into.
    require_quietly(("tensorflow", "tf2onnx", "onnx", "onnxruntime", "ai_edge_litert"), "export")
    from edgekd.export.bundle import export

    texts = _texts(data, split, reading) if data else ()
    exported = export(
        run,
        out,
        chosen,
        formats=options.split_list(formats),
        name="control" if control else "student",
        texts=texts,
        progress=progress,
    )
    console.print(_table(exported))
    console.print(f"bundle: {out} ({chosen.name})", markup=False, soft_wrap=True)


def _texts(data: str, split: str, reading: options.Reading) -> Sequence[str]:
    from edgekd.errors import DataError

    dataset = options.load(data, reading)
    if not dataset.splits.get(split):
        raise DataError(f"{data} has no split {split!r}", expected=f"one of {', '.join(dataset.splits)}")
    return [example.text for example in dataset.splits[split]]


def _table(exported: Sequence[Exported]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    table.add_column("file", no_wrap=True)
    for column in ("bytes", "weights", "ops", "loads in", "off by", "same labels"):
        table.add_column(column, justify="right")
    for file in exported:
        agreement = file.parity.agreement
        table.add_row(
            file.name,
            f"{file.bytes:,}",
            f"{file.audit.parameters:,}",
            f"{file.audit.op_count:,}",
            file.audit.oldest_runtime,
            f"{file.parity.largest_difference:.1e}",
            "-" if agreement is None else f"{agreement:.1%}",
        )
    return table
