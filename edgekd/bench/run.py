"""The bench: one bundle, measured on every target, held against its teacher and the bars, as one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgekd.bench.gate import Bars, parse_retention
from edgekd.bench.quality import student_quality, teacher_quality
from edgekd.bench.report import Measured, build_report
from edgekd.bench.runner.job import Job
from edgekd.bench.runner.measure import Rules, draw_texts
from edgekd.bench.targets.adb import AdbTarget
from edgekd.bench.targets.local import LocalTarget
from edgekd.bench.targets.target import Target
from edgekd.data.examples import Dataset, Example, LabelSet
from edgekd.errors import DataError, LabelError, TargetError, UsageError
from edgekd.metrics import METRICS
from edgekd.progress import Progress, silent
from edgekd.runtime.manifest import Manifest
from edgekd.teachers import Teacher, load_teacher


@dataclass(frozen=True)
class BenchConfig:
    """What to measure, where, and what to demand.

    Attributes:
        targets: the first one heads the report, and so gives labels.
        runtime: "auto", "all", or a runtime's name.
        threads: of the runtime; the first number also of PyTorch for the teacher.
        min_retention: bars as `parse_retention` reads them.
        bars: the other bars.
        rules: how long to time.
        profile: find out which ops take the time.
    """

    targets: tuple[Target, ...] = field(default_factory=lambda: (LocalTarget(),))
    runtime: str = "auto"
    threads: tuple[int, ...] = (1,)
    min_retention: tuple[str, ...] = ()
    bars: Bars = field(default_factory=Bars)
    rules: Rules = field(default_factory=Rules)
    profile: bool = False


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
        teacher_source: as for `load_teacher`; None leaves out retention and the teacher's latency.
        store: folder in which the teacher's outputs are kept for the next run.
        command: what repeats this, for the report.

    Returns:
        The content of report.json (`edgekd.bench.report`).

    Raises:
        UsageError: a bar on retention without a teacher, or an unknown split, metric or language.
        LabelError: data or teacher are about other labels than the bundle.
        BundleError, TeacherError: one of them cannot be run.
        TargetError: no target could do its job.
    """
    if config.min_retention and teacher_source is None:
        raise UsageError(
            "a gate on retention needs a teacher to hold the student against", fix="add --teacher TEACHER"
        )
    if config.targets[0].kind == AdbTarget.kind:
        raise UsageError(
            f"{config.targets[0].name} gives no labels, so it cannot head a report",
            expected="a target that runs Python before it, such as `--target local`",
        )
    manifest = Manifest.read(bundle_folder)
    name, examples = pick_split(dataset, split)
    _check_labels(manifest.labels, examples, f"{dataset.name} {name}")
    languages = sorted({example.language for example in examples})
    demanded = parse_retention(config.min_retention, METRICS[manifest.task], languages)

    taught, fingerprint = None, ""
    if teacher_source is not None:
        teacher = load_teacher(teacher_source)
        _check_teacher(manifest, teacher, teacher_source)
        taught, fingerprint = teacher_quality(teacher, examples, store, progress), teacher.fingerprint

    texts = [example.text for example in examples]
    job = Job(
        str(bundle_folder),
        config.runtime,
        config.threads,
        tuple(texts),
        tuple(draw_texts(texts)),
        config.rules,
        profile=config.profile,
    )
    measured, unreached = _measure(config.targets, job, teacher_source, progress)
    return build_report(
        manifest=manifest,
        dataset=dataset,
        split=name,
        teacher=taught and (teacher_source, fingerprint, taught),
        measured=[
            Measured(
                target.name,
                target.kind,
                findings,
                {
                    runtime: student_quality(manifest.task, examples, one["predictions"])
                    for runtime, one in findings["runtimes"].items()
                    if one["predictions"] is not None
                },
            )
            for target, findings in measured
        ],
        unreached=unreached,
        bars=replace(config.bars, retention=demanded),
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


def _measure(
    targets: Sequence[Target], job: Job, teacher_source: str | None, progress: Progress
) -> tuple[list[tuple[Target, dict[str, Any]]], dict[str, str]]:
    """The findings of each target, and why others have none; raises the first error where none has any."""
    measured, errors = [], {}
    for target in targets:
        try:
            one = replace(job, teacher=teacher_source if target.kind == "local" else None)
            measured.append((target, target.run(one, progress)))
        except TargetError as error:
            errors[target.name] = error
    if not any(target.kind != AdbTarget.kind for target, _ in measured):
        raise next(iter(errors.values()))
    measured.sort(key=lambda one: one[0].kind == AdbTarget.kind)
    return measured, {name: str(error) for name, error in errors.items()}


def _check_labels(known_labels: LabelSet, examples: Sequence[Example], data: str) -> None:
    """Some labels that the bundle lacks only cost quality; where it knows none, this is other data."""
    known = {*known_labels.labels, *known_labels.slots}
    used = {
        name for example in examples for name in (*example.labels, *(span.slot for span in example.spans))
    }
    if used and not used & known:
        raise LabelError(
            f"{data} and the bundle have no label in common: {_some(used)} against {_some(known)}",
            expected="data labelled with the bundle's labels and slots",
            fix="give the data, or other data of the same task, that the student was made for",
        )


def _check_teacher(manifest: Manifest, teacher: Teacher, source: str) -> None:
    if teacher.task is not manifest.task:
        raise DataError(
            f"{source} is a teacher for {teacher.task}, the bundle a student for {manifest.task}",
            expected="teacher and student of the same task",
        )
    teacher.labels.require(manifest.labels, ours=source, theirs="the bundle")


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (", ..." if len(shown) > 4 else "")
