"""Training the body of a student to tell a teacher's states of the words from the text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from edgekd.distill.batching import batches_of
from edgekd.distill.loop import TrainingLoop
from edgekd.pretraining.reading_set import ReadingBatch, ReadingSet
from edgekd.recipe import Pretraining
from edgekd.teachers.state_store import DEVIATIONS, TeacherStates


class Reader(TrainingLoop):
    """Trains a network of `build_for_states`.

    Args:
        network: what is trained.
        published: the same; becomes the running mean.
        parts: the texts, in parts of which one is in memory at a time.
        prepare: makes a set of a part.
        settings: how.
        folder: for checkpoints and logs.
    """

    def __init__(
        self,
        network: keras.Model,
        published: keras.Model,
        parts: Sequence[Sequence[str]],
        prepare: Callable[[Sequence[str]], ReadingSet],
        settings: Pretraining,
        folder: Path,
    ) -> None:
        self._parts, self._prepare, self._settings = parts, prepare, settings
        self._number, self._set = 0, prepare(parts[0])
        training = settings.training
        steps = sum(batches_of(len(part), training.batch_size) for part in parts)
        self._set.tokens.fit_widths(training.batch_size, steps * training.epochs, network.count_params())
        self._widths = self._set.tokens.widths
        super().__init__(network, published, self._set.table, training, steps, folder)

    def batches(self, rng: np.random.Generator) -> Iterator[ReadingBatch]:
        """One pass: part after part, in random order."""
        for number in rng.permutation(len(self._parts)):
            if number != self._number:
                self._number, self._set = number, self._prepare(self._parts[number])
                self._set.tokens.widths = self._widths
                self.use(self._set.table)
            yield from self._set.batches(
                rng,
                self.training.batch_size,
                typing_noise=self.training.typing_noise,
                hidden=self._settings.hidden,
                abreast=self.replicas,
            )

    def losses(self, outputs: dict[str, tf.Tensor], batch: ReadingBatch) -> dict[str, tf.Tensor]:
        """By teacher the mean square of the error, 1 where the mean is always said; and the mean of these."""
        terms = {}
        for (name, said), target in zip(outputs.items(), batch.targets, strict=True):
            error, count = squared_error(said, target)
            terms[name] = error / tf.maximum(count, 1.0)
        return {"loss": tf.add_n(list(terms.values())) / len(terms), **terms}


def squared_error(predicted: tf.Tensor, teacher: TeacherStates) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the words that the teacher knows: the sum of their mean square errors, and their number.

    Args:
        predicted: the first of the teacher's numbers, float32 (texts, tokens, width).
        teacher: as in `ReadingBatch.targets`.
    """
    wanted = tf.cast(teacher.states[..., : predicted.shape[-1]], tf.float32) * (DEVIATIONS / 127)
    by_token = tf.reduce_mean(tf.square(predicted - wanted), axis=-1)
    return tf.reduce_sum(by_token * teacher.known), tf.reduce_sum(teacher.known)


def explained(network: keras.Model, held_out: ReadingSet, batch_size: int = 256) -> list[float]:
    """The share of the variance of each teacher's states that the network tells, on texts not trained on.

    1 is all of it; 0 is what one would have by always saying the mean.
    """
    features = held_out.table.features()

    @tf.function(reduce_retracing=True, autograph=False)
    def errors(batch: ReadingBatch) -> list[tuple[tf.Tensor, tf.Tensor]]:
        mask = tf.cast(tf.not_equal(batch.numbers, 0), tf.float32)
        outputs = network([features(batch.numbers), mask], training=False)
        return [
            (squared_error(said, target)[0], squared_error(tf.zeros_like(said), target)[0])
            for said, target in zip(outputs.values(), batch.targets, strict=True)
        ]

    sums = np.zeros((len(network.outputs), 2))
    for batch in held_out.batches(np.random.default_rng(0), batch_size, fill=False):
        sums += np.array(errors(batch), np.float64)
    return [1 - float(error / max(variance, 1e-9)) for error, variance in sums]
