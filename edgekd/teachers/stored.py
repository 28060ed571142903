"""Logits that were computed elsewhere, in Parquet, as a teacher."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgekd.errors import TeacherError
from edgekd.files import sha256
from edgekd.teachers import SHARDS
from edgekd.teachers.shard import Shard, read_meta
from edgekd.teachers.teacher import SoftLabels, well_formed


class StoredTeacher:
    """A teacher that knows the texts of its files (`edgekd.teachers.shard` says what is in them), no others.

    Args:
        path: a file, or the folder of a `SoftLabelStore`.

    Raises:
        TeacherError: a file is missing, is not readable, or its columns do not fit its labels; or the files
            of a folder are not of one teacher.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.any_text = False
        self.path = Path(path)
        files = sorted(self.path.glob(SHARDS)) if self.path.is_dir() else [self.path]
        if not self.path.exists() or not files:
            raise TeacherError(
                f"there is no file {path}", expected="a Parquet file of logits, or a folder of such"
            )
        described = [read_meta(file) for file in files]
        for file, meta in zip(files, described, strict=True):
            if meta != described[0]:
                raise TeacherError(
                    f"{file.name} and {files[0].name} in {path} are soft labels of different teachers",
                    expected="one teacher in a folder",
                )
        self._shards = [Shard(file) for file in files]
        self._rows = {
            text: (number, row)
            for number, shard in enumerate(self._shards)
            for row, text in enumerate(shard.texts)
        }
        self.task = self._shards[0].task
        self.labels = self._shards[0].labels
        content = " ".join(f"{sha256(file)} {meta}" for file, meta in zip(files, described, strict=True))
        self.fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """The stored soft labels, in order.

        Raises:
            TeacherError: one of the texts is not stored.
        """
        texts = [well_formed(text) for text in texts]
        missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if missing:
            raise TeacherError(
                f"{self.path} lacks {len(missing)} of {len(texts)} texts, such as {missing[0][:60]!r}",
                expected="a row for each text, character by character as in the data",
                fix="label them too, or give no --texts",
            )
        for text in texts:
            number, row = self._rows[text]
            yield self._shards[number][row]
