"""Guessing hidden words: the loss, and how well it is done."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from edgekd.recipe import Shape
from edgekd.students.network import STATES
from edgekd.teachers.guess_store import Questions


class WordLoss:
    """Cross-entropy between what is expected in the places of hidden words and what a student guesses.

    With a teacher's guesses that is how masked language models are distilled (Sanh et al., 2019,
    "DistilBERT"); with the words that are there, how they are trained.

    Args:
        student: from the states of whose last layer it guesses.
        count: of the words that are told apart.

    Attributes:
        companions: the layer that guesses, which is trained along and thrown away.
    """

    def __init__(self, student: Shape, count: int) -> None:
        self._states = STATES.format(student.layers)
        self._guess = keras.layers.Dense(count, name="guess")
        self._guess.build((None, None, student.state_width))
        self.companions = [self._guess]

    def __call__(self, outputs: Mapping[str, tf.Tensor], questions: Questions) -> tf.Tensor:
        """The mean over the questions of a batch, a scalar; 0 where there is none.

        Args:
            outputs: of a network that was built with its states.
        """
        log_guesses = tf.nn.log_softmax(self._logits(outputs, questions))
        of_expected = tf.gather(log_guesses, questions.classes, batch_dims=2)
        lost = -tf.reduce_sum(of_expected * questions.shares)
        return tf.math.divide_no_nan(lost, tf.reduce_sum(questions.shares))

    def agreement(
        self, outputs: Mapping[str, tf.Tensor], questions: Questions
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """How many questions have the likeliest class as answer, and how many there are."""
        asked = tf.cast(tf.reduce_sum(questions.shares, axis=-1) > 0, tf.float32)
        answers = tf.argmax(self._logits(outputs, questions), axis=-1, output_type=tf.int32)
        same = tf.cast(tf.equal(answers, questions.classes[..., 0]), tf.float32)
        return tf.reduce_sum(same * asked), tf.reduce_sum(asked)

    def _logits(self, outputs: Mapping[str, tf.Tensor], questions: Questions) -> tf.Tensor:
        return self._guess(tf.gather(outputs[self._states], questions.tokens, batch_dims=1))
