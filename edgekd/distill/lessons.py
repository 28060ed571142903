"""What student and control learn from, and how: from data, teacher and recipe to a trainer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgekd.data.examples import Dataset
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.lengths import with_lengths
from edgekd.distill.run_folder import RunFolder
from edgekd.distill.texts import Texts
from edgekd.distill.token_table import PieceNumbers, TokenTable, table_of
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.errors import TeacherError
from edgekd.progress import Progress
from edgekd.recipe import Recipe, Shape, Transformer
from edgekd.students.pretrained import Pretrained
from edgekd.students.student import Student
from edgekd.teachers.state_store import States, StateStore
from edgekd.teachers.teacher import SoftLabels, Teacher
from edgekd.text.word_pieces import Vocabulary, trimmed

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Lessons:
    """Everything that a run learns from.

    Attributes:
        texts: beside the data's own.
        soft: the teacher's labels by text.
        pretrained: what the student starts from, if not from random weights.
        folder: for checkpoints.
        states: for the teacher's states; a folder for each teacher and layers.
    """

    dataset: Dataset
    teacher: Teacher
    recipe: Recipe
    texts: Texts
    soft: Mapping[str, SoftLabels]
    pretrained: Pretrained | None
    folder: RunFolder
    states: Path
    progress: Progress

    def trainer(self, name: str) -> Trainer:
        """Of "student" or "control"."""
        dataset, recipe, labels = self.dataset, self.recipe, self.teacher.labels
        student = Student.new(
            dataset.task,
            labels,
            dataset.languages,
            self._config,
            seed=recipe.training.seed,
            vocabulary=self._vocabulary,
        )
        data_of = functools.partial(
            TrainingSet,
            table=self._table,
            task=dataset.task,
            labels=labels,
            least=recipe.training.least_texts,
        )
        train, folder = dataset.splits["train"], self.folder.training(name)
        if name == "control":
            data = data_of(train, self.texts.gold, soft={}, others_labelled=True)
            return Trainer(student, data, recipe, folder, with_teacher=False)
        if self.pretrained:
            self.pretrained.start(student.network, self._config)
        elif isinstance(self._config, Transformer) and self._config.inherit != "nothing":
            from edgekd.teachers.inheritance import inherited, start
            from edgekd.teachers.states import encoder_of

            parts = encoder_of(self.teacher), tokenizer_of(self.teacher)
            start(student.network, inherited(*parts, self._config, self._vocabulary))
        if recipe.distillation.stage == "pre-training":
            return Trainer(student, data_of(train, [], soft={}), recipe, folder, with_teacher=False)
        losses, states = None, None
        if recipe.distillation.intermediate:
            losses = intermediate_losses(self.teacher, recipe)
            states = self._states(losses)
        data = data_of(train, self.texts.unlabelled, soft=self.soft, states=states)
        return Trainer(student, data, recipe, folder, with_teacher=True, intermediate=losses)

    @functools.cached_property
    def _config(self) -> Shape:
        train = [example.text for example in self.dataset.splits["train"]]
        return with_lengths(self.recipe.student, train, self._vocabulary)

    @functools.cached_property
    def _vocabulary(self) -> Vocabulary | None:
        """Of a student that reads word pieces: what it was pre-trained with, or what its texts need."""
        if not self.recipe.student.reads_pieces:
            return None
        if self.pretrained:
            return self.pretrained.vocabulary
        texts = (*self.dataset.splits["train"], *self.texts.unlabelled)
        return trimmed(
            tokenizer_of(self.teacher), (example.text for example in texts), self.recipe.student.pieces
        )

    @functools.cached_property
    def _table(self) -> TokenTable | PieceNumbers:
        every = (*self.dataset.splits["train"], *self.texts.unlabelled, *self.texts.gold)
        return table_of(
            (example.text for example in every),
            self._config.front_end(self._vocabulary),
            misspell=self.recipe.training.typing_noise > 0,
            seed=self.recipe.training.seed,
        )

    def _states(self, losses: IntermediateLosses) -> States:
        """The teacher's, of all texts of the student; computed where they are not stored."""
        from edgekd.teachers.states import StateTeacher, encoder_of

        teacher = StateTeacher(
            encoder_of(self.teacher),
            self.teacher.tokenizer,
            losses.teacher_layers,
            attention=losses.attention_layers,
            whole_words=not self._config.reads_pieces,
        )
        train = [example.text for example in self.dataset.splits["train"]]
        texts = [*train, *(example.text for example in self.texts.unlabelled)]
        store = StateStore(self.states / teacher.fingerprint, teacher)
        # Standardised by the labelled texts, which all runs that share them have.
        store.compute(texts, self.progress, sample=train)
        return store.read(texts)


def tokenizer_of(teacher: Teacher) -> PreTrainedTokenizerBase:
    """The tokenizer whose word pieces a student is to read.

    Raises:
        TeacherError: there is not just one: stored logits, several teachers, a student.
    """
    tokenizer = getattr(teacher, "tokenizer", None)
    if tokenizer is None:
        raise TeacherError(
            "the teacher has no tokenizer of its own, and the student is to read its word pieces",
            expected="a folder that `edgekd teach` wrote, or a transformers model",
            fix="set student.front to projection, which needs no vocabulary",
        )
    return tokenizer


def intermediate_losses(teacher: Teacher, recipe: Recipe) -> IntermediateLosses:
    """The losses on states of a recipe, for the layers that student and teacher have.

    Raises:
        UsageError: a layer map does not fit.
        TeacherError: the teacher is no encoder.
    """
    from edgekd.teachers.states import encoder_of

    return IntermediateLosses.between(
        recipe.distillation.intermediate, recipe.student, encoder_of(teacher).config
    )
