"""`edgekd export`: a trained student becomes files that a phone runs."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from edgekd.data.examples import Example
    from edgekd.export.choose import Trial
    from edgekd.export.description import Exported
    from edgekd.quantize.schemes import Scheme

AUTO, MAX_LOSS = "auto", 0.5


@options.reads_data
def command(
    run: Annotated[Path, typer.Argument(help="A folder made by `edgekd distill`.")],
    out: Annotated[Path, typer.Option(help="The bundle's folder.")],
    quantize: Annotated[
        str | None,
        typer.Option(
            help="Weights in float32, float16, int8 or int4; full-int8: activations too, calibrated on the "
            "data; or auto: what passes --max-loss. By default what the run was trained for, or else int8."
        ),
    ] = None,
    formats: Annotated[str, typer.Option(help="Of tflite, onnx; by commas.")] = "tflite,onnx",
    control: Annotated[bool, typer.Option(help="The student that was trained without the teacher.")] = False,
    data: Annotated[
        str | None,
        typer.Option(
            help="Examples on which each file is held against the student: labels, metrics, latency; the "
            "train split calibrates full-int8."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Of the data.")] = "dev",
    max_loss: Annotated[
        float | None,
        typer.Option(min=0, help="Points that a metric may lose on the data; by default any, with auto 0.5."),
    ] = None,
    licence: Annotated[str, typer.Option(help="Of the model, for its card.")] = "not stated",
    embed: Annotated[
        str | None,
        typer.Option(
            help="Samples for apps, with the bundle inside: android, c, ios, python, web; by commas."
        ),
    ] = None,
    *,
    reading: options.Reading,
) -> None:
    """Export a student to TFLite and ONNX: code points in, labels and slots out, builtin ops only.

    Each file is run in its own runtime and must say what the student says.
    """
    from edgekd.cli.console import console, progress
    from edgekd.cli.native import require_quietly
    from edgekd.distill.run_folder import RunFolder
    from edgekd.errors import GateFailed, UsageError
    from edgekd.export import embed as app_samples
    from edgekd.quantize.schemes import scheme

    name = "control" if control else "student"
    RunFolder(run).require(name)
    chosen = None if quantize == AUTO else scheme(quantize or _trained_for(run))
    if not data and (chosen is None or max_loss is not None):
        raise UsageError(
            f"--{'quantize auto' if chosen is None else 'max-loss'} without --data",
            expected="labelled examples to measure the loss on",
            fix="add --data DATA",
        )
    kinds, wanted = options.split_list(formats), options.split_list(embed)
    app_samples.samples(wanted, kinds)
    examples, calibration = _examples(run, data, split, reading) if data else ((), ())
    # Converters warn of what parity and audit look into.
    require_quietly(("tensorflow", "onnx", "onnxruntime", "ai_edge_litert"), "export")
    from edgekd.export.bundle import export
    from edgekd.export.choose import best, try_schemes

    settings = {
        "name": name,
        "examples": examples,
        "calibration": calibration,
        "progress": progress,
    }
    limit = None if max_loss is None else max_loss / 100
    if chosen is None:
        limit = MAX_LOSS / 100 if limit is None else limit
        trials = try_schemes(run, formats=kinds, **settings)
        schemes = best(trials, limit)
        tried = [trial for trial in trials if trial.file]
        remarks = [_remark(trial, schemes, limit) for trial in tried]
        console.print(_table([trial.file for trial in tried], remarks))
        for trial in trials:
            if trial.refused:
                console.print(f"refused: {trial.refused}", markup=False, soft_wrap=True)
        if missing := [kind for kind in kinds if kind not in schemes]:
            raise GateFailed(
                f"no quantization of {', '.join(missing)} loses at most {100 * limit:.2f} points",
                expected="one at least",
                fix="allow more with --max-loss",
            )
        export(run, out, schemes, max_loss=limit, licence=licence, **settings)
    else:
        schemes = dict.fromkeys(kinds, chosen)
        exported = export(run, out, schemes, max_loss=limit, licence=licence, **settings)
        console.print(_table(exported))
        if chosen.calibrated:
            for file in exported:
                left = ", ".join(file.audit.float_ops)
                console.print(f"{file.name} still computes in float: {left}", markup=False, soft_wrap=True)
    console.print(f"bundle: {out}", markup=False, soft_wrap=True)
    for folder in app_samples.embed(out, wanted):
        console.print(f"{folder.name}: {folder}", markup=False, soft_wrap=True)


def _trained_for(run: Path) -> str:
    """The quantization that a run's student was trained for, or else int8."""
    from edgekd.distill.run_folder import RunFolder
    from edgekd.recipe import Recipe

    recipe = RunFolder(run).recipe
    return (Recipe.load(recipe).training.qat if recipe.exists() else None) or "int8"


def _remark(trial: Trial, schemes: Mapping[str, Scheme], limit: float) -> str:
    if schemes.get(trial.format) == trial.scheme:
        return "chosen"
    return "too lossy" if trial.file.comparison.loss > limit else ""


def _examples(
    run: Path, data: str, split: str, reading: options.Reading
) -> tuple[Sequence[Example], Sequence[str]]:
    """The examples of the split, and the texts of the train split, or else of the same."""
    from edgekd.errors import DataError

    dataset = options.load(data, _as_distilled(run, data, reading))
    if not dataset.splits.get(split):
        raise DataError(f"{data} has no split {split!r}", expected=f"one of {', '.join(dataset.splits)}")
    examples = dataset.splits[split]
    return examples, [example.text for example in dataset.splits.get("train") or examples]


def _as_distilled(run: Path, data: str, reading: options.Reading) -> options.Reading:
    """How to read the data: where it is the run's own, what is not said now is as it was then."""
    from edgekd.distill.run_folder import RunFolder
    from edgekd.errors import RunError
    from edgekd.files import read_json

    path = RunFolder(run).inputs
    inputs = read_json(path, RunError) if path.exists() else {}
    if "data" not in inputs or Path(inputs["data"]).resolve() != Path(data).resolve():
        return reading
    return {name: value or inputs.get("reading", {}).get(name) for name, value in reading.items()}


def _table(exported: Sequence[Exported], remarks: Sequence[str] = ()) -> Table:
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import microseconds, size
    from edgekd.metrics import MAIN_METRIC
    from edgekd.quantize.schemes import short_name

    main = next((MAIN_METRIC[file.comparison.task] for file in exported if file.comparison), "")
    columns = {
        "file": lambda file: file.name.removeprefix("model."),
        "weights": lambda file: short_name(file.scheme),
        "size": lambda file: size(file.bytes),
    }
    # As much as 80 characters hold; all of it stands in edgekd.json.
    if not remarks:
        columns["loads in"] = lambda file: file.audit.oldest_runtime
    if main:
        columns |= {
            "same labels": lambda file: f"{file.comparison.agreement:.1%}",
            main.replace("_", " "): lambda file: f"{100 * file.comparison.metrics[main]:.1f}",
            "change": lambda file: f"{100 * file.comparison.change[main]:+.1f}",
            "p50": lambda file: microseconds(file.comparison.p50_us),
        }
    else:
        columns["off by"] = lambda file: f"{file.parity.largest_difference:.1e}"
    table = Table(box=box.SIMPLE)
    for column in columns:
        left = column in ("file", "weights")
        table.add_column(
            column, justify="left" if left else "right", no_wrap=" " not in column or column == "loads in"
        )
    if remarks:
        table.add_column("", no_wrap=True)
    for file, remark in zip_longest(exported, remarks):
        row = [show(file) for show in columns.values()]
        table.add_row(*row, *([remark] if remarks else []))
    return table
