"""Soft labels computed once and kept by text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from edgekd.errors import TeacherError
from edgekd.files import write_bytes
from edgekd.progress import Progress, silent
from edgekd.teachers import SHARDS
from edgekd.teachers.shard import Shard, describe, read_meta, shard_content, shard_name
from edgekd.teachers.teacher import TEXTS_AT_ONCE, SoftLabels, Teacher, well_formed


class SoftLabelStore:
    """A folder of Parquet shards with one teacher's soft labels.

    A shard appears whole or not at all, so a run that is killed, or that fills the disk, loses at most the
    texts it was busy with. Texts that differ only in their lone surrogates are one text to a teacher and
    are one here.

    Args:
        folder: made where it does not exist; written to by one process at a time.
        teacher: the only one whose soft labels the folder may hold.

    Attributes:
        meta: what is written into each shard.

    Raises:
        TeacherError: the folder holds soft labels of another teacher, or of other labels.
    """

    def __init__(self, folder: str | os.PathLike[str], teacher: Teacher) -> None:
        self.folder = Path(folder)
        self.teacher = teacher
        self.meta = describe(teacher.task, teacher.labels, teacher.fingerprint)
        self._shards: list[Shard] = []
        self._rows: dict[str, tuple[int, int]] = {}
        for path in sorted(self.folder.glob(SHARDS)):
            _require_same(read_meta(path), self.meta, path)
            self._add(Shard(path))
        for unfinished in self.folder.glob(".labels-*.tmp.parquet"):
            unfinished.unlink()

    def missing(self, texts: Sequence[str]) -> list[list[str]]:
        """The texts that are not stored yet, each once, in the shards that they would make."""
        some = [text for text in dict.fromkeys(map(well_formed, texts)) if text not in self._rows]
        return [some[start : start + TEXTS_AT_ONCE] for start in range(0, len(some), TEXTS_AT_ONCE)]

    def label(self, texts: Sequence[str], progress: Progress = silent) -> Mapping[str, SoftLabels]:
        """The soft labels of the texts, by text; the teacher runs on those that are not stored yet."""
        shards = self.missing(texts)
        if shards:
            outputs = self.teacher.label([text for shard in shards for text in shard])
            with progress("labelling", sum(map(len, shards))) as advance:
                for shard in shards:
                    content = shard_content(shard, list(islice(outputs, len(shard))), self.meta)
                    self.add(shard_name(shard), content)
                    advance(len(shard))
        return _Stored(self._shards, self._rows, list(dict.fromkeys(texts)))

    def add(self, name: str, content: bytes) -> None:
        """Keep a shard, made by `shard_name` and by `shard_content` with the store's `meta`."""
        write_bytes(self.folder / name, content)
        self._add(Shard(self.folder / name))

    def _add(self, shard: Shard) -> None:
        self._rows.update({text: (len(self._shards), row) for row, text in enumerate(shard.texts)})
        self._shards.append(shard)


def stored_labels(
    folder: Path, progress: Progress = silent, *, whole: Teacher | None = None
) -> Callable[[Teacher, Sequence[str]], Mapping[str, SoftLabels]]:
    """To get the soft labels of a teacher for texts, from a store of its own in the folder.

    Args:
        whole: the teacher whose store is the folder itself; that of any other is in it, by fingerprint.
    """

    def label(teacher: Teacher, texts: Sequence[str]) -> Mapping[str, SoftLabels]:
        own = folder if teacher is whole else folder / teacher.fingerprint
        return SoftLabelStore(own, teacher).label(texts, progress)

    return label


class _Stored(Mapping[str, SoftLabels]):
    """Soft labels by text, made when they are asked for, as views of the shards."""

    def __init__(
        self, shards: Sequence[Shard], rows: Mapping[str, tuple[int, int]], texts: Sequence[str]
    ) -> None:
        self._shards = shards
        self._rows = rows
        self._texts = texts

    def __getitem__(self, text: str) -> SoftLabels:
        shard, row = self._rows[well_formed(text)]
        return self._shards[shard][row]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _require_same(found: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    differences = [key for key in wanted if found.get(key) != wanted[key]]
    if differences:
        what = "other labels" if set(differences) & {"task", "labels", "slots"} else "another teacher"
        raise TeacherError(
            f"{path.parent} holds soft labels of {what}: {', '.join(differences)} differ "
            f"(teacher {found.get('fingerprint')}, now {wanted['fingerprint']})",
            expected="soft labels of the teacher in use, which are never mixed with others",
            fix=f"choose another folder, or delete {path.parent} to label again",
        )
