"""Training the body of a student to tell a teacher's states of the words from the text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from edgekd.distill.batching import batches_of
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.loop import TrainingLoop
from edgekd.pretraining.reading_set import ReadingBatch, ReadingSet
from edgekd.pretraining.word_loss import WordLoss
from edgekd.recipe import Pretraining
from edgekd.students.network import TOLD
from edgekd.teachers.state_store import DEVIATIONS, TeacherStates

_BATCH = 256


@dataclass(frozen=True)
class Lessons:
    """What a student learns from plain text beside the states of words.

    Attributes:
        intermediate: losses on what is inside student and teacher.
        words: guessing hidden words.
    """

    intermediate: IntermediateLosses | None = None
    words: WordLoss | None = None

    @property
    def companions(self) -> list[keras.layers.Layer]:
        """Layers that are trained along and thrown away."""
        return [layer for part in (self.intermediate, self.words) if part for layer in part.companions]


class Reader(TrainingLoop):
    """Trains a network of `build_for_states`.

    Args:
        network: what is trained.
        published: the same; becomes the running mean.
        parts: the texts, in parts of which one is in memory at a time.
        prepare: makes a set of a part.
        settings: how.
        folder: for checkpoints and logs.
        lessons: beside the states; for them the network puts out its own states.
    """

    def __init__(
        self,
        network: keras.Model,
        published: keras.Model,
        parts: Sequence[Sequence[str]],
        prepare: Callable[[Sequence[str]], ReadingSet],
        settings: Pretraining,
        folder: Path,
        lessons: Lessons,
    ) -> None:
        self._parts, self._prepare, self._settings = parts, prepare, settings
        self._lessons = lessons
        self._number, self._set = 0, prepare(parts[0])
        training = settings.training
        steps = sum(batches_of(len(part), training.batch_size) for part in parts)
        self._set.tokens.fit_widths(training.batch_size, steps * training.epochs, network.count_params())
        self._widths = self._set.tokens.widths
        super().__init__(
            network,
            published,
            self._set.table,
            training,
            steps,
            folder,
            companions=lessons.companions,
        )

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
        """By teacher the mean square of the error, 1 where the mean is always said; the other losses by name;
        and as `loss` the mean of the first with the weighted sum of the others."""
        terms, total = {}, []
        for name, target in zip(_told(outputs), batch.targets, strict=False):
            error, count = squared_error(outputs[name], target)
            terms[name] = error / tf.maximum(count, 1.0)
        if terms:
            total.append(tf.add_n(list(terms.values())) / len(terms))
        if self._lessons.intermediate:
            for name, loss in self._lessons.intermediate(outputs, batch.targets[0]):
                terms[name] = tf.reduce_mean(loss)
                total.append(self._settings.intermediate[name].weight * terms[name])
        if self._lessons.words:
            terms["words"] = self._lessons.words(outputs, batch.questions)
            total.append(self._settings.words.weight * terms["words"])
        return {"loss": tf.add_n(total), **terms}


def squared_error(predicted: tf.Tensor, teacher: TeacherStates) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the words that the teacher knows: the sum of their mean square errors, and their number.

    Args:
        predicted: the first of the teacher's numbers, float32 (texts, tokens, width).
        teacher: as in `ReadingBatch.targets`.
    """
    wanted = tf.cast(teacher.states[..., : predicted.shape[-1]], tf.float32) * (DEVIATIONS / 127)
    by_token = tf.reduce_mean(tf.square(predicted - wanted), axis=-1)
    return tf.reduce_sum(by_token * teacher.known), tf.reduce_sum(teacher.known)


def explained(network: keras.Model, held_out: ReadingSet) -> list[float]:
    """The share of the variance of each teacher's states that the network tells, on texts not trained on.

    1 is all of it; 0 is what one would have by always saying the mean.
    """
    told = _told(network.output)

    def errors(outputs: dict[str, tf.Tensor], batch: ReadingBatch) -> list[tf.Tensor]:
        pairs = [(outputs[name], target) for name, target in zip(told, batch.targets, strict=False)]
        return [
            tf.stack([squared_error(one, target)[0] for one in (said, tf.zeros_like(said))])
            for said, target in pairs
        ]

    sums = _sums(network, held_out, errors, hidden=0.0)
    return [1 - float(error / max(variance, 1e-9)) for error, variance in sums]


def agreement(network: keras.Model, words: WordLoss, held_out: ReadingSet, hidden: float) -> float:
    """The share of hidden words of which the network's first guess is the expected one, likewise."""
    same, asked = _sums(
        network, held_out, lambda outputs, batch: words.agreement(outputs, batch.questions), hidden=hidden
    )
    return float(same / max(asked, 1.0))


def _sums(
    network: keras.Model,
    held_out: ReadingSet,
    figures: Callable[[dict[str, tf.Tensor], ReadingBatch], Sequence[tf.Tensor]],
    *,
    hidden: float,
) -> np.ndarray:
    """Sums of figures over the batches of a set."""
    features = held_out.table.features()

    @tf.function(reduce_retracing=True, autograph=False)
    def of(batch: ReadingBatch) -> Sequence[tf.Tensor]:
        mask = tf.cast(tf.not_equal(batch.numbers, 0), tf.float32)
        return figures(network([features(batch.numbers), mask], training=False), batch)

    batches = held_out.batches(np.random.default_rng(0), _BATCH, hidden=hidden, fill=False)
    return sum(np.array(of(batch), np.float64) for batch in batches)


def _told(outputs: Iterable[str]) -> list[str]:
    """The outputs that tell a teacher's states, in the order of the teachers."""
    return [name for name in outputs if name.startswith(TOLD.format(""))]
