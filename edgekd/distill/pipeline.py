"""From labelled data and a teacher to a student, its control, and the proof of what each is worth."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.data.examples import UNNAMED, Dataset, Example, Task
from edgekd.data.splits import check_splits, require_train_and_dev
from edgekd.distill import calibration, out_of_scope
from edgekd.distill.devices import all_devices
from edgekd.distill.judge import judge
from edgekd.distill.lessons import Lessons, intermediate_losses, tokenizer_of
from edgekd.distill.loop import Watch
from edgekd.distill.objectives import require_fits
from edgekd.distill.run_folder import RunFolder
from edgekd.distill.texts import Texts, filtered, gather
from edgekd.errors import DataError, LabelError, RunError, UsageError
from edgekd.files import read_json, write_json
from edgekd.metrics import MAIN_METRIC, score
from edgekd.progress import Progress, silent
from edgekd.recipe import Recipe
from edgekd.students.pretrained import Pretrained, load_pretrained
from edgekd.students.student import Student
from edgekd.teachers.answers import Labeller, Mixture, answers
from edgekd.teachers.ensemble import Ensemble
from edgekd.teachers.ensemble_report import ensemble_report
from edgekd.teachers.store import stored_labels
from edgekd.teachers.teacher import Teacher
from edgekd.teachers.weights import Weighting
from edgekd.text.word_pieces import vocabulary_of

NAMES = ("student", "control")

_WATCHED = 1000


def distil(
    dataset: Dataset,
    teacher: Teacher,
    recipe: Recipe,
    out: Path,
    *,
    texts: Sequence[tuple[str, str]] = (),
    out_of_scope_label: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    control: bool = True,
    label: Labeller | None = None,
    states: Path | None = None,
    watch: Watch | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Distil the teacher into a student, and train the control without the teacher alike.

    Each step keeps what it made in the run folder: called again with the same arguments, it goes on where it
    was interrupted.

    Args:
        dataset: with a train and a dev split.
        teacher: knows every label of the data set; or an Ensemble, weighed as the recipe says.
        recipe: the student, its training, and what the teacher adds.
        out: the run folder.
        texts: further (text, language) for the teacher to label.
        out_of_scope_label: the data's own label for texts that are none of the others; without, one with a
            customary name (`out_of_scope.CUSTOMARY`).
        inputs: how the data set, teacher and texts were named, to be found again by `--resume`.
        control: train it; without, there is no distillation ratio.
        label: gets the teacher's labels, where runs share them; by default from a store in the run folder.
        states: the folder of the teacher's states, where runs share them; by default in the run folder.
        watch: told of each epoch of the student.
        progress: shows labelling and training.

    Returns:
        The content of metrics.json.

    Raises:
        DataError, LabelError: the data set lacks a split, or its labels do not fit the teacher's.
        UsageError: an out-of-scope label with a task that has no use for it; an objective or a layer map that
            does not fit task or teacher.
        TeacherError: intermediate losses, and a teacher that is no encoder.
        RunError: the folder holds another run.
    """
    begin = time.perf_counter()
    weighting = Weighting.parse(recipe.distillation.teacher_weights)
    check(dataset, teacher)
    _check_recipe(recipe, dataset, teacher)
    _check_several(dataset, teacher, texts, weighting)
    rejected = out_of_scope.find_label(dataset, out_of_scope_label)
    train = dataset.splits["train"]
    held_back = {name: split for name, split in dataset.splits.items() if name != "train"}
    folder = RunFolder(out)
    fingerprints = {"data": dataset.fingerprint(), "teacher": teacher.fingerprint}
    pretrained = _pretrained(recipe)
    if pretrained:
        fingerprints["pretrained"] = pretrained.fingerprint
    folder.open(recipe, {**(inputs or {}), "fingerprints": fingerprints})

    every = [example for split in held_back.values() for example in split]
    if recipe.distillation.stage == "fine-tuning":
        texts = gather(train, texts, held_back, recipe, any_text=teacher.any_text)
        every = [*train, *texts.unlabelled, *every]
    else:
        texts = Texts([], [], {})
    label = label or stored_labels(folder.soft_labels, progress, whole=teacher)
    soft = answers(teacher, every, label, weighting=weighting, train=train, held_back=held_back)
    texts = filtered(texts, soft, train, teacher, recipe)
    labelling_s = time.perf_counter() - begin

    names = NAMES if control else NAMES[:1]
    missing = [name for name in names if not folder.has(name)]
    lessons = Lessons(
        dataset, teacher, recipe, texts, soft, pretrained, folder, states or folder.states, progress
    )
    for name in missing:
        with all_devices().scope():
            trainer = lessons.trainer(name)
            report = trainer.run(
                progress=progress,
                evaluate=_evaluation(trainer.student, dataset.splits["dev"][:_WATCHED]),
                watch=watch if name == "student" else None,
                description=f"training the {name}",
            )
        write_json(
            folder.report(name),
            {
                **vars(report),
                "balance": {name: float(value) for name, value in trainer.figures().items()},
                "complaints": trainer.balance.complaints(),
                "unreachable_spans": trainer.data.unreachable_spans,
            },
        )
        trainer.student.save(out, name)
        del trainer
        gc.collect()

    students = {name: Student.load(out, name) for name in names}
    for name, student in students.items():
        if dataset.task.has_labels and not student.calibration:
            students[name] = _calibrate(student, dataset.splits["dev"], rejected)
            students[name].save(out, name)
    metrics = {
        "task": dataset.task.value,
        "main_metric": MAIN_METRIC[dataset.task],
        "data": dataset.name,
        "seed": recipe.training.seed,
        "parameters": students["student"].parameters,
        "texts": {"labelled": len(train), "labelled_by_teacher_only": len(texts.unlabelled), **texts.report},
        "languages": {
            "labelled": _languages(train),
            "labelled_by_teacher_only": _languages(texts.unlabelled),
        },
        "fingerprints": fingerprints,
        "teachers": ensemble_report(soft, dataset.splits["dev"]) if isinstance(soft, Mixture) else None,
        "calibration": {name: student.calibration for name, student in students.items()},
        "out_of_scope": {name: student.out_of_scope for name, student in students.items()},
        "splits": {
            name: judge(dataset.task, split, teacher.labels, soft, students)
            for name, split in held_back.items()
        },
        "training": {
            **{name: read_json(folder.report(name), RunError) for name in students},
            "labelling_s": labelling_s,
            "wall_s": time.perf_counter() - begin,
            "peak_rss_bytes": _peak_rss_bytes(),
        },
    }
    write_json(folder.metrics, metrics)
    return metrics


def check(dataset: Dataset, teacher: Teacher) -> None:
    """Raise DataError or LabelError unless a student can learn this data set from this teacher."""
    require_train_and_dev(dataset)
    check_splits(dataset)
    if dataset.task is Task.CLASSIFICATION and len(teacher.labels.labels) < 2:
        raise DataError(
            f"{dataset.name} has one label only, so there is nothing to decide",
            expected="two labels or more; for yes or no, name both",
        )
    if teacher.task is not dataset.task:
        raise LabelError(
            f"the teacher is for {teacher.task.value}, and {dataset.name} is read as {dataset.task.value}",
            expected="the same task",
            fix=f"read the data with --task {teacher.task.value}, or teach another teacher",
        )
    teacher.labels.require(dataset.labels, ours="the teacher", theirs=dataset.name)


def _check_recipe(recipe: Recipe, dataset: Dataset, teacher: Teacher) -> None:
    """That data and teacher have what the recipe asks for."""
    settings = recipe.distillation
    if dataset.task.has_labels:
        several = dataset.task is Task.MULTILABEL
        require_fits(settings.objective, dataset.task, outputs=len(teacher.labels.labels), several=several)
    if settings.balance_labels and dataset.task not in (Task.CLASSIFICATION, Task.JOINT):
        raise UsageError(
            f"distillation.balance_labels with the task {dataset.task.value}",
            expected="a task in which each text has one label",
        )
    if settings.intermediate:
        intermediate_losses(teacher, recipe)
    if recipe.student.reads_pieces:
        vocabulary_of(tokenizer_of(teacher))
        if settings.mixup:
            raise UsageError(
                "mixup with word pieces, which cannot be mixed",
                expected="a student that reads the projection",
                fix="set distillation.mixup to 0",
            )


def _check_several(
    dataset: Dataset, teacher: Teacher, texts: Sequence[tuple[str, str]], weighting: Weighting
) -> None:
    """That the weights are as many as the teachers, and that each language has its teacher."""
    ensemble = teacher if isinstance(teacher, Ensemble) else Ensemble([teacher])
    named = dataset.languages != (UNNAMED,)
    languages = {*dataset.languages, *(language for _, language in texts if named)}
    ensemble.require(languages, weighting)
    ensemble.require_use(dataset, languages)


def _pretrained(recipe: Recipe) -> Pretrained | None:
    """What the student starts from, if it does not start from random weights."""
    if recipe.distillation.pretrained is None:
        return None
    pretrained = load_pretrained(recipe.distillation.pretrained)
    pretrained.require_shape(recipe.student)
    return pretrained


def _evaluation(student: Student, dev: Sequence[Example]) -> Callable[[], dict[str, float]]:
    """The metrics on a part of dev, for the logs; nothing is chosen by them."""
    texts = [example.text for example in dev]

    def evaluate() -> dict[str, float]:
        predictions = [said.decode(student.labels, student.task) for said in student.label(texts)]
        return score(student.task, dev, predictions).overall

    return evaluate


def _languages(examples: Sequence[Example]) -> list[str]:
    return sorted({example.language for example in examples})


def _calibrate(student: Student, dev: Sequence[Example], rejected: str | None) -> Student:
    """The student with calibrated label logits and, where a text has one label, an out-of-scope rule."""
    labels = student.labels.labels
    logits = np.stack([said.logits for said in student.label([example.text for example in dev])])
    truth = np.array([[label in example.labels for label in labels] for example in dev])
    exclusive = student.task is not Task.MULTILABEL
    found = calibration.calibrate(logits, truth, exclusive=exclusive)
    student = student.calibrated(asdict(found))
    if not exclusive:
        return student
    rule = out_of_scope.choose(logits / found.temperature, truth.argmax(axis=1), labels, rejected)
    return replace(student, out_of_scope=asdict(rule) if rule else {})


def _peak_rss_bytes() -> int:
    """The most memory that this process had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
