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

from edgekd.data.examples import UNNAMED, Dataset, Example, LabelSet, Prediction, Task
from edgekd.data.splits import check_splits, require_train_and_dev
from edgekd.distill import calibration, out_of_scope
from edgekd.distill.augment import recombine, substitute
from edgekd.distill.lengths import with_lengths
from edgekd.distill.run_folder import RunFolder
from edgekd.distill.token_table import TokenTable
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.errors import DataError, LabelError, RunError
from edgekd.files import read_json, write_json
from edgekd.metrics import MAIN_METRIC, Scores, distillation_ratio, retention, score
from edgekd.progress import Progress, silent
from edgekd.recipe import Recipe
from edgekd.students.pretrained import Pretrained, load_pretrained
from edgekd.students.student import Student
from edgekd.teachers.store import SoftLabelStore
from edgekd.teachers.teacher import SoftLabels, Teacher

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
    progress: Progress = silent,
) -> dict[str, Any]:
    """Distil the teacher into a student, and train the control without the teacher alike.

    Each step keeps what it made in the run folder: called again with the same arguments, it goes on where it
    was interrupted.

    Args:
        dataset: with a train and a dev split.
        teacher: knows every label of the data set.
        recipe: the student, its training, and what the teacher adds.
        out: the run folder.
        texts: further (text, language) for the teacher to label.
        out_of_scope_label: the data's own label for texts that are none of the others; without, one with a
            customary name (`out_of_scope.CUSTOMARY`).
        inputs: how the data set, teacher and texts were named, to be found again by `--resume`.
        progress: shows labelling and training.

    Returns:
        The content of metrics.json.

    Raises:
        DataError, LabelError: the data set lacks a split, or its labels do not fit the teacher's.
        UsageError: an out-of-scope label with a task that has no use for it.
        RunError: the folder holds another run.
    """
    begin = time.perf_counter()
    _check(dataset, teacher)
    rejected = out_of_scope.find_label(dataset, out_of_scope_label)
    train = dataset.splits["train"]
    held_back = {name: split for name, split in dataset.splits.items() if name != "train"}
    folder = RunFolder(out)
    fingerprints = {"data": dataset.fingerprint(), "teacher": teacher.fingerprint}
    pretrained = _pretrained(recipe)
    if pretrained:
        fingerprints["pretrained"] = pretrained.fingerprint
    folder.open(recipe, {**(inputs or {}), "fingerprints": fingerprints})

    config = with_lengths(recipe.student, [example.text for example in train])
    unlabelled = _unlabelled(train, texts, held_back, recipe, augment=teacher.any_text)
    store = SoftLabelStore(folder.soft_labels, teacher)
    every = [*train, *unlabelled, *(example for split in held_back.values() for example in split)]
    soft = store.label([example.text for example in every], progress)
    labelling_s = time.perf_counter() - begin

    dev = dataset.splits["dev"]
    learns_from = {"student": ([*train, *unlabelled], soft), "control": (train, {})}
    missing = [name for name in learns_from if not folder.has(name)]
    if missing:
        table = TokenTable(
            (example.text for example in (*train, *unlabelled)),
            config.front_end,
            misspell=recipe.training.typing_noise > 0,
            seed=recipe.training.seed,
        )
    for name in missing:
        examples, targets = learns_from[name]
        data = TrainingSet(examples, len(train), table, dataset.task, teacher.labels, targets)
        student = Student.new(
            dataset.task, teacher.labels, dataset.languages, config, seed=recipe.training.seed
        )
        if pretrained and name == "student":
            pretrained.start(student.network, config)
        trainer = Trainer(student, data, recipe, folder.training(name), with_teacher=bool(targets))
        report = trainer.run(
            progress=progress, evaluate=_watch(student, dev[:_WATCHED]), description=f"training the {name}"
        )
        write_json(folder.report(name), {**vars(report), "unreachable_spans": data.unreachable_spans})
        student.save(out, name)
        del data, trainer
        gc.collect()

    students = {name: Student.load(out, name) for name in learns_from}
    for name, student in students.items():
        if dataset.task.has_labels and not student.calibration:
            students[name] = _calibrate(student, dev, rejected)
            students[name].save(out, name)
    metrics = {
        "task": dataset.task.value,
        "main_metric": MAIN_METRIC[dataset.task],
        "data": dataset.name,
        "seed": recipe.training.seed,
        "parameters": students["student"].parameters,
        "texts": {"labelled": len(train), "labelled_by_teacher_only": len(unlabelled)},
        "fingerprints": fingerprints,
        "calibration": {name: student.calibration for name, student in students.items()},
        "out_of_scope": {name: student.out_of_scope for name, student in students.items()},
        "splits": {
            name: _judge(dataset.task, split, teacher.labels, soft, students)
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


def _check(dataset: Dataset, teacher: Teacher) -> None:
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


def _pretrained(recipe: Recipe) -> Pretrained | None:
    """What the student starts from, if it does not start from random weights."""
    if recipe.distillation.pretrained is None:
        return None
    pretrained = load_pretrained(recipe.distillation.pretrained)
    pretrained.require_shape(recipe.student)
    return pretrained


def _unlabelled(
    train: Sequence[Example],
    texts: Sequence[tuple[str, str]],
    held_back: Mapping[str, Sequence[Example]],
    recipe: Recipe,
    *,
    augment: bool,
) -> list[Example]:
    """Texts for the teacher alone, given and made, none of them in a split that is held back.

    Where the data name no language there is one only, whatever the given texts are called.
    """
    exclude = {example.text for split in held_back.values() for example in split}
    known = exclude | {example.text for example in train}
    named = {example.language for example in train} != {UNNAMED}
    given = [
        Example(text, language if named else UNNAMED)
        for text, language in dict(texts).items()
        if text not in known
    ]
    if not augment:
        return given
    settings, seed = recipe.distillation, recipe.training.seed
    recombined = recombine(train, settings.recombine, exclude=exclude, seed=seed)
    substituted = substitute(
        train, settings.substitute, vocabulary=[*train, *given], exclude=exclude, seed=seed
    )
    return list({example.text: example for example in (*given, *recombined, *substituted)}.values())


def _watch(student: Student, dev: Sequence[Example]) -> Callable[[], dict[str, float]]:
    """The metrics on a part of dev, for the logs; nothing is chosen by them."""
    texts = [example.text for example in dev]

    def evaluate() -> dict[str, float]:
        predictions = [said.decode(student.labels, student.task) for said in student.label(texts)]
        return score(student.task, dev, predictions).overall

    return evaluate


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


def _judge(
    task: Task,
    examples: Sequence[Example],
    labels: LabelSet,
    soft: Mapping[str, SoftLabels],
    students: Mapping[str, Student],
) -> dict[str, Any]:
    """Scores of teacher, student and control, and from them retention and distillation ratio."""
    texts = [example.text for example in examples]
    said: dict[str, list[Prediction]] = {"teacher": [soft[text].decode(labels, task) for text in texts]}
    for name, student in students.items():
        said[name] = [one.decode(labels, task) for one in student.label(texts)]
    scores = {name: score(task, examples, predictions) for name, predictions in said.items()}
    return {
        **{name: vars(value) for name, value in scores.items()},
        "retention": _compare(scores, lambda t, s, c: retention(s, t)),
        "distillation_ratio": _compare(scores, lambda t, s, c: distillation_ratio(s, t, c)),
    }


def _compare(
    scores: Mapping[str, Scores], measure: Callable[[float, float, float], float | None]
) -> dict[str, Any]:
    """A measure of (teacher, student, control), by metric: over all and by language."""

    def of(by_model: list[dict[str, float]]) -> dict[str, float | None]:
        return {name: measure(*(metrics[name] for metrics in by_model)) for name in by_model[0]}

    models = [scores[name] for name in ("teacher", "student", "control")]
    return {
        "overall": of([model.overall for model in models]),
        "by_language": {
            language: of([model.by_language[language] for model in models])
            for language in models[0].by_language
        },
    }


def _peak_rss_bytes() -> int:
    """The most memory that this process had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
