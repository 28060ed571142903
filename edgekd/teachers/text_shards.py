"""What was computed of many texts, on disk, in files for up to 2,048 texts each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from edgekd.errors import TeacherError
from edgekd.files import read_json, write_bytes, write_json
from edgekd.lock import locked
from edgekd.progress import Progress

TEXTS_PER_SHARD = 2048

Arrays = Mapping[str, np.ndarray]


class TextShards:
    """A folder of safetensors files, each named by the texts that it is about, and a card in JSON.

    A file appears whole or not at all, so that a run that is killed, or that fills the disk, loses at most
    the texts it was busy with. Texts that are added behind those known leave all full files valid.

    Args:
        folder: made where it does not exist.
        name: of what is in it: the card is `name.json`.
        made_by: a fingerprint of what computes it.

    Raises:
        TeacherError: the folder holds what was computed by another.
    """

    def __init__(self, folder: Path, name: str, made_by: str) -> None:
        self.folder, self._name, self._made_by = folder, name, made_by
        card = self.card
        if card is not None and card["teacher"] != made_by:
            raise TeacherError(
                f"{folder} holds {name} of another teacher or of other layers",
                expected="those of the teacher in use, which are never mixed with others",
                fix=f"choose another folder, or delete {folder} to compute them again",
            )

    @property
    def card(self) -> dict | None:
        """What `begin` wrote, if it did."""
        path = self.folder / f"{self._name}.json"
        return read_json(path, TeacherError) if path.exists() else None

    def alone(self) -> AbstractContextManager[None]:
        """While no other process computes in the folder."""
        return locked(self.folder / "lock")

    def begin(self, about: Mapping[str, object]) -> None:
        """Write the card, before any shard."""
        write_json(self.folder / f"{self._name}.json", {"teacher": self._made_by, **about})

    def missing(self, texts: Sequence[str]) -> list[Sequence[str]]:
        """The shards of texts that are not there yet."""
        return [some for some in _shards(texts) if not self._path(some).exists()]

    def compute(
        self,
        texts: Sequence[str],
        arrays: Callable[[Sequence[str]], Arrays],
        progress: Progress,
        description: str,
    ) -> None:
        """Make the shards of texts that are not there yet; the progress is described."""
        missing = self.missing(texts)
        if missing:
            with progress(description, sum(map(len, missing))) as advance:
                for some in missing:
                    write_bytes(self._path(some), save(dict(arrays(some))))
                    advance(len(some))

    def read(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """The arrays of each shard of texts, which must be a whole number of those of `compute`, or its last.

        Raises:
            TeacherError: a shard is damaged.
        """
        return [self._load(self._path(some)) for some in _shards(texts)]

    def _path(self, texts: Sequence[str]) -> Path:
        name = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self.folder / f"{self._name}-{name}.safetensors"

    def _load(self, path: Path) -> dict[str, np.ndarray]:
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise TeacherError(
                f"{path} is damaged: {error}", fix="delete it; what it held is computed again"
            ) from error


def bounds(shards: Sequence[Arrays], counted: str) -> np.ndarray:
    """The bounds of all texts together, from those of each shard.

    Args:
        counted: the array of a shard that its bounds are in.
    """
    starts = np.cumsum([0, *(len(shard[counted]) for shard in shards)])
    each = (shard["bounds"][1:] + start for shard, start in zip(shards, starts, strict=False))
    return np.concatenate([[0], *each]).astype(np.int64)


def _shards(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + TEXTS_PER_SHARD] for start in range(0, len(texts), TEXTS_PER_SHARD)]
