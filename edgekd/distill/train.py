"""Training a student: the same for the one with a teacher and for its control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from edgekd.data.examples import Task
from edgekd.distill import objectives
from edgekd.distill.loop import TrainingLoop
from edgekd.distill.training_set import Batch, TrainingSet
from edgekd.recipe import Recipe
from edgekd.students.student import Student


class Trainer(TrainingLoop):
    """Trains a student on a training set.

    Args:
        student: its weights become the running mean of those that are trained.
        data: what to learn from, with or without soft labels.
        recipe: how.
        folder: for checkpoints and TensorBoard logs.
        with_teacher: use the soft labels and the texts that only they label.
    """

    def __init__(
        self, student: Student, data: TrainingSet, recipe: Recipe, folder: Path, *, with_teacher: bool
    ) -> None:
        self.student, self.data, self.recipe = student, data, recipe
        self.with_teacher = with_teacher
        steps_per_epoch = -(-data.labelled // recipe.training.batch_size)
        super().__init__(
            student.for_training(), student.network, data.table, recipe.training, steps_per_epoch, folder
        )

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """One pass over as many texts as are labelled."""
        return self.data.batches(
            rng,
            self.training.batch_size,
            unlabelled_share=self.recipe.distillation.unlabelled_share if self.with_teacher else 0.0,
            typing_noise=self.training.typing_noise,
        )

    def losses(
        self,
        outputs: dict[str, tf.Tensor],
        labels: tf.Tensor,
        tags: tf.Tensor,
        labelled: tf.Tensor,
        soft_labels: tf.Tensor,
        soft_tags: tf.Tensor,
        soft_known: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Each loss by itself, and as `loss` their weighted sum."""
        distillation, smoothing = self.recipe.distillation, self.training.label_smoothing
        several = self.student.task is Task.MULTILABEL
        terms: dict[str, tf.Tensor] = {}
        if "label_logits" in outputs:
            terms["hard_labels"] = labelled * objectives.hard_labels(
                outputs["label_logits"], labels, several=several, smoothing=smoothing
            )
        if "tag_logits" in outputs:
            terms["hard_tags"] = labelled * objectives.hard_tags(
                outputs["tag_logits"], tags, smoothing=smoothing
            )
        if self.with_teacher:
            soft = {"objective": distillation.objective, "temperature": distillation.temperature}
            if "label_logits" in outputs:
                terms["soft_labels"] = objectives.soft_targets(
                    outputs["label_logits"], soft_labels, several=several, **soft
                )
            if "tag_logits" in outputs:
                by_token = objectives.soft_targets(outputs["tag_logits"], soft_tags, **soft)
                terms["soft_tags"] = tf.reduce_sum(by_token * soft_known, axis=-1)
        terms = {name: tf.reduce_mean(term) for name, term in terms.items()}
        hard_weight = distillation.hard_weight if self.with_teacher else 1.0
        loss = tf.add_n(
            [
                term * (hard_weight if "hard" in name else distillation.soft_weight)
                for name, term in terms.items()
            ]
        )
        return {"loss": loss, **terms}
