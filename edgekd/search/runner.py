"""A recipe becomes a judged student, as cheaply as an honest figure allows."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from edgekd.bench.runner.measure import Rules, draw_texts, measure
from edgekd.data.examples import Dataset
from edgekd.distill.lengths import with_lengths
from edgekd.distill.lessons import tokenizer_of
from edgekd.distill.loop import Watch
from edgekd.distill.pipeline import check, distil
from edgekd.distill.run_folder import RunFolder
from edgekd.errors import RunError
from edgekd.export.bundle import export
from edgekd.files import read_json, write_json
from edgekd.lock import locked
from edgekd.metrics import MAIN_METRIC, score
from edgekd.progress import Progress, silent
from edgekd.quantize.schemes import scheme
from edgekd.recipe import Recipe, Shape
from edgekd.recipe.student import IN_TRAINING
from edgekd.runtime import Bundle
from edgekd.search.features import features
from edgekd.search.runs import FinishedRun
from edgekd.search.trial import Curve, State, Trial, front
from edgekd.students.student import Student
from edgekd.teachers.answers import Labeller, answers
from edgekd.teachers.store import stored_labels
from edgekd.teachers.teacher import SoftLabels, Teacher
from edgekd.text.word_pieces import trimmed

Cost = Literal["latency", "size"]
"""p50 in microseconds, or bytes, of the exported TFLite file."""


@dataclass(frozen=True)
class Budget:
    """What trials may cost.

    Attributes:
        kind: of the cost that counts beside quality; None where none does.
        most: that a student may cost; dearer ones are not trained.
    """

    kind: Cost | None = None
    most: float | None = None

    def allows(self, cost: float | None) -> bool:
        """Whether a student of this cost may be trained."""
        return self.most is None or cost is None or cost <= self.most


_BRIEFLY = Rules(min_calls=500, min_seconds=1.0, max_seconds=10.0)


def shared_labels(folder: Path, progress: Progress, whole: Teacher) -> Labeller:
    """As `stored_labels`, for several processes: each text is labelled once, by one of them."""
    stored = stored_labels(folder, progress, whole=whole)

    def label(teacher: Teacher, texts: Sequence[str]) -> Mapping[str, SoftLabels]:
        with locked(folder / "lock"):
            return stored(teacher, texts)

    return label


class Runner:
    """Runs the recipes of a search on one data set and teacher.

    Args:
        dataset: with a train and a dev split; other splits are left out, since nothing is chosen by them.
        teacher: knows every label of the data set.
        folder: of the search; soft labels, states and costs are kept there.
        texts: further (text, language) for the teacher to label.
        out_of_scope_label: as for `distil`.
        inputs: how data set, teacher and texts were named, for the run folders.
        progress: shows labelling and training.

    Raises:
        DataError, LabelError: no student can learn this data set from this teacher.
    """

    def __init__(
        self,
        dataset: Dataset,
        teacher: Teacher,
        folder: Path,
        *,
        texts: Sequence[tuple[str, str]] = (),
        out_of_scope_label: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> None:
        check(dataset, teacher)
        self.dataset = replace(dataset, splits={name: dataset.splits[name] for name in ("train", "dev")})
        self.teacher, self.folder = teacher, folder
        self.metric = MAIN_METRIC[dataset.task]
        self.label = shared_labels(folder / "soft_labels", progress, teacher)
        self._distilling = {
            "texts": texts,
            "out_of_scope_label": out_of_scope_label,
            "inputs": inputs,
            "progress": progress,
        }

    def quality(self, recipe: Recipe, folder: Path, watch: Watch | None = None) -> float:
        """The main metric on dev of the student that a recipe makes; called again, it goes on.

        Args:
            recipe: what to try.
            folder: for the run. What training needs to go on is removed once it is done.
            watch: as for `distil`.
        """
        distil(
            self.dataset,
            self.teacher,
            recipe,
            folder,
            control=False,
            label=self.label,
            states=self.folder / "states",
            watch=watch,
            **self._distilling,
        )
        shutil.rmtree(folder / "training", ignore_errors=True)
        return self.known_quality(folder)

    def known_quality(self, folder: Path) -> float | None:
        """The same of a run that is finished; None for another."""
        path = RunFolder(folder).metrics
        if not path.exists():
            return None
        return read_json(path, RunError)["splits"]["dev"]["student"]["overall"][self.metric]

    def cost(self, recipe: Recipe, kind: Cost) -> float:
        """What the exported file of a recipe's student costs, known before it is trained.

        Latency and size depend on the shape of a student and on the bits of its weights, not on their values.
        So a student with random weights is exported and measured, once for each shape.
        """
        shape = recipe.student.model_dump(mode="json", exclude=IN_TRAINING)
        asked = {"student": shape, "weights": recipe.training.qat or "int8"}
        name = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
        path = self.folder / "costs" / f"{name}.json"
        with locked(self.folder / "costs" / "lock"):
            if not path.exists():
                texts = [example.text for example in self.dataset.splits["dev"]]
                student = self._untrained(recipe.student)
                write_json(path, {**asked, **_measured(student, asked["weights"], texts)})
            return read_json(path, RunError)[kind]

    def _untrained(self, shape: Shape) -> Student:
        """A student of this shape with the lengths and the vocabulary that it has for these texts."""
        train = [example.text for example in self.dataset.splits["train"]]
        vocabulary = None
        if shape.reads_pieces:
            vocabulary = trimmed(tokenizer_of(self.teacher), train, shape.pieces)
        about = self.dataset.task, self.teacher.labels, self.dataset.languages
        return Student.new(*about, with_lengths(shape, train, vocabulary), seed=0, vocabulary=vocabulary)

    @cached_property
    def features(self) -> dict[str, float]:
        """The data set and the teacher in numbers."""
        dev = self.dataset.splits["dev"]
        soft = answers(self.teacher, dev, self.label)
        said = [soft[example.text].decode(self.teacher.labels, self.dataset.task) for example in dev]
        return features(self.dataset, score(self.dataset.task, dev, said).overall[self.metric])

    def finished(self, recipe: Mapping[str, Any], quality: float, curve: Curve) -> FinishedRun:
        """For the store of finished runs: a recipe that was trained here to its end."""
        return FinishedRun(
            data=self.dataset.name,
            fingerprint=self.dataset.fingerprint(),
            teacher=self.teacher.fingerprint,
            features=self.features,
            recipe=recipe,
            metric=self.metric,
            quality=quality,
            curve=curve,
        )


def tidy(folder: Path, trials: Sequence[Trial]) -> None:
    """Of the trials that have ended, keep the students on the front only."""
    on_front = {trial.number for trial in front(trials)}
    for trial in trials:
        if trial.state is not State.RUNNING and trial.number not in on_front:
            forget_student(folder / "trials" / str(trial.number))


def forget_student(folder: Path) -> None:
    """Leave of a run folder only what says how it was made, and how it went."""
    run = RunFolder(folder)
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path not in (run.recipe, run.inputs, run.metrics):
            path.unlink(missing_ok=True)


def _measured(student: Student, weights: str, texts: Sequence[str]) -> dict[str, float]:
    """Latency and size of a student's file, as `edgekd export` makes it and `edgekd bench` measures it."""
    with tempfile.TemporaryDirectory() as folder:
        run, bundle = Path(folder) / "run", Path(folder) / "bundle"
        student.save(run)
        [file] = export(run, bundle, {"tflite": scheme(weights)})
        latency = measure({"file": Bundle.load(bundle).predict}, draw_texts(texts), _BRIEFLY)["file"]
    return {"latency": latency.p50_us, "size": file.bytes}
