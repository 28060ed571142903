"""The bench: quality, gate, latency, cold start and size of one bundle, as one report."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgekd.bench.contenders import TEACHER, open_bundles, teacher_call
from edgekd.bench.gate import Verdict, judge
from edgekd.bench.quality import Quality, differences, student_quality, teacher_quality
from edgekd.bench.report import build_report
from edgekd.bench.runner.cold import cold_start
from edgekd.bench.runner.machine import machine
from edgekd.bench.runner.measure import Call, Latency, Rules, draw_texts, measure
from edgekd.data.examples import Dataset, Example, Task
from edgekd.errors import DataError, LabelError, UsageError
from edgekd.metrics import MAIN_METRIC
from edgekd.progress import Progress, silent
from edgekd.runtime import Bundle
from edgekd.teachers import Teacher, load_teacher


@dataclass(frozen=True)
class BenchConfig:
    """What to measure and what to demand.

    Attributes:
        runtime: "auto", "all", or a runtime's name.
        threads: of the runtime, and of PyTorch for the teacher.
        min_retention: the gate's bar; None for no gate.
        metrics: those that the gate judges; the task's main metric if empty.
        every_language: the gate judges each language by itself too.
        rules: how long to time.
    """

    runtime: str = "auto"
    threads: int = 1
    min_retention: float | None = None
    metrics: tuple[str, ...] = ()
    every_language: bool = True
    rules: Rules = field(default_factory=Rules)


def bench(
    bundle_folder: Path,
    dataset: Dataset,
    split: str | None,
    teacher_source: str | None,
    config: BenchConfig,
    store: Path,
    command: str,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure a bundle on a split.

    Args:
        split: "dev" if None, or the only one there is.
        teacher_source: as for `load_teacher`; None leaves out retention, gate and the teacher's latency.
        store: folder in which the teacher's outputs are kept for the next run.
        command: what repeats this, for the report.

    Returns:
        The content of report.json (`edgekd.bench.report`).

    Raises:
        UsageError: a gate without a teacher, or an unknown split or metric.
        LabelError: data or teacher are about other labels than the bundle.
        BundleError, TeacherError: one of them cannot be run.
    """
    if config.min_retention is not None and teacher_source is None:
        raise UsageError("a gate needs a teacher to hold the student against", fix="add --teacher TEACHER")
    on = machine()  # before the bench adds load of its own
    bundles = open_bundles(bundle_folder, config.runtime, config.threads)
    first = next(iter(bundles.values()))
    name, examples = pick_split(dataset, split)
    _check_labels(first, examples, f"{dataset.name} {name}")

    students = {runtime: student_quality(bundle, examples, progress) for runtime, bundle in bundles.items()}
    teacher, taught, verdict = None, None, None
    if teacher_source is not None:
        teacher = load_teacher(teacher_source)
        _check_teacher(first, teacher, teacher_source)
        taught = teacher_quality(teacher, examples, store, progress)
        verdict = _verdict(students, taught, first.task, config)

    texts = draw_texts([example.text for example in examples])
    latencies = _time(bundles, teacher, texts, config, progress)
    cold = {}
    with progress("cold starts", len(bundles)) as advance:
        for runtime in bundles:
            cold[runtime] = cold_start(bundle_folder, runtime, config.threads, texts)
            advance(1)
    differing = differences(examples, next(iter(students.values())), taught) if taught else []
    return build_report(
        bundles=bundles,
        dataset=dataset,
        split=name,
        threads=config.threads,
        students={runtime: quality.scores for runtime, quality in students.items()},
        teacher=None if teacher is None else (teacher_source, teacher.fingerprint, taught.scores),
        latencies=latencies,
        cold=cold,
        verdict=verdict,
        differing=differing,
        machine=on,
        command=command,
    )


def pick_split(dataset: Dataset, wanted: str | None) -> tuple[str, Sequence[Example]]:
    """The split of that name; without a name "dev", or the only one.

    Raises:
        UsageError: there is no such split.
    """
    names = list(dataset.splits)
    name = wanted or ("dev" if "dev" in names else names[0] if len(names) == 1 else None)
    if name not in names:
        raise UsageError(
            f"{dataset.name} has no split {wanted or 'dev'!r}",
            expected=f"--split with one of {', '.join(names)}",
        )
    return name, dataset.splits[name]


def _time(
    bundles: dict[str, Bundle],
    teacher: Teacher | None,
    texts: Sequence[str],
    config: BenchConfig,
    progress: Progress,
) -> dict[str, Latency]:
    calls: dict[str, Call] = {runtime: bundle.predict for runtime, bundle in bundles.items()}
    with contextlib.ExitStack() as stack:
        if teacher is not None and (call := stack.enter_context(teacher_call(teacher, config.threads))):
            calls[TEACHER] = call
        advance = stack.enter_context(progress(f"timing {', '.join(calls)}", 1))
        latencies = measure(calls, texts, config.rules)
        advance(1)
    return latencies


def _verdict(
    students: dict[str, Quality], taught: Quality, task: Task, config: BenchConfig
) -> Verdict | None:
    if config.min_retention is None:
        return None
    return judge(
        {runtime: quality.scores for runtime, quality in students.items()},
        taught.scores,
        metrics=config.metrics or (MAIN_METRIC[task],),
        min_retention=config.min_retention,
        every_language=config.every_language,
    )


def _check_labels(bundle: Bundle, examples: Sequence[Example], data: str) -> None:
    """Some labels that the bundle lacks only cost quality; where it knows none, this is other data."""
    known = {*bundle.labels.labels, *bundle.labels.slots}
    used = {
        name for example in examples for name in (*example.labels, *(span.slot for span in example.spans))
    }
    if used and not used & known:
        raise LabelError(
            f"{data} and the bundle have no label in common: {_some(used)} against {_some(known)}",
            expected="data labelled with the bundle's labels and slots",
            fix="give the data, or other data of the same task, that the student was made for",
        )


def _check_teacher(bundle: Bundle, teacher: Teacher, source: str) -> None:
    if teacher.task is not bundle.task:
        raise DataError(
            f"{source} is a teacher for {teacher.task}, the bundle a student for {bundle.task}",
            expected="teacher and student of the same task",
        )
    teacher.labels.require(bundle.labels, ours=source, theirs="the bundle")


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (", ..." if len(shown) > 4 else "")
