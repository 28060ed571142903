"""`edgekd pretrain`: a student reads plain text, and learns what a teacher makes of each word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgekd.cli import options, recipes

_PANEL = "Recipe"


def command(
    teacher: Annotated[
        list[str] | None,
        typer.Option(help="An encoder: a folder or hub name; several give the student several targets."),
    ] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option(help="Plain text, a sentence a line: a file or a folder of such; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder. The same command again goes on in it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="In place of --out: a name in the store, for recipes to find.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on in this folder; needs no other option.")] = None,
    student: Annotated[
        str,
        typer.Option(help=recipes.STUDENT_HELP),
    ] = "pqrnn",
    limit: Annotated[int | None, typer.Option(help="Read the first so many texts only.", min=1)] = None,
    shared: Annotated[
        Path | None,
        typer.Option(help="Folder for what teachers make of the texts, which several students share."),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="A recipe in YAML; the options below change it.", rich_help_panel=_PANEL),
    ] = None,
    passes: Annotated[int | None, typer.Option(help="Over the texts.", rich_help_panel=_PANEL)] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            help="Of the teacher, by commas: 0 is the embeddings, -1 the last.", rich_help_panel=_PANEL
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="For everything random.", rich_help_panel=_PANEL)] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any field: training.learning_rate=0.001; may be repeated.", rich_help_panel=_PANEL
        ),
    ] = None,
) -> None:
    """Let a student read plain text before it is distilled: the start of `edgekd distill --pretrained`."""
    from edgekd.cli.native import require_quietly
    from edgekd.errors import UsageError

    require_quietly(("pydantic", "yaml"), "train")
    from edgekd.distill.run_folder import RunFolder
    from edgekd.recipe import Pretraining
    from edgekd.students.store import store

    if resume is not None:
        settings, inputs = RunFolder(resume).reopen(Pretraining)
        _run(resume, settings, {name: inputs.get(name) for name in ("teacher", "texts", "limit", "shared")})
        return
    if name is not None:
        out = store() / name
    missing = [
        option for option, value in (("--teacher", teacher), ("--texts", texts), ("--out", out)) if not value
    ]
    if missing or out is None:
        raise UsageError(
            f"{', '.join(missing)} is missing",
            expected="edgekd pretrain --teacher ENCODER --texts TEXTS --out FOLDER, or --resume FOLDER",
        )
    changed = {
        "training.epochs": passes,
        "training.seed": seed,
        "layers": [_number(layer) for layer in options.split_list(layers)] or None,
    }
    settings = recipes.recipe(Pretraining, recipe, student, changed, set_ or [])
    inputs = {"teacher": teacher, "texts": texts, "limit": limit, "shared": shared and str(shared)}
    _run(out, settings, inputs)


def _number(layer: str) -> int:
    from edgekd.errors import UsageError

    try:
        return int(layer)
    except ValueError:
        raise UsageError(f"--layers has {layer!r}", expected="whole numbers, as in -1 or 4,6") from None


def _run(out: Path, settings: Any, inputs: dict[str, Any]) -> None:
    from edgekd.cli.console import console, progress
    from edgekd.cli.native import require_quietly

    texts = options.texts(inputs["texts"], inputs["limit"])
    require_quietly(("tensorflow", "keras", "safetensors"), "train")
    require_quietly(("torch", "transformers"), "teachers")
    from edgekd.pretraining.pretrain import pretrain
    from edgekd.pretraining.teachers import load_teachers

    teachers, guesser = load_teachers(inputs["teacher"], settings, texts)
    shared = Path(inputs["shared"]) if inputs["shared"] else None
    card = pretrain(
        texts, teachers, settings, out, guesser=guesser, shared=shared, inputs=inputs, progress=progress
    )
    console.print(
        f"{card['texts']:,} texts read {card['passes']} times, {card['texts_per_second']:,.0f} "
        f"({card['tokens_per_second']:,.0f} tokens) a second"
    )
    if "explained" in card:
        told = ", ".join(f"{share:.1%}" for share in card["explained"])
        console.print(f"the student tells {told} of the variance of the teacher's states in other texts")
    if "guessed" in card:
        console.print(f"of hidden words in other texts it guesses {card['guessed']:.1%} as expected")
    console.print(f"pre-trained: {out} ({card['wall_s']:.0f} s)", markup=False, soft_wrap=True)
