"""What student and control learn from, and how: from data, teacher and recipe to a trainer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from edgekd.data.examples import Dataset
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.lengths import with_lengths
from edgekd.distill.run_folder import RunFolder
from edgekd.distill.texts import Texts
from edgekd.distill.token_table import TokenTable
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.progress import Progress
from edgekd.recipe import Recipe, Shape
from edgekd.students.pretrained import Pretrained
from edgekd.students.student import Student
from edgekd.teachers.state_store import States, StateStore
from edgekd.teachers.teacher import SoftLabels, Teacher


@dataclass(frozen=True)
class Lessons:
    """Everything that a run learns from.

    Attributes:
        texts: beside the data's own.
        soft: the teacher's labels by text.
        pretrained: what the student starts from, if not from random weights.
        folder: for checkpoints and the teacher's states.
    """

    dataset: Dataset
    teacher: Teacher
    recipe: Recipe
    texts: Texts
    soft: Mapping[str, SoftLabels]
    pretrained: Pretrained | None
    folder: RunFolder
    progress: Progress

    def trainer(self, name: str) -> Trainer:
        """Of "student" or "control"."""
        dataset, recipe, labels = self.dataset, self.recipe, self.teacher.labels
        student = Student.new(
            dataset.task, labels, dataset.languages, self._config, seed=recipe.training.seed
        )
        about = (self._table, dataset.task, labels)
        train, folder = dataset.splits["train"], self.folder.training(name)
        if name == "control":
            data = TrainingSet(train, self.texts.gold, *about, {}, others_labelled=True)
            return Trainer(student, data, recipe, folder, with_teacher=False)
        if self.pretrained:
            self.pretrained.start(student.network, self._config)
        losses, states = None, None
        if recipe.distillation.intermediate:
            losses = intermediate_losses(self.teacher, recipe)
            states = self._states(losses)
        data = TrainingSet(train, self.texts.unlabelled, *about, self.soft, states=states)
        return Trainer(student, data, recipe, folder, with_teacher=True, intermediate=losses)

    @functools.cached_property
    def _config(self) -> Shape:
        return with_lengths(self.recipe.student, [example.text for example in self.dataset.splits["train"]])

    @functools.cached_property
    def _table(self) -> TokenTable:
        every = (*self.dataset.splits["train"], *self.texts.unlabelled, *self.texts.gold)
        return TokenTable(
            (example.text for example in every),
            self._config.front_end,
            misspell=self.recipe.training.typing_noise > 0,
            seed=self.recipe.training.seed,
        )

    def _states(self, losses: IntermediateLosses) -> States:
        """The teacher's, of all texts of the student; computed where they are not stored."""
        from edgekd.teachers.states import StateTeacher, encoder_of

        teacher = StateTeacher(encoder_of(self.teacher), self.teacher.tokenizer, losses.teacher_layers)
        texts = [example.text for example in (*self.dataset.splits["train"], *self.texts.unlabelled)]
        store = StateStore(self.folder.states, teacher)
        store.compute(texts, self.progress)
        return store.read(texts)


def intermediate_losses(teacher: Teacher, recipe: Recipe) -> IntermediateLosses:
    """The losses on states of a recipe, for the layers that student and teacher have.

    Raises:
        UsageError: a layer map does not fit.
        TeacherError: the teacher is no encoder.
    """
    from edgekd.teachers.states import encoder_of

    config = encoder_of(teacher).config
    return IntermediateLosses(
        recipe.distillation.intermediate,
        recipe.student,
        depth=config.num_hidden_layers,
        width=config.hidden_size,
    )
