"""A run folder: what went in, what came out, and whether a restart goes on with the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edgekd import __version__
from edgekd.errors import RunError
from edgekd.files import read_json, write_json
from edgekd.recipe import Pretraining, Recipe

_Kind = TypeVar("_Kind", Recipe, Pretraining)


@dataclass(frozen=True)
class RunFolder:
    """The files of a run.

    recipe.yaml       the recipe, with every default written out
    run.json          the inputs: data, teacher and texts, with their fingerprints
    soft_labels/      the teacher's labels, in Parquet; of several, a folder for each
    states/           its states of the words, for intermediate losses
    training/         checkpoints and TensorBoard logs, for the student and for the control
    student.keras     with student.json: the student
    control.keras     with control.json: the same, trained alike without the teacher
    metrics.json      what teacher, student and control are worth, and what it took
    """

    path: Path

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.yaml"

    @property
    def inputs(self) -> Path:
        return self.path / "run.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    @property
    def soft_labels(self) -> Path:
        return self.path / "soft_labels"

    @property
    def states(self) -> Path:
        return self.path / "states"

    def training(self, name: str) -> Path:
        """Where the student or the control keeps its checkpoints and logs."""
        return self.path / "training" / name

    def report(self, name: str) -> Path:
        """What the training of the student or the control took."""
        return self.training(name) / "report.json"

    def has(self, name: str) -> bool:
        """Whether the student or the control is trained."""
        return (self.path / f"{name}.keras").exists() and (self.path / f"{name}.json").exists()

    def require(self, name: str) -> None:
        """Require that the student or the control is trained; this takes no TensorFlow.

        Raises:
            RunError: it is not.
        """
        if not self.path.is_dir():
            raise RunError(f"there is no folder {self.path}", expected="a folder that `edgekd distill` wrote")
        if not self.has(name):
            raise RunError(
                f"{self.path} holds no trained {name}",
                expected=f"{name}.json and {name}.keras as `edgekd distill` writes them",
                fix="finish the run with `edgekd distill --resume`, or distil again",
            )

    def open(self, recipe: Recipe | Pretraining, inputs: Mapping[str, Any]) -> None:
        """Write the recipe and the inputs; in a folder that has them, require that they are the same.

        Raises:
            RunError: the folder holds a run of another recipe, data set, teacher or texts.
        """
        if not self.inputs.exists():
            recipe.save(self.recipe)
            write_json(self.inputs, {"edgekd": __version__, **inputs})
            return
        before = read_json(self.inputs, RunError)
        different = sorted(name for name in inputs if before.get(name) != inputs[name])
        if type(recipe).load(self.recipe) != recipe:
            different.append("recipe")
        if different:
            raise RunError(
                f"{self.path} holds a run with another {', '.join(different)}",
                expected="the same inputs as when the run was started, or an empty folder",
                fix=f"choose another --out, or go on as it was with --resume {self.path}",
            )

    def reopen(self, kind: type[_Kind]) -> tuple[_Kind, dict[str, Any]]:
        """The recipe, of this kind, and the inputs of a run that was started before."""
        if not self.inputs.exists() or not self.recipe.exists():
            raise RunError(
                f"{self.path} holds no run that could be resumed",
                expected="a folder that the same command has started with --out",
            )
        return kind.load(self.recipe), read_json(self.inputs, RunError)
