"""edgekd.json: all that an app and a reader need to know of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

from edgekd import __version__
from edgekd.distill.run_folder import RunFolder
from edgekd.errors import RunError
from edgekd.export.audit import Audit
from edgekd.export.comparison import Comparison
from edgekd.export.embedding import features_of
from edgekd.export.graph import INPUT
from edgekd.export.parity import Parity
from edgekd.files import read_json, sha256
from edgekd.quantize.schemes import Scheme
from edgekd.recipe import Recipe
from edgekd.runtime.manifest import FORMAT, FORMAT_VERSION, Signature
from edgekd.students.student import Student


@dataclass(frozen=True)
class Exported:
    """A file of a bundle, and what is known of it.

    Attributes:
        runtime: the kind of file, "tflite" or "onnx".
        signatures: of a TFLite file.
        comparison: only where examples were given.
        logit_tolerance: how far its logits may be from golden.jsonl, once that is written.
    """

    name: str
    runtime: str
    scheme: Scheme
    bytes: int
    sha256: str
    parity: Parity
    audit: Audit
    signatures: tuple[Signature, ...]
    comparison: Comparison | None = None
    logit_tolerance: float | None = None

    @classmethod
    def of(
        cls,
        path: Path,
        runtime: str,
        scheme: Scheme,
        parity: Parity,
        audit: Audit,
        signatures: Sequence[Signature] = (),
    ) -> Exported:
        """The file at `path`."""
        size, checksum = path.stat().st_size, sha256(path)
        return cls(path.name, runtime, scheme, size, checksum, parity, audit, tuple(signatures))

    def described(self) -> dict[str, Any]:
        """Its entry in edgekd.json."""
        optional = {
            "signatures": [asdict(one) for one in self.signatures],
            "logit_tolerance": self.logit_tolerance,
            "comparison": asdict(self.comparison) if self.comparison else None,
        }
        return {
            "runtime": self.runtime,
            "scheme": self.scheme.name,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "oldest_runtime": self.audit.oldest_runtime,
            "parameters": self.audit.parameters,
            **{name: value for name, value in optional.items() if value},
            "parity": asdict(self.parity),
            "audit": asdict(self.audit),
        }


def describe(student: Student, exported: Sequence[Exported]) -> dict[str, Any]:
    """The model and its files, as JSON values."""
    front_end = student.front_end
    outputs: dict[str, Any] = {
        "token_spans": {"dtype": "int32", "shape": [1, "tokens", 2]},
        "token_count": {"dtype": "int32", "shape": [1]},
    }
    if student.labels.labels:
        outputs["label_logits"] = {"dtype": "float32", "shape": [1, "labels"]}
    if student.labels.slots:
        outputs["tag_logits"] = {"dtype": "float32", "shape": [1, "tokens", "tags"]}
    found = {"calibration": student.calibration, "out_of_scope": student.out_of_scope}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "task": student.task.value,
        "labels": list(student.labels.labels),
        "slots": list(student.labels.slots),
        "tags": list(student.labels.tags),
        "languages": list(student.languages),
        "parameters": student.parameters,
        "front_end": {
            **front_end.as_dict(),
            **({"embedding": features_of(student)} if student.vocabulary else {}),
        },
        "max_chars": front_end.max_chars,
        "max_tokens": front_end.max_tokens,
        "input": {"name": INPUT, "dtype": "int32", "shape": [1, "chars"], "padding": 0},
        "outputs": outputs,
        **{name: dict(values) for name, values in found.items() if values},
        "files": {file.name: file.described() for file in exported},
    }


def history(run: Path) -> dict[str, Any]:
    """How the student was made, as far as its run folder says it, and with what it is exported."""
    packages = ("tensorflow", "keras", "onnx", "ai-edge-litert", "onnxruntime", "numpy")
    said: dict[str, Any] = {
        "made_with": {"edgekd": __version__, **{package: version(package) for package in packages}}
    }
    folder = RunFolder(run)
    if folder.recipe.exists():
        said["recipe"] = Recipe.load(folder.recipe).model_dump(mode="json")
    if folder.metrics.exists():
        metrics = read_json(folder.metrics, RunError)
        # A run started from Python need not say how its teacher is called.
        said["teacher"] = _teacher_name(read_json(folder.inputs, RunError).get("teacher", "without a name"))
        said["data"], said["training_texts"] = metrics["data"], metrics["texts"]
        said["fingerprints"], said["metrics"] = metrics["fingerprints"], metrics["splits"]
    return said


def _teacher_name(source: str) -> str:
    """A teacher as named for `edgekd distill`, without the folders of the machine where that was."""
    names = source.split("+")
    return "+".join(PurePath(name).name if PurePath(name).is_absolute() else name for name in names)
