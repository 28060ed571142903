"""What peers are made of, and what was made already."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edgekd.data.examples import Dataset, Example, Task
from edgekd.errors import RunError, UsageError
from edgekd.files import read_json, replacing_folder, write_json

_SETTINGS = "settings.json"


@dataclass(frozen=True)
class Sources:
    """One data set with its student and its teacher.

    Attributes:
        dataset: labelled data of a joint or a classification task.
        split: on which the peers are judged.
        bundle: folder of the student.
        teacher: folder of the teacher, as `edgekd teach` writes it.
        encoder: folder of a pre-trained transformers encoder with tokenizer.json.
        texts: plain text for the vocabulary of word pieces, beside that of the data.
        work: folder for what is made; kept.
    """

    dataset: Dataset
    split: str
    bundle: Path
    teacher: Path
    encoder: Path
    texts: Sequence[str]
    work: Path

    def __post_init__(self) -> None:
        if self.dataset.task not in (Task.JOINT, Task.CLASSIFICATION):
            raise UsageError(
                f"{self.dataset.name} is read as {self.dataset.task}",
                expected="data with one label for each text, and slots or none",
            )
        if "train" not in self.dataset.splits:
            raise UsageError(f"{self.dataset.name} has no train split", expected="texts to train peers on")

    @property
    def train(self) -> Sequence[Example]:
        return self.dataset.splits["train"]

    @property
    def judged(self) -> Sequence[Example]:
        return self.dataset.splits[self.split]

    @cached_property
    def fingerprint(self) -> str:
        """Of the data."""
        return self.dataset.fingerprint()

    def keep(self, key: str, settings: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
        """The folder of this peer, made by `make` unless it was made before from this data and settings.

        Args:
            key: of the peer.
            settings: JSON values; whatever the result depends on, the data aside.
            make: fills the folder that it is given.
        """
        folder = self.work / self.dataset.name / key
        wanted = json.loads(json.dumps({"data": self.fingerprint, **settings}))
        if (folder / _SETTINGS).is_file() and read_json(folder / _SETTINGS, RunError) == wanted:
            return folder
        with replacing_folder(folder) as fresh:
            make(fresh)
            write_json(fresh / _SETTINGS, wanted)
        return folder
