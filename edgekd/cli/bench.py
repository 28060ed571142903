"""`edgekd bench`: what a bundle is worth and what it costs, and whether it passes the gate."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgekd.cli import options

if TYPE_CHECKING:
    from rich.table import Table


@options.reads_data
def command(
    bundle: Annotated[Path, typer.Argument(help="A folder made by `edgekd export`.")],
    data: Annotated[str, typer.Option(help="Labelled data: a file, a folder, or the name of a data set.")],
    split: Annotated[str | None, typer.Option(help="Of the data. [default: dev, or the only one]")] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="To hold the student against: as for `edgekd distill`. Without: no retention."),
    ] = None,
    min_retention: Annotated[
        float | None,
        typer.Option(min=0, max=2, help="The gate: below this share of the teacher's quality, exit code 3."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="What the gate judges; repeatable. [default: the task's main metric]"),
    ] = None,
    per_language: Annotated[bool, typer.Option(help="The gate judges each language by itself too.")] = True,
    runtime: Annotated[
        str,
        typer.Option(help="litert, tflite-runtime, onnxruntime, auto (the first installed), or all of them."),
    ] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Of the runtime, and of the teacher.")] = 1,
    seconds: Annotated[float, typer.Option(min=0, help="Time each contender for this long at least.")] = 5.0,
    out: Annotated[Path, typer.Option(help="Folder of report.json and report.html.")] = Path("report"),
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json instead of tables.")] = False,
    *,
    reading: options.Reading,
) -> None:
    """Measure a bundle on this machine: quality, retention, latency, start, memory and size."""
    from edgekd.bench.report import write_report
    from edgekd.bench.run import BenchConfig, bench
    from edgekd.bench.runner.machine import is_busy
    from edgekd.bench.runner.measure import Rules
    from edgekd.bench.verdict import BUSY, headline
    from edgekd.cli.console import console, progress
    from edgekd.errors import GateFailed

    report = bench(
        bundle,
        options.load(data, reading),
        split,
        teacher,
        BenchConfig(
            runtime=runtime,
            threads=threads,
            min_retention=min_retention,
            metrics=tuple(metric or ()),
            every_language=per_language,
            rules=Rules(min_seconds=seconds),
        ),
        store=out / "soft-labels",
        command=shlex.join(["edgekd", *sys.argv[1:]]),
        progress=progress,
    )
    files = write_report(report, out)
    kind, head, sentence = headline(report)
    if as_json:
        sys.stdout.reconfigure(errors="backslashreplace")
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        for table in (_quality(report), _cost(report)):
            console.print(table)
        if is_busy(report["machine"]):
            console.print(BUSY, style="yellow")
        console.print(head, style={"pass": "bold green", "fail": "bold red"}.get(kind, "bold"))
        console.print(sentence, soft_wrap=True)
        console.print(f"report: {', '.join(map(str, files))}", soft_wrap=True)
    if kind == "fail":
        raise GateFailed(
            head,
            expected=f"at least {min_retention:.1%} of the teacher's quality",
            fix=f"see {files[1]}; more text labelled by the teacher or a larger student may help",
        )


def _quality(report: dict[str, Any]) -> Table:
    """Per language: the student's metrics, and what they are of the teacher's."""
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import percent
    from edgekd.bench.verdict import METRIC_NAMES

    first = next(iter(report["runtimes"].values()))
    counts = report["data"]["examples"]
    metrics = list(first["scores"]["overall"])
    table = Table(
        box=box.SIMPLE,
        title=f"{report['data']['name']} {report['data']['split']}, student",
        title_justify="left",
    )
    table.add_column("language", no_wrap=True)
    table.add_column("examples", justify="right")
    for metric in metrics:
        table.add_column(METRIC_NAMES[metric], justify="right")
        if first["retention"]:
            table.add_column("kept", justify="right", style="dim")

    def row(name: str, examples: int, pick: Any) -> None:
        cells = []
        for metric in metrics:
            cells.append(percent(pick(first["scores"])[metric]))
            if first["retention"]:
                cells.append(percent(pick(first["retention"])[metric]))
        table.add_row(name, f"{examples:,}", *cells)

    for language, examples in counts.items():
        row(language, examples, lambda scores, language=language: scores["by_language"][language])
    if len(counts) > 1:
        row("all", sum(counts.values()), lambda scores: scores["overall"])
    return table


def _cost(report: dict[str, Any]) -> Table:
    """A row per runtime, and one for the teacher."""
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import microseconds, milliseconds, size

    table = Table(
        box=box.SIMPLE, title=f"text to labels, {report['threads']} thread(s)", title_justify="left"
    )
    table.add_column("", no_wrap=True)
    for name in ("file", "p50", "p90", "p99", "first answer", "peak memory"):
        table.add_column(name, justify="right")
    for name, one in report["runtimes"].items():
        latency, cold = one["latency"], one["cold"]
        table.add_row(
            name,
            size(one["bytes"]),
            *(microseconds(latency[f"p{share}_us"]) for share in (50, 90, 99)),
            milliseconds(cold["process_to_answer_ms"]),
            size(cold["peak_rss_bytes"]),
        )
    teacher = report["teacher"]
    if teacher:
        latency = teacher["latency"]
        cells = (microseconds(latency and latency[f"p{share}_us"]) for share in (50, 90, 99))
        table.add_row("teacher", size(teacher["bytes"]), *cells, "–", "–")
    return table
