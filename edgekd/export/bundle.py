"""A run becomes a bundle: convert, prove, audit, describe, and only then put it in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgekd.data.examples import Example
from edgekd.errors import ExportError, UsageError
from edgekd.export import lengths
from edgekd.export.audit import audit_onnx, audit_tflite
from edgekd.export.card import model_card
from edgekd.export.comparison import compare, in_keras
from edgekd.export.description import Exported, describe, history
from edgekd.export.embed import EMBED
from edgekd.export.golden import golden_lines, to_text, tolerances
from edgekd.export.onnx import to_onnx
from edgekd.export.parity import check_onnx, check_tflite
from edgekd.export.tflite import to_tflite
from edgekd.files import replacing_folder, sha256, write_bytes, write_json, write_text
from edgekd.progress import Progress, silent
from edgekd.quantize.schemes import Scheme, short_name
from edgekd.runtime import Bundle
from edgekd.runtime.manifest import Signature
from edgekd.students.student import Student

FORMATS = ("tflite", "onnx")


def export(
    run: Path,
    out: Path,
    schemes: Mapping[str, Scheme],
    *,
    name: str = "student",
    examples: Sequence[Example] = (),
    calibration: Sequence[str] = (),
    max_loss: float | None = None,
    licence: str = "not stated",
    progress: Progress = silent,
) -> list[Exported]:
    """Write the bundle of a run.

    Args:
        run: folder that `edgekd distill` wrote.
        out: the bundle's folder; one that is there is replaced, but only by one that is whole and proven. Its
            samples (`embed`) stay.
        schemes: how weights are stored, by format: of FORMATS.
        name: "student", or "control" for the one without the teacher.
        examples: of a data set's dev split: the lengths are chosen for them, and each file is held against
            Keras on them.
        calibration: texts on which a scheme with static ranges measures them.
        max_loss: what each metric of the examples may lose against Keras, 0 to 1; None for anything.
        licence: for the model card.
        progress: shows the comparison.

    Raises:
        UsageError: a scheme needs texts for calibration, and there are none.
        RunError: the run holds no such student.
        ExportError: it cannot be converted.
        ParityError: a file says something else than the student.
        AuditError: a file holds what is not builtin.
        GateFailed: a metric loses more than `max_loss`.
    """
    _check_arguments(out, schemes, calibration)
    student = Student.load(run, name)
    signatures = lengths.choose(student.front_end, [example.text for example in examples])
    with replacing_folder(out, keep=EMBED) as folder:
        exported = []
        if scheme := schemes.get("tflite"):
            exported.append(_tflite(folder / "model.tflite", student, scheme, signatures, calibration))
        if scheme := schemes.get("onnx"):
            exported.append(_onnx(folder / "model.onnx", student, scheme, calibration))
        known = {"name": out.name, "model": name, "licence": licence, **history(run)}
        write_json(folder / "edgekd.json", describe(student, exported) | known)  # which loading needs
        opened = [open_file(folder, file) for file in exported]
        if examples:
            keras = in_keras(student, examples)
            exported = [
                replace(
                    file,
                    comparison=compare(
                        bundle, keras, examples, file.scheme, max_loss=max_loss, progress=progress
                    ),
                )
                for file, bundle in zip(exported, opened, strict=True)
            ]
        lines = golden_lines(opened)
        allowed = tolerances(lines, [file.scheme for file in exported])
        exported = [replace(file, logit_tolerance=one) for file, one in zip(exported, allowed, strict=True)]
        content = describe(student, exported) | known
        others = {"golden.jsonl": to_text(lines), "MODEL_CARD.md": model_card(content)}
        for other, text in others.items():
            write_text(folder / other, text)
        checksums = {other: sha256(folder / other) for other in others}
        write_json(folder / "edgekd.json", {**content, "checksums": checksums})
    return exported


def _tflite(
    path: Path,
    student: Student,
    scheme: Scheme,
    signatures: Sequence[Signature],
    calibration: Sequence[str],
) -> Exported:
    write_bytes(path, to_tflite(student, scheme, signatures, calibration))
    parity = check_tflite(path, student, scheme, signatures)
    return Exported.of(path, "tflite", scheme, parity, audit_tflite(path, scheme), signatures)


def _onnx(path: Path, student: Student, scheme: Scheme, calibration: Sequence[str]) -> Exported:
    write_bytes(path, to_onnx(student, scheme, calibration).SerializeToString())
    parity = check_onnx(path, student, scheme)
    return Exported.of(path, "onnx", scheme, parity, audit_onnx(path, scheme))


def open_file(folder: Path, file: Exported) -> Bundle:
    """The bundle in the runtime in which the file was proven."""
    return Bundle.load(folder, file.parity.runtime.split()[0])


def _check_arguments(out: Path, schemes: Mapping[str, Scheme], calibration: Sequence[str]) -> None:
    unknown = sorted(set(schemes) - set(FORMATS))
    if unknown or not schemes:
        raise UsageError(
            f"there is no format {', '.join(unknown) or 'given'}", expected=f"of {', '.join(FORMATS)}"
        )
    if uncalibrated := [scheme for scheme in schemes.values() if scheme.calibrated and not calibration]:
        raise UsageError(
            f"no texts are given to calibrate {short_name(uncalibrated[0])}",
            expected="such as the student will see: it takes the ranges of its activations from them",
            fix="add --data DATA",
        )
    if out.exists() and not (out / "edgekd.json").exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(
            f"{out} is there and is not a bundle",
            expected="a new folder, an empty one, or a bundle to replace",
            fix="choose another --out",
        )
