"""`edgekd distill`: data and a teacher become a student and its control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgekd.cli import options, recipes

if TYPE_CHECKING:
    from edgekd.recipe import Recipe

_PANEL = "Recipe"


@options.reads_data
def command(
    data: Annotated[str | None, typer.Option(help="Labelled data with train and dev splits.")] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            help="A teacher's folder, a finished run, a model's name, stored logits; or several: a+b, "
            "de,fr=a+en=b, a+b@labels.yaml."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with this run; needs no other option.")] = None,
    student: Annotated[
        str,
        typer.Option(help=recipes.STUDENT_HELP),
    ] = "pqrnn",
    texts: Annotated[
        list[str] | None, typer.Option(help="Unlabelled text for the teacher to label; may be repeated.")
    ] = None,
    out_of_scope_label: Annotated[
        str | None,
        typer.Option(
            help="The label of texts that are none of the others; by default oos, out_of_scope, out-of-scope "
            "or out of scope, where the data has it."
        ),
    ] = None,
    soft_labels: Annotated[
        Path | None,
        typer.Option(help="Where `edgekd label` has stored this teacher's labels; what it lacks is added."),
    ] = None,
    precision: Annotated[str, typer.Option(help=options.PRECISION)] = "auto",
    recipe: Annotated[
        Path | None,
        typer.Option(help="A recipe in YAML; the options below change it.", rich_help_panel=_PANEL),
    ] = None,
    pretrained: Annotated[
        str | None,
        typer.Option(
            help="Start from what `edgekd pretrain` made: its folder or name.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    teacher_weights: Annotated[
        str | None,
        typer.Option(
            help="How several teachers count: mean, confidence (by example), dev (chosen on dev), 0.7,0.3.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the data, of 10,000 texts at least.", rich_help_panel=_PANEL),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="For everything random.", rich_help_panel=_PANEL)] = None,
    qat: Annotated[
        str | None,
        typer.Option(help="Train for weights in int8 or int4, as exported.", rich_help_panel=_PANEL),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any field: training.learning_rate=0.001; may be repeated.", rich_help_panel=_PANEL
        ),
    ] = None,
    *,
    reading: options.Reading,
) -> None:
    """Distil a teacher into a tiny student, and train the control without the teacher alike."""
    from edgekd.cli.native import require_quietly
    from edgekd.errors import UsageError

    require_quietly(("pydantic", "yaml", "pyarrow"), "train")
    from edgekd.recipe import Recipe

    if resume is not None:
        from edgekd.distill.run_folder import RunFolder

        settings, inputs = RunFolder(resume).reopen(Recipe)
        named = ("data", "teacher", "texts", "out_of_scope_label", "soft_labels", "precision", "reading")
        _run(resume, settings, {name: inputs.get(name) for name in named})
        return
    missing = [
        name for name, value in (("--data", data), ("--teacher", teacher), ("--out", out)) if not value
    ]
    if missing or out is None:
        raise UsageError(
            f"{', '.join(missing)} is missing",
            expected="edgekd distill --data DATA --teacher TEACHER --out RUN, or --resume RUN",
        )
    inputs = {
        "data": data,
        "teacher": teacher,
        "texts": texts or [],
        "out_of_scope_label": out_of_scope_label,
        "soft_labels": str(soft_labels) if soft_labels else None,
        "precision": precision,
        "reading": reading,
    }
    changed = {
        "training.epochs": epochs,
        "training.seed": seed,
        "training.qat": qat,
        "distillation.pretrained": pretrained,
        "distillation.teacher_weights": teacher_weights,
    }
    _run(out, recipes.recipe(Recipe, recipe, student, changed, set_ or []), inputs)


def _run(out: Path, recipe: Recipe, inputs: dict[str, Any]) -> None:
    from edgekd.cli.console import progress
    from edgekd.cli.native import require_quietly
    from edgekd.data.load import read_texts

    dataset = options.load(inputs["data"], inputs["reading"])
    texts = [pair for source in inputs["texts"] for pair in read_texts(source)]
    # What takes seconds to import comes after what may be wrong.
    require_quietly(("tensorflow", "keras"), "train")
    from edgekd.distill.pipeline import distil
    from edgekd.teachers import load_teacher
    from edgekd.teachers.store import stored_labels

    # Runs that were started before there was a choice have none.
    teacher = load_teacher(inputs["teacher"], inputs["precision"] or "float32")
    stored = inputs["soft_labels"]
    metrics = distil(
        dataset,
        teacher,
        recipe,
        out,
        texts=texts,
        out_of_scope_label=inputs["out_of_scope_label"],
        inputs=inputs,
        label=stored_labels(Path(stored), progress, whole=teacher) if stored else None,
        progress=progress,
    )
    _print(metrics, out)


def _print(metrics: dict[str, Any], out: Path) -> None:
    from rich import box
    from rich.table import Table

    from edgekd.cli.console import console

    for split, judged in metrics["splits"].items():
        table = Table(box=box.SIMPLE, title=f"{split}, seed {metrics['seed']}", title_justify="left")
        for column in ("", "", "teacher", "student", "control", "retention", "distilled"):
            table.add_column(column, justify="right" if table.columns[1:] else "left")
        languages = judged["teacher"]["by_language"]
        groups = (
            [("all", None)] if len(languages) == 1 else [*((name, name) for name in languages), ("all", None)]
        )
        for shown, language in groups:
            for metric in judged["teacher"]["overall"]:
                values = [_of(judged[model], language)[metric] for model in ("teacher", "student", "control")]
                ratios = [_of(judged[name], language)[metric] for name in ("retention", "distillation_ratio")]
                table.add_row(
                    shown,
                    metric.replace("_", " "),
                    *(f"{100 * value:.1f}" for value in values),
                    *("-" if ratio is None else f"{100 * ratio:.1f} %" for ratio in ratios),
                )
                shown = ""
        console.print(table)
    if metrics["teachers"]:
        _print_teachers(metrics["teachers"])
    if calibration := metrics["calibration"]["student"]:
        console.print(_calibration(calibration, metrics["out_of_scope"]["student"]), soft_wrap=True)
    for complaint in metrics["training"]["student"].get("complaints", ()):
        console.print(f"note: {complaint}", markup=False, soft_wrap=True)
    console.print(
        f"student: {out} ({metrics['parameters']:,} parameters, {metrics['training']['wall_s']:.0f} s)",
        markup=False,
        soft_wrap=True,
    )


def _print_teachers(report: dict[str, Any]) -> None:
    """Each teacher, their mean and their mix on dev; and the weights that were chosen there."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from edgekd.cli.console import console

    table = Table(box=box.SIMPLE, title="teachers on dev", title_justify="left")
    table.add_column("")
    metrics = [name for name in report["mix"] if name not in ("texts", "log_likelihood")]
    for column in ("texts", *(name.replace("_", " ") for name in metrics), "log-likelihood"):
        table.add_column(column, justify="right")
    judged = [(one["name"], one["dev"]) for one in report["teachers"] if one["dev"]]
    judged.append(("mean", report["mean"]))
    if report["weighting"] != "mean":
        judged.append((report["weighting"], report["mix"]))
    for name, dev in judged:
        shown = (f"{100 * dev[metric]:.1f}" for metric in metrics)
        table.add_row(Text(name), f"{dev['texts']:,}", *shown, f"{dev['log_likelihood']:.3f}")
    console.print(table)
    for choice in report.get("chosen", ()):
        weights = ", ".join(
            f"{name} {weight:.2f}" for name, weight in zip(choice["teachers"], choice["weights"], strict=True)
        )
        console.print(
            f"chosen on dev: {weights} (gain in log-likelihood {choice['gain']:.4f} ± "
            f"{choice['standard_error']:.4f} a text)",
            markup=False,
            soft_wrap=True,
        )


def _calibration(calibration: dict[str, float], rule: dict[str, Any]) -> str:
    """What was found on dev, in a line."""
    said = (
        f"calibrated on dev: temperature {calibration['temperature']:.2f}, expected calibration error "
        f"{100 * calibration['ece_before']:.1f} -> {100 * calibration['ece']:.1f} points"
    )
    if not rule:
        return said
    found = "" if rule["recall"] is None else f"finds {rule['recall']:.1%} of the texts out of scope, "
    return (
        f"{said}; above {rule['threshold']:.3f} {found}refuses {rule['in_scope_refused']:.1%} of the others"
    )


def _of(measured: dict[str, Any], language: str | None) -> dict[str, float]:
    return measured["overall"] if language is None else measured["by_language"][language]
