"""Training a student: the same for the one with a teacher and for its control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from edgekd.data.examples import Task
from edgekd.distill import objectives
from edgekd.distill.augment import mixup
from edgekd.distill.batching import batches_of
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.loop import TrainingLoop
from edgekd.distill.objectives.balance import LossBalance, gradient_norms
from edgekd.distill.training_set import Batch, TrainingSet
from edgekd.recipe import Recipe
from edgekd.students.network import body_layers
from edgekd.students.student import Student

_MEASURED_EVERY = 50


class Trainer(TrainingLoop):
    """Trains a student on a training set.

    Args:
        student: its weights become the running mean of those that are trained.
        data: what to learn from, with or without soft labels.
        recipe: how.
        folder: for checkpoints and TensorBoard logs.
        with_teacher: use the soft labels.
        intermediate: losses on states, for data that has them.
    """

    def __init__(
        self,
        student: Student,
        data: TrainingSet,
        recipe: Recipe,
        folder: Path,
        *,
        with_teacher: bool,
        intermediate: IntermediateLosses | None = None,
    ) -> None:
        self.student, self.data, self.recipe = student, data, recipe
        self.with_teacher, self._intermediate = with_teacher, intermediate
        self.balance = LossBalance(self._shares(), automatic=recipe.distillation.balance_losses)
        self._measure = tf.function(self._take_pulls, autograph=False)
        steps = batches_of(data.texts_per_pass, recipe.training.batch_size)
        data.tokens.fit_widths(recipe.training.batch_size, steps * recipe.training.epochs, student.parameters)
        super().__init__(
            student.for_training(with_states=intermediate is not None),
            student.network,
            data.table,
            recipe.training,
            steps,
            folder,
            companions=intermediate.companions if intermediate else (),
        )

    def _shares(self) -> dict[str, float]:
        """By loss, its weight."""
        settings, task = self.recipe.distillation, self.student.task
        heads = [*["labels"] * task.has_labels, *["tags"] * task.has_slots]
        hard_weight = settings.hard_weight if self.with_teacher else 1.0
        shares = {f"hard_{head}": hard_weight for head in heads}
        if self.with_teacher:
            shares |= {f"soft_{head}": settings.soft_weight for head in heads}
        if self._intermediate:
            shares |= {name: one.weight for name, one in settings.intermediate.items()}
        return shares

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """One pass."""
        settings, training = self.recipe.distillation, self.training
        usual, due = self.data.usual_shape(training.batch_size), True
        for number, batch in enumerate(
            self.data.batches(
                rng,
                training.batch_size,
                number=int(self._epoch.numpy()),
                others_share=settings.unlabelled_share,
                typing_noise=training.typing_noise,
                mixup=settings.mixup,
                abreast=self.replicas,
            )
        ):
            # All of one shape, since each shape takes a graph of its own.
            due |= number % _MEASURED_EVERY == 0
            if due and batch.numbers.shape == usual:
                self._measure(batch)
                due = False
            yield batch

    def inputs(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """As of all loops; with mixup the mixed texts come after the others."""
        features, mask = super().inputs(batch)
        if not self.recipe.distillation.mixup:
            return features, mask
        return mixup.mixed(features, batch.mix), mixup.united(mask, batch.mix)

    def losses(self, outputs: dict[str, tf.Tensor], batch: Batch) -> dict[str, tf.Tensor]:
        """Each loss by itself, and as `loss` their weighted sum."""
        terms = {name: tf.reduce_mean(term) for name, term in self._terms(outputs, batch).items()}
        return {"loss": self.balance.total(self._counting(terms)), **terms}

    def state(self) -> dict[str, tf.Module]:
        return {"balance": self.balance}

    def figures(self) -> dict[str, tf.Tensor]:
        """Sizes, gradient norms and weights of the losses."""
        return self.balance.figures()

    def _counting(self, terms: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The losses, 0 where it is not their turn."""
        settings = self.recipe.distillation
        if not (self._intermediate and settings.layers_first):
            return terms
        before = tf.cast(self._epoch, tf.float32) < settings.layers_first * self.training.epochs
        turns = {True: tf.cast(before, tf.float32), False: tf.cast(~before, tf.float32)}
        return {name: turns[name in settings.intermediate] * term for name, term in terms.items()}

    def _terms(self, outputs: dict[str, tf.Tensor], batch: Batch) -> dict[str, tf.Tensor]:
        """Each loss by itself, (batch,)."""
        count = batch.labelled.shape[0]
        plain = {name: output[:count] for name, output in outputs.items()}
        terms = self._predictions(plain, batch)
        if self.recipe.distillation.mixup:
            # What mixed targets would give: a cross-entropy is linear in its target, and so is a square
            # but for a constant.
            blend = {name: output[count:] for name, output in outputs.items()}
            own, partners = (self._predictions(blend, one) for one in (batch, _partners(batch)))
            share = batch.mix.share
            terms = {
                name: (term + share * own[name] + (1 - share) * partners[name]) / 2
                for name, term in terms.items()
            }
        if self._intermediate:
            terms |= self._intermediate(plain, batch.states)
        return terms

    def _predictions(self, outputs: dict[str, tf.Tensor], batch: Batch) -> dict[str, tf.Tensor]:
        """The losses on what is said of a text, (batch,)."""
        settings, smoothing = self.recipe.distillation, self.training.label_smoothing
        several = self.student.task is Task.MULTILABEL
        soft = {"objective": settings.objective, "temperature": settings.temperature}
        terms: dict[str, tf.Tensor] = {}
        if self.student.task.has_labels:
            logits = outputs["label_logits"]
            hard = objectives.hard_labels(logits, batch.labels, several=several, smoothing=smoothing)
            terms["hard_labels"] = batch.labelled * hard
            if self.with_teacher:
                terms["soft_labels"] = objectives.soft_targets(
                    logits, batch.soft_labels, several=several, **soft
                )
        if self.student.task.has_slots:
            logits = outputs["tag_logits"]
            terms["hard_tags"] = batch.labelled * objectives.hard_tags(
                logits, batch.tags, smoothing=smoothing
            )
            if self.with_teacher:
                by_token = objectives.soft_targets(logits, batch.soft_tags, **soft)
                terms["soft_tags"] = tf.reduce_sum(by_token * batch.soft_known, axis=-1)
        return terms

    def _take_pulls(self, batch: Batch) -> None:
        self.balance.update(*self.on_all_devices(self._pulls, batch))

    def _pulls(self, batch: Batch) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Losses and the norms of their gradients, by the weights and the noise of the step that follows.

        Without a trace in the network: the scope takes what training would leave behind.
        """
        features, mask = self.inputs(batch)
        shared = [
            weight.value for layer in body_layers(self._network) for weight in layer.trainable_variables
        ]
        with keras.StatelessScope(), tf.GradientTape(persistent=True) as tape:
            outputs = self._network([features, mask], training=True)
            terms = {name: tf.reduce_mean(term) for name, term in self._terms(outputs, batch).items()}
        return terms, gradient_norms(tape, terms, shared)


def _partners(batch: Batch) -> Batch:
    """What each text is mixed with, in its place."""
    return Batch(
        *(
            field if field.shape[0] == 0 else tf.gather(field, batch.mix.partner)
            for field in batch[: Batch._fields.index("mix")]
        ),
        mix=batch.mix,
        states=batch.states,
    )
