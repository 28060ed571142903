"""report.json: everything that a bench found, as plain data; the page is drawn from it and from nothing else.

    format, format_version   "edgekd-report", 1
    command                  what repeats the run
    bundle                   name, task, folder, languages, labels, slots (numbers), max_chars, max_tokens
    data                     name, split, fingerprint, examples (by language), chars (p50, p90, max)
    machine                  edgekd.bench.runner.machine
    threads
    runtimes                 by name: version, file, scheme, bytes, scores, retention, latency, cold
    teacher                  source, fingerprint, bytes, scores, latency; null without a teacher
    control                  scores of the same student trained without the teacher; null where not known
    gate                     passed, min_retention, fewest_examples, checks; null without a gate
    differences              examples which the teacher gets right and the first runtime does not

scores and retention: {"overall": {metric: value}, "by_language": {language: {metric: value}}}, shares from
0 to 1, a retention null where the teacher scores nothing. latency: runner.measure.Latency.to_dict,
microseconds; null for a teacher of stored logits. cold: edgekd.bench.runner.cold.cold_start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.bench.contenders import TEACHER
from edgekd.bench.gate import Verdict
from edgekd.bench.quality import Difference
from edgekd.bench.runner.measure import Latency
from edgekd.data.examples import Dataset, Prediction, Span
from edgekd.files import write_json, write_text
from edgekd.metrics import Scores, retention
from edgekd.runtime import Bundle

FORMAT, FORMAT_VERSION = "edgekd-report", 1


def build_report(
    *,
    bundles: Mapping[str, Bundle],
    dataset: Dataset,
    split: str,
    threads: int,
    students: Mapping[str, Scores],
    teacher: tuple[str, str, Scores] | None,
    latencies: Mapping[str, Latency],
    cold: Mapping[str, Mapping[str, Any]],
    verdict: Verdict | None,
    differing: Sequence[Difference],
    machine: Mapping[str, Any],
    command: str,
) -> dict[str, Any]:
    """The content of report.json.

    Args:
        students: scores by runtime.
        teacher: its source, fingerprint and scores.
        latencies: by runtime, and under "teacher" the teacher's.
        cold: by runtime.
    """
    first = next(iter(bundles.values()))
    manifest = first.manifest
    lengths = [len(example.text) for example in dataset.splits[split]]
    scores = next(iter(students.values()))
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "command": command,
        "bundle": {
            "name": manifest.name,
            "task": str(manifest.task),
            "folder": str(manifest.folder),
            "languages": list(manifest.languages),
            "labels": len(manifest.labels.labels),
            "slots": len(manifest.labels.slots),
            "max_chars": manifest.max_chars,
            "max_tokens": manifest.max_tokens,
        },
        "data": {
            "name": dataset.name,
            "split": split,
            "fingerprint": dataset.fingerprint(),
            "examples": dict(scores.counts),
            "chars": dict(
                zip(("p50", "p90", "max"), np.percentile(lengths, [50, 90, 100]).tolist(), strict=True)
            ),
        },
        "machine": dict(machine),
        "threads": threads,
        "runtimes": {
            name: _runtime(bundle, students[name], teacher and teacher[2], latencies[name], cold[name])
            for name, bundle in bundles.items()
        },
        "teacher": teacher and _teacher(*teacher, latencies.get(TEACHER)),
        "control": _control(manifest.content, split, scores),
        "gate": verdict and verdict.to_dict(),
        "differences": [_difference(one) for one in differing],
    }


def write_report(report: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write report.json and report.html into `folder`; their paths."""
    from edgekd.bench.page import render

    as_json, as_page = folder / "report.json", folder / "report.html"
    write_json(as_json, report)
    write_text(as_page, render(report))
    return as_json, as_page


def _runtime(
    bundle: Bundle, scores: Scores, teacher: Scores | None, latency: Latency, cold: Mapping[str, Any]
) -> dict[str, Any]:
    file = bundle.manifest.files[bundle.runtime.file]
    return {
        "version": bundle.runtime.version,
        "file": file.path.name,
        "scheme": file.scheme,
        "bytes": file.bytes,
        "scores": _scores(scores),
        "retention": teacher and _retention(scores, teacher),
        "latency": latency.to_dict(),
        "cold": dict(cold),
    }


def _teacher(source: str, fingerprint: str, scores: Scores, latency: Latency | None) -> dict[str, Any]:
    return {
        "source": source,
        "fingerprint": fingerprint,
        "bytes": _weights_bytes(source),
        "scores": _scores(scores),
        "latency": latency and latency.to_dict(),
    }


def _weights_bytes(source: str) -> int | None:
    """The bytes of the teacher's weights, of all of an ensemble; None where they are in no local folder."""
    folders = [Path(source)] if Path(source).exists() else [Path(part.strip()) for part in source.split("+")]
    return sum(file.stat().st_size for folder in folders for file in folder.glob("*.safetensors")) or None


def _control(content: Mapping[str, Any], split: str, scores: Scores) -> dict[str, Any] | None:
    """What the bundle says of its control, if that was judged on as many examples of each language."""
    control = content.get("metrics", {}).get(split, {}).get("control")
    if not control or control["counts"] != scores.counts:
        return None
    return {"overall": control["overall"], "by_language": control["by_language"]}


def _scores(scores: Scores) -> dict[str, Any]:
    return {"overall": scores.overall, "by_language": scores.by_language}


def _retention(student: Scores, teacher: Scores) -> dict[str, Any]:
    def each(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float | None]:
        return {metric: retention(value, theirs[metric]) for metric, value in ours.items()}

    return {
        "overall": each(student.overall, teacher.overall),
        "by_language": {
            language: each(values, teacher.by_language[language])
            for language, values in student.by_language.items()
        },
    }


def _difference(one: Difference) -> dict[str, Any]:
    example = one.example
    return {
        "text": _printable(example.text),
        "language": example.language,
        "expected": _reading(Prediction(example.labels, example.spans)),
        "student": _reading(one.student),
        "teacher": _reading(one.teacher),
    }


def _reading(prediction: Prediction) -> dict[str, Any]:
    return {"labels": list(prediction.labels), "slots": [_slot(span) for span in sorted(prediction.spans)]}


def _slot(span: Span) -> dict[str, Any]:
    return {"slot": span.slot, "start": span.start, "end": span.end}


def _printable(text: str) -> str:
    """The text with each lone surrogate, which UTF-8 cannot hold, as U+FFFD; offsets stay."""
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
