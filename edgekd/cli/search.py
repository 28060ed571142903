"""`edgekd search`: many recipes are tried, and the best is written down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgekd.cli import options, recipes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgekd.recipe import Recipe
    from edgekd.search.search import Wanted
    from edgekd.search.space import Space

_PANEL = "The recipe that the search starts from"
_SHOWN = 5


@options.reads_data
def command(
    data: Annotated[str, typer.Option(help="Labelled data with train and dev splits.")],
    teacher: Annotated[
        str, typer.Option(help="A teacher's folder, a model's name, a Parquet of logits, or a+b.")
    ],
    out: Annotated[
        Path, typer.Option(help="The folder of the search. The same command again goes on in it.")
    ],
    space: Annotated[
        Path | None, typer.Option(help="Fields of a recipe and their values, in YAML; edgekd has one.")
    ] = None,
    trials: Annotated[
        int,
        typer.Option(help="Recipes to try; with --auto, full trainings that all may cost together.", min=1),
    ] = 50,
    seeds: Annotated[
        int, typer.Option(help="With which the best few are trained again, before one is chosen.", min=0)
    ] = 0,
    cost: Annotated[
        str | None,
        typer.Option(help="A second objective, of the exported TFLite file: latency (p50) or size."),
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Microseconds or bytes that a student may cost.", min=0)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes that share the trials.", min=1)] = 1,
    store: Annotated[
        str | None, typer.Option(help="Add the complete trials to this store of runs: a name or a folder.")
    ] = None,
    auto: Annotated[
        str | None,
        typer.Option(help="AutoDistiller: learn from the runs of this store which recipes to try, and add."),
    ] = None,
    texts: Annotated[
        list[str] | None, typer.Option(help="Unlabelled text for the teacher to label; may be repeated.")
    ] = None,
    out_of_scope_label: Annotated[
        str | None, typer.Option(help="The label of texts that are none of the others.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="In YAML; the options below change it.", rich_help_panel=_PANEL)
    ] = None,
    student: Annotated[
        str,
        typer.Option(
            help=recipes.STUDENT_HELP,
            rich_help_panel=_PANEL,
        ),
    ] = "pqrnn",
    seed: Annotated[
        int | None, typer.Option(help="Of the trials, and of what is proposed.", rich_help_panel=_PANEL)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any field: training.epochs=10; may be repeated.", rich_help_panel=_PANEL),
    ] = None,
    *,
    reading: options.Reading,
) -> None:
    """Try many recipes, each without its control, and write down the best: recipe.yaml and search.html."""
    from edgekd.cli.native import require_quietly
    from edgekd.errors import UsageError

    if cost not in (None, "latency", "size"):
        raise UsageError(f"there is no cost {cost!r}", expected="latency or size")
    if max_cost is not None and not cost:
        raise UsageError("--max-cost without --cost", expected="--cost latency or --cost size with it")
    if auto and (jobs > 1 or store):
        raise UsageError(
            f"--auto with --{'store' if store else 'jobs'}",
            expected="one process, which adds to the store of --auto",
        )
    require_quietly(("pydantic", "yaml"), "search")
    from edgekd.recipe import Recipe
    from edgekd.search.space import Space

    base = recipes.recipe(Recipe, recipe, student, {"training.seed": seed}, set_ or [])
    searched = Space.load(space, base)
    require_quietly(("tensorflow", "keras", "pyarrow", "optuna", "onnx", "onnxruntime"), "search")
    from edgekd.search.runner import Budget
    from edgekd.search.runs import RunStore
    from edgekd.search.search import Wanted

    known = store or auto
    wanted = Wanted(
        trials,
        seeds,
        Budget(cost, max_cost),
        base.training.seed,
        RunStore.named(known) if known else None,
        bool(auto),
    )
    inputs = {
        "data": data,
        "teacher": teacher,
        "texts": texts or [],
        "out_of_scope_label": out_of_scope_label,
        "reading": reading,
    }
    arguments = (searched, base, out, wanted, inputs)
    others = _others(jobs - 1, out)
    try:
        results = _run(*arguments)
        for other in others:
            other.wait()
        if others and results is None:
            # Trials that were with the others are now done, or left by one that failed.
            results = _run(*arguments)
    finally:
        for other in others:
            other.terminate()
            other.wait()
    _print(results, out)


def _others(count: int, out: Path) -> list[subprocess.Popen]:
    """This very command in other processes, which write what they have to say to files."""
    command = [sys.executable, "-m", "edgekd", *sys.argv[1:], "--jobs", "1"]
    started = []
    for number in range(2, count + 2):
        out.mkdir(parents=True, exist_ok=True)
        with (out / f"job-{number}.log").open("w") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
    return started


def _run(
    space: Space, base: Recipe, out: Path, wanted: Wanted, inputs: Mapping[str, Any]
) -> dict[str, Any] | None:
    from edgekd.cli.console import progress
    from edgekd.data.load import read_texts
    from edgekd.search.search import search
    from edgekd.teachers import load_teacher

    return search(
        options.load(inputs["data"], inputs["reading"]),
        load_teacher(inputs["teacher"], "auto"),
        space,
        base,
        out,
        wanted,
        texts=[pair for source in inputs["texts"] for pair in read_texts(source)],
        out_of_scope_label=inputs["out_of_scope_label"],
        inputs=inputs,
        progress=progress,
    )


def _print(results: Mapping[str, Any] | None, out: Path) -> None:
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import percent
    from edgekd.cli.console import console
    from edgekd.search.page import COSTS, changes
    from edgekd.search.trial import Trial, ranked

    if results is None:
        console.print("Other processes are still at work in this folder; the last one chooses the best.")
        return
    cost, show = COSTS.get(results["cost"], ("", str))
    again = {one["trial"]: one for one in results["finalists"]}
    header = [
        "trial",
        results["metric"].replace("_", " "),
        *["mean", "best"] * bool(again),
        *[cost] * bool(cost),
    ]
    table = Table(box=box.SIMPLE, title=f"{results['data']} dev, {len(results['trials'])} trials")
    for column in header:
        table.add_column(column, justify="right")
    table.add_column("changes")
    for trial in ranked(map(Trial.from_json, results["trials"]))[:_SHOWN]:
        seeds = again.get(trial.number)
        table.add_row(
            f"{'* ' if trial.number == results['winner'] else ''}{trial.number}",
            percent(trial.quality),
            *[percent(seeds and seeds[name]) for name in ("mean", "best") if again],
            *[show(trial.cost)] * bool(cost),
            changes(trial),
        )
    console.print(table)
    console.print(f"recipe: {out / 'recipe.yaml'}", markup=False, soft_wrap=True)
    console.print(f"page: {out / 'search.html'}", markup=False, soft_wrap=True)
