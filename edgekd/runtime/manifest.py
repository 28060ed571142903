"""edgekd.json: what a bundle says of itself, read and checked.

A bundle may come from anywhere, so nothing in the file is trusted: each value has the type that it should
have, and each file name stays in the folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import BundleError
from edgekd.files import read_json, sha256

FORMAT, FORMAT_VERSION = "edgekd-bundle", 1

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KINDS = {str: "a string", int: "a whole number", float: "a number", list: "a list", dict: "an object"}
_COPY_AGAIN = "copy the whole bundle folder again, or export it again"

T = TypeVar("T")


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
    """One model file of a bundle: its place, its kind ("tflite" or "onnx") and how it was quantized.

    `logit_tolerance` is how far its logits may be from those of golden.jsonl; None where nothing says it.
    """

    path: Path
    runtime: str
    scheme: str
    bytes: int
    sha256: str
    oldest_runtime: str
    signatures: tuple[Signature, ...]
    logit_tolerance: float | None = None

    def verify(self) -> None:
        """Raise BundleError unless the file is there and is the one that was exported."""
        require_unchanged(self.path, self.sha256)


@dataclass(frozen=True, slots=True)
class OutOfScopeRule:
    """A text is out of scope where its score is above `threshold`; `label` is not among those in scope.

    `label` is the number of the data's own label for such texts, None where it has none.
    """

    label: int | None
    threshold: float


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
        out_of_scope: when a text is none of the labels; None where that was not found out.
        checksums: SHA-256 by name of the other files.
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
    out_of_scope: OutOfScopeRule | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the edgekd.json of a bundle folder.

        Raises:
            BundleError: it is missing, is not a bundle's, is of a newer format, lacks a field, or names files
                outside the folder.
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
                f"{path} has format version {version if isinstance(version, int) else 'unknown'}",
                expected=f"version {FORMAT_VERSION}, the one that this edgekd reads",
                fix="pip install --upgrade edgekd, or export the bundle again with this version",
            )
        try:
            return cls._parse(folder, content)
        except (KeyError, ValueError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else error
            raise BundleError(
                f"{path} is incomplete or damaged: {problem}",
                expected="every field as `edgekd export` writes it",
                fix=_COPY_AGAIN,
            ) from None

    @classmethod
    def _parse(cls, folder: Path, content: Mapping[str, Any]) -> Manifest:
        task = Task(_get(content, "task", str))
        labels = LabelSet(_names(content, "labels"), _names(content, "slots"))
        if task.has_labels and not labels.labels or task.has_slots and not labels.slots:
            raise ValueError(f"a {task.value} task without {'slots' if labels.labels else 'labels'}")
        tags = _names(content, "tags")
        if tags != labels.tags:
            raise ValueError("'tags' are not O, B- and I- of the slots in their order")
        files = [_model_file(folder, name, entry) for name, entry in _get(content, "files", dict).items()]
        checksums = _get(content, "checksums", dict) if "checksums" in content else {}
        for name in checksums:
            _require_inside(folder, name)
        return cls(
            folder=folder,
            name=_get(content, "name", str),
            task=task,
            labels=labels,
            tags=tags,
            languages=_names(content, "languages") if "languages" in content else (),
            max_chars=_count(content, "max_chars"),
            max_tokens=_count(content, "max_tokens"),
            input_name=_get(_get(content, "input", dict), "name", str),
            files={file.runtime: file for file in files},
            content=content,
            out_of_scope=_rule(content, labels) if "out_of_scope" in content else None,
            checksums={name: _get(checksums, name, str) for name in checksums},
        )


def require_unchanged(path: Path, checksum: str) -> None:
    """Raise BundleError unless a file of a bundle is there and has the SHA-256 that edgekd.json says."""
    if not path.is_file():
        raise BundleError(
            f"there is no file {path}", expected="every file that edgekd.json lists", fix=_COPY_AGAIN
        )
    try:
        found = sha256(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}", fix=_COPY_AGAIN) from None
    if found != checksum:
        raise BundleError(
            f"{path} is damaged or was changed: its SHA-256 is {found[:12]}..., its size "
            f"{path.stat().st_size} bytes",
            expected=f"SHA-256 {checksum[:12]}..., as edgekd.json says",
            fix=_COPY_AGAIN,
        )


def _require_inside(folder: Path, name: str) -> Path:
    """The path of a file in the folder itself; raises ValueError for a name or link that leads elsewhere."""
    path = folder / name if _FILE_NAME.fullmatch(name) else None
    if path is None or path.resolve().parent != folder.resolve():
        raise ValueError(f"the file {name!r} is not in the bundle's folder")
    return path


def _model_file(folder: Path, name: str, entry: Any) -> ModelFile:
    path = _require_inside(folder, name)
    runtime = _get(entry, "runtime", str)
    signatures = [
        Signature(_get(one, "name", str), _count(one, "chars"), _count(one, "tokens"))
        for one in (_get(entry, "signatures", list) if runtime == "tflite" else ())
    ]
    if runtime == "tflite" and not signatures:
        raise ValueError(f"{name} lists no signatures")
    return ModelFile(
        path=path,
        runtime=runtime,
        scheme=_get(entry, "scheme", str),
        bytes=_count(entry, "bytes"),
        sha256=_get(entry, "sha256", str),
        oldest_runtime=_get(entry, "oldest_runtime", str) if "oldest_runtime" in entry else "",
        signatures=tuple(sorted(signatures, key=lambda one: one.chars)),
        logit_tolerance=_get(entry, "logit_tolerance", float) if "logit_tolerance" in entry else None,
    )


def _rule(content: Mapping[str, Any], labels: LabelSet) -> OutOfScopeRule:
    rule = _get(content, "out_of_scope", dict)
    label = None if rule["label"] is None else _get(rule, "label", str)
    if label is not None and label not in labels.labels:
        raise ValueError("the out-of-scope label is not one of the labels")
    number = None if label is None else labels.labels.index(label)
    return OutOfScopeRule(number, _get(rule, "threshold", float))


def _get(content: Any, name: str, kind: type[T]) -> T:
    """A field of a JSON object; raises KeyError where there is none, ValueError where it is no `kind`."""
    if not isinstance(content, dict):
        raise ValueError(f"where {name!r} should be, there is no object")
    value = content[name]
    if kind is float and type(value) is int and abs(value) < 1e15:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise ValueError(f"{name!r} is not {_KINDS[kind]}")
    return value


def _count(content: Any, name: str) -> int:
    value = _get(content, name, int)
    if not 1 <= value < 2**31:
        raise ValueError(f"{name!r} is not between 1 and 2^31")
    return value


def _names(content: Any, name: str) -> tuple[str, ...]:
    values = _get(content, name, list)
    if not all(isinstance(value, str) for value in values) or len(set(values)) != len(values):
        raise ValueError(f"{name!r} is not a list of different names")
    return tuple(values)
