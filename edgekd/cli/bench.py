"""`edgekd bench`: what a bundle is worth and what it costs on each target, and whether it passes the gate."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping
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
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="Where: local, ssh://[USER@]HOST[:PORT], qemu-aarch64; repeatable. [default: local]",
            show_default=False,
        ),
    ] = None,
    targets: Annotated[Path | None, typer.Option(help="A YAML file that names several targets.")] = None,
    runtime: Annotated[
        str,
        typer.Option(help="litert, tflite-runtime, onnxruntime, auto (the first installed), or all of them."),
    ] = "auto",
    threads: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Of the runtime; repeatable. The first also of the teacher. [default: 1]"),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Time each contender for this long at least.")] = 5.0,
    profile: Annotated[bool, typer.Option(help="Find out which ops take LiteRT's time.")] = False,
    min_retention: Annotated[
        list[str] | None,
        typer.Option(
            help="The least share of the teacher's quality, over all and in each language: 0.95 of the main "
            "metric, span_f1=0.97 of another, th-TH=0.9 in a language; repeatable."
        ),
    ] = None,
    per_language: Annotated[bool, typer.Option(help="The gate judges each language by itself too.")] = True,
    max_latency_p90: Annotated[str | None, typer.Option(help="Such as 2ms or 500us.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Of the model file, such as 1.2MB.")] = None,
    max_memory: Annotated[str | None, typer.Option(help="Peak above the bare runtime, such as 20MB.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="An older report.json: exit code 3 where something got worse.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder of report.json, report.html, report.md and junit.xml.")
    ] = Path("report"),
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json instead of tables.")] = False,
    *,
    reading: options.Reading,
) -> None:
    """Measure a bundle: quality, retention, latency, start, memory and size, on this machine or others.

    Exit code 3: the gate failed, or something is worse than the baseline.
    """
    from edgekd.bench.baseline import compare, read_report
    from edgekd.bench.gate import Bars, parse_quantity
    from edgekd.bench.report import FORMAT, FORMAT_VERSION
    from edgekd.bench.run import BenchConfig, bench
    from edgekd.bench.runner.measure import Rules
    from edgekd.bench.targets.choose import choose_targets
    from edgekd.bench.verdict import NOISY, headline
    from edgekd.bench.write import write_report
    from edgekd.cli.console import console, log, progress
    from edgekd.errors import GateFailed, TargetError

    older = baseline and read_report(baseline, FORMAT, FORMAT_VERSION)
    config = BenchConfig(
        targets=choose_targets(target or (), targets),
        runtime=runtime,
        threads=tuple(dict.fromkeys(threads or (1,))),
        min_retention=tuple(min_retention or ()),
        bars=Bars(
            every_language=per_language,
            latency_p90_us=max_latency_p90 and parse_quantity(max_latency_p90, "time"),
            bytes=max_size and parse_quantity(max_size, "size"),
            peak_rss_bytes=max_memory and parse_quantity(max_memory, "size"),
        ),
        rules=Rules(min_seconds=seconds),
        profile=profile,
    )
    report = bench(
        bundle,
        options.load(data, reading),
        split,
        teacher,
        config,
        store=out / "soft-labels",
        command=shlex.join(["edgekd", *sys.argv[1:]]),
        progress=progress,
    )
    if older:
        report["baseline"] = compare(report, older).to_dict()
    files = write_report(report, out)
    kind, head, sentence = headline(report)
    if as_json:
        sys.stdout.reconfigure(errors="backslashreplace")
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        for table in (_quality(report), _cost(report)):
            console.print(table)
        for name, on in report["targets"].items():
            if on["noise"] and on["noise"]["noisy"]:
                console.print(f"{NOISY} ({name}).", style="yellow", soft_wrap=True)
        for left_out in (report["baseline"] or {}).get("left_out", ()):
            console.print(f"Not compared: {left_out}.", style="yellow", soft_wrap=True)
        console.print(
            head,
            style={"pass": "bold green", "fail": "bold red", "unsure": "bold yellow"}.get(kind, "bold"),
            soft_wrap=True,
        )
        console.print(sentence, soft_wrap=True)
        console.print(f"report: {', '.join(map(str, files))}", soft_wrap=True)
    for name, why in report["unreached"].items():
        log.print(f"edgekd: {name} was not measured: {why}", style="red", markup=False, soft_wrap=True)
    if kind == "fail":
        raise GateFailed(head, fix=f"see {files[1]}")
    if report["unreached"]:
        raise TargetError(
            f"{len(report['unreached'])} of {len(config.targets)} targets could not be measured"
        )


def _quality(report: Mapping[str, Any]) -> Table:
    """Per language: the student's metrics, and what they are of the teacher's."""
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import percent
    from edgekd.bench.verdict import METRIC_NAMES, first_runtime

    _, first = first_runtime(report)
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

    def row(name: str, examples: int, pick: Callable[[Mapping[str, Any]], Mapping[str, float]]) -> None:
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


def _cost(report: Mapping[str, Any]) -> Table:
    """A row per target, runtime and number of threads, and one for the teacher."""
    from rich import box
    from rich.table import Table

    from edgekd.bench.figures import counted, microseconds, milliseconds, size

    targets = report["targets"]
    several = len(targets) > 1
    table = Table(box=box.SIMPLE, title="text to labels", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("file", "p50", "p90", "p99", "start", "memory"):
        table.add_column(name, justify="right", no_wrap=True)

    def percentiles(latency: Mapping[str, Any] | None) -> list[str]:
        return [microseconds(latency and latency[f"p{share}_us"]) for share in (50, 90, 99)]

    for target, on in targets.items():
        where = f", {target}" if several else ""
        for name, one in on["runtimes"].items():
            cold = one["cold"] or {}
            for threads, latency in (one["latency"] or {"": None}).items():
                label = f"{name}, {counted(threads, 'thread')}" if len(one["latency"]) > 1 else name
                start = milliseconds(cold.get("process_to_answer_ms"))
                memory = size(cold.get("peak_rss_bytes"))
                table.add_row(label + where, size(one["bytes"]), *percentiles(latency), start, memory)
        if on["teacher_latency"]:
            cells = percentiles(on["teacher_latency"])
            table.add_row(f"teacher{where}", size(report["teacher"]["bytes"]), *cells, "–", "–")
    return table
