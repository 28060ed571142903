"""Logits that were computed elsewhere, in a Parquet file, as a teacher."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgekd.errors import TeacherError
from edgekd.files import sha256
from edgekd.teachers.shard import Shard, read_meta
from edgekd.teachers.teacher import SoftLabels, well_formed


class StoredTeacher:
    """A teacher that knows the texts of one file (`edgekd.teachers.shard` says what is in it), and no others.

    Raises:
        TeacherError: the file is missing, is not readable, or its columns do not fit its labels.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.any_text = False
        self.path = Path(path)
        if not self.path.is_file():
            raise TeacherError(f"there is no file {path}", expected="a Parquet file of logits")
        self._shard = Shard(self.path)
        self._rows = {text: row for row, text in enumerate(self._shard.texts)}
        self.task = self._shard.task
        self.labels = self._shard.labels
        content = f"{sha256(self.path)} {read_meta(self.path)}"
        self.fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """The stored soft labels, in order.

        Raises:
            TeacherError: the file lacks one of the texts.
        """
        texts = [well_formed(text) for text in texts]
        missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if missing:
            raise TeacherError(
                f"{self.path} lacks {len(missing)} of {len(texts)} texts, such as {missing[0][:60]!r}",
                expected="a row for each text, character by character as in the data",
                fix="add them to the file, or give no --texts",
            )
        for text in texts:
            yield self._shard[self._rows[text]]
