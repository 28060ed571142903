"""report.json: everything that a bench found, as plain data; pages are drawn from it and nothing else.

    format, format_version   "edgekd-report", 2
    command                  what repeats the run
    bundle                   name, task, folder, languages, labels, slots (numbers), max_chars, max_tokens
    data                     name, split, fingerprint, examples (by language), chars (p50, p90, max)
    teacher                  source, fingerprint, bytes, scores; null without a teacher
    control                  scores of the same student trained without the teacher; null where not known
    targets                  by name: kind, machine, noise, teacher_latency, and
      runtimes               by name: version, file, scheme, bytes, library_bytes, scores, score_intervals,
                             retention, retention_intervals, tallies, latency (by number of threads),
                             overhead, energy, cold, profile
    unreached                why other targets could not be measured, by name
    gate                     verdict and checks (`gate.Check`); null without a bar
    baseline                 changes and left_out (`baseline.Comparison`); null without one
    labels                   how well each label and slot is found (`quality.by_label`), in the first runtime
    confusions               `quality.confusions`, in the first runtime
    differences              examples which the teacher gets right and the first runtime does not

scores: {"overall": {metric: value}, "by_language": {language: {metric: value}}}, shares from 0 to 1;
retention alike, null where the teacher scores nothing; their intervals alike, [low, high] or null
(`bootstrap`). A target that gives no labels has null for all of these. machine, noise, and from latency on
what a runtime has are as `runner.run.run` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.bench.baseline import pack
from edgekd.bench.bootstrap import OVERALL, intervals, retention_of
from edgekd.bench.gate import Bars, judge, overall_verdict
from edgekd.bench.quality import Difference, Quality, by_label, confusions, differences
from edgekd.data.examples import Dataset, Prediction, Span
from edgekd.metrics import MAIN_METRIC, Scores, retention
from edgekd.runtime.manifest import Manifest, ModelFile

FORMAT, FORMAT_VERSION = "edgekd-report", 2


@dataclass(frozen=True)
class Measured:
    """A target: its findings, as `runner.run.run` gives them, and the quality in each runtime."""

    name: str
    kind: str
    findings: Mapping[str, Any]
    quality: Mapping[str, Quality]


def build_report(
    *,
    manifest: Manifest,
    dataset: Dataset,
    split: str,
    teacher: tuple[str, str, Quality] | None,
    measured: Sequence[Measured],
    unreached: Mapping[str, str],
    bars: Bars,
    command: str,
) -> dict[str, Any]:
    """The content of report.json.

    Args:
        teacher: its source, fingerprint and quality.
        measured: the targets, the first of which heads the report.
        unreached: why others could not be measured.
    """
    examples = dataset.splits[split]
    lengths = [len(example.text) for example in examples]
    first = next(iter(measured[0].quality.values()))
    taught = teacher and teacher[2]
    scores = first.scores
    report = {
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
        "teacher": teacher
        and {
            "source": teacher[0],
            "fingerprint": teacher[1],
            "bytes": _weights_bytes(teacher[0]),
            "scores": _scores(teacher[2].scores),
        },
        "control": _control(manifest.content, split, scores),
        "targets": {one.name: _target(one, manifest, taught) for one in measured},
        "unreached": dict(unreached),
        "gate": None,
        "baseline": None,
        "labels": by_label(examples, first, taught),
        "confusions": confusions(examples, first, taught),
        "differences": [_difference(one) for one in differences(examples, first, taught)] if taught else [],
    }
    if bars:
        checks = judge(report, bars, MAIN_METRIC[manifest.task])
        report["gate"] = {
            "verdict": str(overall_verdict(checks)),
            "checks": [check.to_dict() for check in checks],
        }
    return report


def _target(one: Measured, manifest: Manifest, taught: Quality | None) -> dict[str, Any]:
    findings = one.findings
    return {
        "kind": one.kind,
        "machine": findings["machine"],
        "noise": findings["noise"],
        "teacher_latency": findings["teacher"],
        "runtimes": {
            name: _runtime(found, _file(manifest, found["file"]), one.quality.get(name), taught)
            for name, found in findings["runtimes"].items()
        },
    }


def _file(manifest: Manifest, name: str) -> ModelFile:
    return next(file for file in manifest.files.values() if file.path.name == name)


def _runtime(
    found: Mapping[str, Any], file: ModelFile, quality: Quality | None, taught: Quality | None
) -> dict[str, Any]:
    names = ("scores", "score_intervals", "retention", "retention_intervals", "tallies")
    return {
        "version": found["version"],
        "file": found["file"],
        "scheme": file.scheme,
        "bytes": file.bytes,
        "library_bytes": found["library_bytes"],
        **(_quality(quality, taught) if quality else dict.fromkeys(names)),
        **{name: found[name] for name in ("latency", "overhead", "energy", "cold", "profile")},
    }


def _quality(quality: Quality, taught: Quality | None) -> dict[str, Any]:
    scores = quality.scores
    sides = [quality.tallies, *([taught.tallies] if taught else [])]
    return {
        "scores": _scores(scores),
        "score_intervals": _split(intervals(lambda student: student, sides[:1])),
        "retention": taught and _retention(scores, taught.scores),
        "retention_intervals": taught and _split(intervals(retention_of, sides)),
        "tallies": pack(quality.tallies),
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


def _split(by_language: Mapping[str, Any]) -> dict[str, Any]:
    """Intervals in the shape of scores."""
    others = {language: values for language, values in by_language.items() if language != OVERALL}
    return {"overall": by_language[OVERALL], "by_language": others}


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
