"""What a contender is: files in a folder, and the module that loads them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgekd.data.examples import LabelSet, Prediction
from edgekd.errors import RunError
from edgekd.files import read_json, write_json

Predict = Callable[[str], Prediction]
"""From a text, whatever is in it, to its label and slots; one thread."""

_LABELS = "labels.json"


@dataclass(frozen=True)
class Peer:
    """A contender that can be loaded here and in a fresh process.

    Attributes:
        key: as given to --only.
        name: for people.
        what: one line on what it is and how it was made.
        module: has `load(folder, **options)`, which gives a Predict; importing it brings what inference
            needs and no more.
        folder: where the files lie.
        files: what inference reads, tokenizer or vocabulary included.
        options: for `load`, as JSON values.
        trained: its answers mean something; False for random weights.
        slots: it finds slots.
        kind: "student", "teacher" or "peer".
        copy_of: the key of the contender whose answers it should give, being the same weights.
        tokenizer: the file among `files` by which sub-words are counted; "" where it has none.
    """

    key: str
    name: str
    what: str
    module: str
    folder: Path
    files: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    trained: bool = True
    slots: bool = False
    kind: str = "peer"
    copy_of: str = ""
    tokenizer: str = ""

    @property
    def bytes(self) -> int:
        """Of all the files that inference needs."""
        return sum((self.folder / name).stat().st_size for name in self.files)

    def load(self) -> Predict:
        """Load it for one thread."""
        return importlib.import_module(self.module).load(self.folder, **self.options)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "folder": str(self.folder)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Peer:
        """What `to_json` gave."""
        return cls(**{**values, "folder": Path(values["folder"]), "files": tuple(values["files"])})


def write_labels(folder: Path, labels: LabelSet) -> None:
    """Write the names behind a model's numbers beside it."""
    write_json(folder / _LABELS, asdict(labels))


def read_labels(folder: Path) -> LabelSet:
    """What `write_labels` wrote."""
    values = read_json(folder / _LABELS, RunError)
    return LabelSet(tuple(values["labels"]), tuple(values["slots"]))
