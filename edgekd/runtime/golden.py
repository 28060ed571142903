"""golden.jsonl, read: what a bundle's files said of each golden text where they were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.errors import BundleError
from edgekd.runtime.bundle import Slot
from edgekd.runtime.manifest import Manifest
from edgekd.runtime.outputs import RawOutputs

NAME = "golden.jsonl"


@dataclass(frozen=True)
class Golden:
    """A line.

    Attributes:
        raw: the outputs, logits rounded.
        stable: whether `labels`, `slots` and `out_of_scope` are the same in every file of the bundle.
    """

    text: str
    raw: RawOutputs
    labels: tuple[str, ...]
    slots: tuple[Slot, ...]
    out_of_scope: bool
    stable: bool


def read_golden(manifest: Manifest) -> list[Golden]:
    """Read the golden vectors of a bundle; raises BundleError naming the line that is not one."""
    path = manifest.folder / NAME
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise _broken(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        raise _broken(path, str(error)) from None
    if not lines:
        raise _broken(path, "it is empty")
    return list(_parsed(path, lines, manifest))


def _parsed(path: Path, lines: list[str], manifest: Manifest) -> Iterator[Golden]:
    for number, line in enumerate(lines, 1):
        try:
            yield _golden(json.loads(line), manifest)
        except KeyError as error:
            raise _broken(path, f"line {number} has no {error}") from None
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise _broken(path, f"line {number}: {error}") from None


def _broken(path: Path, problem: str) -> BundleError:
    return BundleError(
        f"{path} cannot be read: {problem}",
        expected="one JSON object a line, as `edgekd export` writes them",
        fix="export the bundle again",
    )


def _golden(line: Mapping[str, Any], manifest: Manifest) -> Golden:
    text = "".join(map(chr, line["codepoints"]))
    if text != line["text"]:
        raise ValueError("'codepoints' are not those of 'text'")
    count = int(line["token_count"])
    rows = min(count, manifest.max_tokens)
    labels, tags = len(manifest.labels.labels), len(manifest.tags)
    raw = RawOutputs(
        label_logits=_array(line, "label_logits", np.float64, (labels,)) if labels else None,
        tag_logits=_array(line, "tag_logits", np.float64, (rows, tags)) if tags else None,
        token_spans=_array(line, "token_spans", np.int64, (rows, 2)),
        token_count=count,
        truncated=bool(line["truncated"]),
    )
    slots = tuple(Slot(one["slot"], one["start"], one["end"], one["text"]) for one in line["slots"])
    return Golden(text, raw, tuple(line["labels"]), slots, bool(line["out_of_scope"]), bool(line["stable"]))


def _array(line: Mapping[str, Any], name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    values = np.array(line[name], dtype)
    if not values.size and 0 in shape:
        return values.reshape(shape)
    if values.shape != shape:
        raise ValueError(f"{name!r} has the shape {values.shape} instead of {shape}")
    return values
