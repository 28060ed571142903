"""A run becomes a bundle: convert, prove, audit, describe, and only then put it in its place."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgekd import __version__
from edgekd.data.examples import Example
from edgekd.errors import ExportError, RunError, UsageError
from edgekd.export import lengths
from edgekd.export.audit import Audit, audit_onnx, audit_tflite
from edgekd.export.comparison import Comparison, compare, in_keras
from edgekd.export.embed import EMBED
from edgekd.export.golden_texts import golden_texts
from edgekd.export.graph import INPUT
from edgekd.export.onnx import to_onnx
from edgekd.export.parity import Parity, check_onnx, check_tflite
from edgekd.export.tflite import to_tflite
from edgekd.files import read_json, replacing_folder, sha256, write_bytes, write_json, write_text
from edgekd.progress import Progress, silent
from edgekd.quantize.schemes import Scheme
from edgekd.recipe import Recipe
from edgekd.runtime import Bundle
from edgekd.runtime.manifest import FORMAT, FORMAT_VERSION
from edgekd.students.student import Student
from edgekd.text.tokens import code_points

FORMATS = ("tflite", "onnx")
_DIGITS = 4  # of golden logits; an app compares to about that


@dataclass(frozen=True)
class Exported:
    """A file of a bundle, and what is known of it; `comparison` only where examples were given."""

    name: str
    scheme: Scheme
    bytes: int
    parity: Parity
    audit: Audit
    comparison: Comparison | None = None


def export(
    run: Path,
    out: Path,
    schemes: Mapping[str, Scheme],
    *,
    name: str = "student",
    examples: Sequence[Example] = (),
    max_loss: float | None = None,
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
        max_loss: what each metric of the examples may lose against Keras, 0 to 1; None for anything.
        progress: shows the comparison.

    Raises:
        RunError: the run holds no such student.
        ExportError: it cannot be converted.
        ParityError: a file says something else than the student.
        AuditError: a file holds what is not builtin.
        GateFailed: a metric loses more than `max_loss`.
    """
    _check_arguments(out, schemes)
    student = Student.load(run, name)
    signatures = lengths.choose(student.front_end, [example.text for example in examples])
    with replacing_folder(out, keep=EMBED) as folder:
        files: dict[str, dict[str, Any]] = {}
        exported = []
        if scheme := schemes.get("tflite"):
            path = folder / "model.tflite"
            write_bytes(path, to_tflite(student, scheme, signatures))
            exported.append(
                Exported(
                    path.name,
                    scheme,
                    path.stat().st_size,
                    check_tflite(path, student, scheme, signatures),
                    audit_tflite(path, scheme),
                )
            )
            files[path.name] = {"runtime": "tflite", "signatures": [asdict(one) for one in signatures]}
        if scheme := schemes.get("onnx"):
            path = folder / "model.onnx"
            write_bytes(path, to_onnx(student, scheme).SerializeToString())
            exported.append(
                Exported(
                    path.name,
                    scheme,
                    path.stat().st_size,
                    check_onnx(path, student, scheme),
                    audit_onnx(path, scheme),
                )
            )
            files[path.name] = {"runtime": "onnx"}

        _describe(folder, out.name, run, student, exported, files)
        if examples:
            keras = in_keras(student, examples)
            exported = [
                replace(
                    file,
                    comparison=compare(
                        Bundle.load(folder, file.parity.runtime.split()[0], threads=1),
                        keras,
                        examples,
                        file.scheme,
                        max_loss=max_loss,
                        progress=progress,
                    ),
                )
                for file in exported
            ]
            _describe(folder, out.name, run, student, exported, files)
        _write_golden(folder, student)
    return exported


def _check_arguments(out: Path, formats: Collection[str]) -> None:
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or not formats:
        raise UsageError(
            f"there is no format {', '.join(unknown) or 'given'}", expected=f"of {', '.join(FORMATS)}"
        )
    if out.exists() and not (out / "edgekd.json").exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(
            f"{out} is there and is not a bundle",
            expected="a new folder, an empty one, or a bundle to replace",
            fix="choose another --out",
        )


def _describe(
    folder: Path,
    name: str,
    run: Path,
    student: Student,
    exported: Sequence[Exported],
    files: dict[str, dict[str, Any]],
) -> None:
    """Write edgekd.json, which holds all that an app and a reader need to know."""
    front_end = student.front_end
    outputs: dict[str, Any] = {
        "token_spans": {"dtype": "int32", "shape": [1, "tokens", 2]},
        "token_count": {"dtype": "int32", "shape": [1]},
    }
    if student.labels.labels:
        outputs["label_logits"] = {"dtype": "float32", "shape": [1, "labels"]}
    if student.labels.slots:
        outputs["tag_logits"] = {"dtype": "float32", "shape": [1, "tokens", "tags"]}
    write_json(
        folder / "edgekd.json",
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": name,
            "task": student.task.value,
            "labels": list(student.labels.labels),
            "slots": list(student.labels.slots),
            "tags": list(student.labels.tags),
            "languages": list(student.languages),
            "parameters": student.parameters,
            "front_end": front_end.as_dict(),
            "max_chars": front_end.max_chars,
            "max_tokens": front_end.max_tokens,
            "input": {"name": INPUT, "dtype": "int32", "shape": [1, "chars"], "padding": 0},
            "outputs": outputs,
            "files": {
                file.name: {
                    **files[file.name],
                    "scheme": file.scheme.name,
                    "bytes": file.bytes,
                    "sha256": sha256(folder / file.name),
                    "oldest_runtime": file.audit.oldest_runtime,
                    "parameters": file.audit.parameters,
                    "parity": asdict(file.parity),
                    **({"comparison": asdict(file.comparison)} if file.comparison else {}),
                    "audit": asdict(file.audit),
                }
                for file in exported
            },
            "made_with": _versions(),
            **_history(run),
        },
    )


def _versions() -> dict[str, str]:
    packages = ("tensorflow", "keras", "onnx", "ai-edge-litert", "onnxruntime", "numpy")
    return {"edgekd": __version__, **{package: version(package) for package in packages}}


def _history(run: Path) -> dict[str, Any]:
    """What the run folder says of how the student was made, as far as it says it."""
    history: dict[str, Any] = {}
    if (run / "recipe.yaml").exists():
        history["recipe"] = Recipe.load(run / "recipe.yaml").model_dump(mode="json")
    if (run / "metrics.json").exists():
        metrics = read_json(run / "metrics.json", RunError)
        history["fingerprints"] = metrics.get("fingerprints", {})
        history["metrics"] = metrics.get("splits", {})
    return history


def _write_golden(folder: Path, student: Student) -> None:
    """Conformance vectors for whoever runs the files elsewhere: what they say here of each golden text.

    Token spans must be the same everywhere; logits differ a little between processors. The code points stand
    beside the text, since not every language's strings can hold a lone surrogate.
    """
    bundle = Bundle.load(folder)
    lines = []
    for text in golden_texts(student.front_end.max_tokens, student.front_end.max_chars):
        raw, prediction = bundle.run(text), bundle.prediction(text)
        line = {
            "text": text,
            "codepoints": code_points(text).tolist(),
            "token_spans": raw.token_spans.tolist(),
            "labels": list(prediction.labels),
            "spans": [asdict(span) for span in prediction.spans],
            "truncated": raw.truncated,
        }
        if raw.label_logits is not None:
            line["label_logits"] = raw.label_logits.astype(float).round(_DIGITS).tolist()
        lines.append(json.dumps(line))
    write_text(folder / "golden.jsonl", "\n".join(lines) + "\n")
