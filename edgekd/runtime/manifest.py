"""edgekd.json: what a bundle says of itself, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import BundleError
from edgekd.files import read_json, sha256

FORMAT, FORMAT_VERSION = "edgekd-bundle", 1


@dataclass(frozen=True, slots=True)
class Signature:
    """One entry point of a TFLite file.

    Attributes:
        name: what the runtime calls it.
        chars: code points that it reads.
        tokens: tokens that it has room for.
    """

    name: str
    chars: int
    tokens: int


@dataclass(frozen=True)
class ModelFile:
    """One model file of a bundle: its place, its kind ("tflite" or "onnx") and how it was quantized."""

    path: Path
    runtime: str
    scheme: str
    bytes: int
    sha256: str
    oldest_runtime: str
    signatures: tuple[Signature, ...]

    def verify(self) -> None:
        """Raise BundleError unless the file is there and is the one that was exported."""
        if not self.path.is_file():
            raise BundleError(
                f"there is no file {self.path}",
                expected=f"the {self.runtime} model that edgekd.json lists",
                fix="copy the whole bundle folder, or export it again",
            )
        found = sha256(self.path)
        if found != self.sha256:
            raise BundleError(
                f"{self.path} is damaged or was changed: its SHA-256 is {found[:12]}..., its size "
                f"{self.path.stat().st_size} bytes",
                expected=f"SHA-256 {self.sha256[:12]}... and {self.bytes} bytes, as edgekd.json says",
                fix="copy the bundle again, or export it again",
            )


@dataclass(frozen=True)
class Manifest:
    """The facts of edgekd.json that are needed to run the model.

    Attributes:
        labels: the names behind label_logits, and the slots behind tag_logits.
        tags: the names behind the last axis of tag_logits.
        max_chars: code points that the longest signature reads; the rest of a text is cut off.
        max_tokens: tokens that it has room for.
        input_name: of the code points, in the graph.
        files: the model files by kind, "tflite" and "onnx".
        content: the whole of edgekd.json.
    """

    folder: Path
    name: str
    task: Task
    labels: LabelSet
    tags: tuple[str, ...]
    languages: tuple[str, ...]
    max_chars: int
    max_tokens: int
    input_name: str
    files: Mapping[str, ModelFile]
    content: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the edgekd.json of a bundle folder.

        Raises:
            BundleError: it is missing, is not a bundle's, is of a newer format, or lacks a field.
        """
        path = folder / "edgekd.json"
        if not path.is_file():
            raise BundleError(
                f"{folder} is not a bundle: it holds no edgekd.json",
                expected="a folder made by `edgekd export`",
                fix="edgekd export RUN --out BUNDLE",
            )
        content = read_json(path, BundleError)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise BundleError(f"{path} is not the description of a bundle", expected=f'"format": "{FORMAT}"')
        version = content.get("format_version")
        if version != FORMAT_VERSION:
            raise BundleError(
                f"{path} has format version {version!r}",
                expected=f"version {FORMAT_VERSION}, the one that this edgekd reads",
                fix="pip install --upgrade edgekd, or export the bundle again with this version",
            )
        try:
            return cls(
                folder=folder,
                name=content["name"],
                task=Task(content["task"]),
                labels=LabelSet(tuple(content["labels"]), tuple(content["slots"])),
                tags=tuple(content["tags"]),
                languages=tuple(content.get("languages", ())),
                max_chars=int(content["max_chars"]),
                max_tokens=int(content["max_tokens"]),
                input_name=content["input"]["name"],
                files={
                    entry["runtime"]: _model_file(folder / name, entry)
                    for name, entry in content["files"].items()
                },
                content=content,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(
                f"{path} is incomplete or damaged: {type(error).__name__}: {error}",
                expected="every field that `edgekd export` writes",
                fix="copy the bundle again, or export it again",
            ) from None


def _model_file(path: Path, entry: Mapping[str, Any]) -> ModelFile:
    listed = entry["signatures"] if entry["runtime"] == "tflite" else ()
    signatures = [Signature(one["name"], int(one["chars"]), int(one["tokens"])) for one in listed]
    if entry["runtime"] == "tflite" and not signatures:
        raise ValueError(f"{path.name} lists no signatures")
    return ModelFile(
        path=path,
        runtime=entry["runtime"],
        scheme=entry["scheme"],
        bytes=int(entry["bytes"]),
        sha256=entry["sha256"],
        oldest_runtime=str(entry.get("oldest_runtime") or ""),
        signatures=tuple(sorted(signatures, key=lambda one: one.chars)),
    )
