"""What a runtime says of texts, small enough to keep for a hundred thousand of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edgekd.data.decode import best_tags
from edgekd.files import replacing

_PART = 500


class Answer(NamedTuple):
    """What one text gives, without padding.

    Attributes:
        features: `fingerprint` of its features; 0 from a file that does not give them.
        token_count: of the text, before the cut to the student's tokens.
        token_spans: int32 (tokens, 2).
        label_logits: float32 (labels,); no labels, no numbers.
        tag_logits: float32 (tokens, tags); no slots, no columns.
    """

    features: int
    token_count: int
    token_spans: np.ndarray
    label_logits: np.ndarray
    tag_logits: np.ndarray


def fingerprint(features: np.ndarray) -> int:
    """64 bits of the SHA-256 of the features' bits, float32 (tokens, features); -0 is not 0 here."""
    content = np.ascontiguousarray(features, "<f4").tobytes()
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "little")


def legal_tags(answer: Answer) -> np.ndarray:
    """The tag of each token, int16 (tokens,), as the slots are decoded from."""
    tags = best_tags(answer.tag_logits) if answer.tag_logits.size else [0] * len(answer.token_spans)
    return np.array(tags, np.int16)


@dataclass(frozen=True)
class Answers:
    """The answers to the first texts of a list.

    Attributes:
        host: runtime, version and processor that gave them.
        features: uint64 (texts,).
        token_count: int32 (texts,).
        label_logits: float32 (texts, labels).
        spans: int32 (tokens of each text, 2), by text.
        tags: int16 (tokens of each text,), by text.
    """

    host: str
    features: np.ndarray
    token_count: np.ndarray
    label_logits: np.ndarray
    spans: Sequence[np.ndarray]
    tags: Sequence[np.ndarray]

    def __len__(self) -> int:
        return len(self.features)


def parts(texts: int) -> list[range]:
    """The parts in which that many texts are answered: few, yet none that takes long, even emulated."""
    return [range(start, min(start + _PART, texts)) for start in range(0, texts, _PART)]


def part_path(folder: Path, part: range) -> Path:
    """Where the answers to a part of the texts lie."""
    return folder / f"{part.start:08}-{part.stop:08}.npz"


def write_part(path: Path, host: str, answers: Sequence[Answer]) -> None:
    """Write the answers to some texts."""
    with replacing(path) as temporary:
        np.savez_compressed(
            temporary,
            host=np.array(host),
            features=np.array([one.features for one in answers], np.uint64),
            token_count=np.array([one.token_count for one in answers], np.int32),
            label_logits=np.array([one.label_logits for one in answers], np.float32),
            rows=np.array([len(one.token_spans) for one in answers], np.int32),
            spans=np.concatenate([one.token_spans for one in answers]).astype(np.int32),
            tags=np.concatenate([legal_tags(one) for one in answers]),
        )


def read_parts(folder: Path, texts: int) -> Answers | None:
    """What was answered of that many texts, up to the first gap; None where nothing was."""
    found = []
    for part in parts(texts):
        if not part_path(folder, part).exists():
            break
        with np.load(part_path(folder, part)) as arrays:
            found.append(dict(arrays))
    if not found:
        return None
    joined = {name: np.concatenate([one[name] for one in found]) for name in found[0] if name != "host"}
    ends = np.cumsum(joined["rows"])[:-1]
    return Answers(
        ", ".join(dict.fromkeys(str(one["host"]) for one in found)),
        joined["features"],
        joined["token_count"],
        joined["label_logits"],
        np.split(joined["spans"], ends),
        np.split(joined["tags"], ends),
    )
