"""The store of finished runs: what came of which recipe on which data, a JSON file each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgekd.errors import RunError
from edgekd.files import read_json, user_data, write_json
from edgekd.recipe import Recipe
from edgekd.search.trial import Curve

FORMAT, FORMAT_VERSION = "edgekd-finished-run", 1


@dataclass(frozen=True)
class FinishedRun:
    """A recipe on a data set, trained to its end.

    Attributes:
        data: name of the data set, and `fingerprint` of its train and dev splits.
        teacher: its fingerprint.
        features: of the data set and the teacher, by name (`search.features`).
        recipe: as JSON values.
        metric: which was measured on dev.
        quality: of the finished student.
        curve: the same metric after each epoch, in training.
    """

    data: str
    fingerprint: str
    teacher: str
    features: Mapping[str, float]
    recipe: Mapping[str, Any]
    metric: str
    quality: float
    curve: Curve

    @property
    def problem(self) -> str:
        """What the recipe had to solve: this data set with this teacher."""
        return f"{self.fingerprint} {self.teacher}"

    @property
    def seed(self) -> int:
        return self.recipe["training"]["seed"]


class RunStore:
    """A folder of finished runs; several processes may add to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def named(cls, source: str) -> RunStore:
        """The store in a folder, or of this name: a name has no slash, and is no folder here."""
        path = Path(source)
        return cls(path if path.is_dir() or len(path.parts) > 1 else stores() / source)

    def add(self, run: FinishedRun) -> None:
        """Keep a run, in the place of an equal one."""
        write_json(self._path(run), {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(run)})

    def has(self, problem: str, recipe: Recipe) -> bool:
        """Whether there is a run of the recipe on the problem."""
        return (self.folder / _name(problem, recipe.model_dump(mode="json"))).exists()

    def runs(self) -> list[FinishedRun]:
        """All of them, in the order of their files.

        Raises:
            RunError: a file is damaged, or of another format.
        """
        return [_read(path) for path in sorted(self.folder.glob("*.json"))]

    def _path(self, run: FinishedRun) -> Path:
        return self.folder / _name(run.problem, run.recipe)


def stores() -> Path:
    """Where stores of runs have names."""
    return user_data() / "runs"


def by_problem(runs: Sequence[FinishedRun]) -> dict[str, list[FinishedRun]]:
    """The runs of each problem."""
    found: dict[str, list[FinishedRun]] = {}
    for run in runs:
        found.setdefault(run.problem, []).append(run)
    return found


def pipeline(recipe: Mapping[str, Any]) -> str:
    """A recipe, as JSON values, without its seed: a name that equal ones share."""
    training = {name: value for name, value in recipe["training"].items() if name != "seed"}
    return json.dumps({**recipe, "training": training}, sort_keys=True)


def _name(problem: str, recipe: Mapping[str, Any]) -> str:
    said = json.dumps([problem, recipe], sort_keys=True)
    return f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.json"


def _read(path: Path) -> FinishedRun:
    content = read_json(path, RunError)
    try:
        if (content.pop("format"), content.pop("format_version")) != (FORMAT, FORMAT_VERSION):
            raise ValueError("it is of another format or version")
        content["features"] = {name: float(value) for name, value in content["features"].items()}
        content["curve"] = Curve.of(content["curve"])
        content["quality"] = float(content["quality"])
        run = FinishedRun(**content)
        Recipe.model_validate(run.recipe)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the finished run {path} cannot be read: {_first_line(error)}",
            expected=f"{FORMAT}, version {FORMAT_VERSION}, as `edgekd search --store` writes it",
            fix="delete the file, or put back a copy of it",
        ) from error
    return run


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
