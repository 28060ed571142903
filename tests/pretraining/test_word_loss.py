"""The loss on hidden words against closed forms."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from edgekd.pretraining.word_loss import WordLoss
from edgekd.students.compiled import compiled
from edgekd.teachers.guess_store import Questions
from tests.pretraining.conftest import SHAPE

COUNT = 6


def loss_and_questions():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(2, 4, SHAPE.state_width)).astype(np.float32)
    classes = np.array([[[0, 3], [2, 1]], [[5, 4], [0, 0]]], np.int32)
    shares = np.array([[[0.7, 0.3], [0.5, 0.5]], [[1.0, 0.0], [0.0, 0.0]]], np.float32)
    questions = Questions(np.array([[1, 3], [2, 0]], np.int32), classes, shares, classes[..., 0])
    return WordLoss(SHAPE, COUNT), {"layer_1": tf.constant(states)}, questions


def test_it_is_the_cross_entropy_over_the_questions():
    loss, outputs, questions = loss_and_questions()
    kernel, bias = (weight.numpy() for weight in loss.companions[0].weights)
    expected = 0.0
    for text in range(2):
        for place, classes, shares in zip(
            questions.tokens[text], questions.classes[text], questions.shares[text], strict=True
        ):
            logits = outputs["layer_1"].numpy()[text, place] @ kernel + bias
            log_guess = logits - np.log(np.exp(logits).sum())
            expected -= (shares * log_guess[classes]).sum()
    np.testing.assert_allclose(loss(outputs, questions), expected / 3, rtol=1e-5)
    np.testing.assert_allclose(compiled(loss)(outputs, questions), expected / 3, rtol=1e-4)


def test_its_least_is_the_entropy_of_what_is_expected():
    loss, outputs, questions = loss_and_questions()
    first = np.array([[[1], [0]], [[0], [0]]], np.float32)
    only = questions._replace(shares=questions.shares * first)
    log_shares = np.full(COUNT, -30.0, np.float32)
    log_shares[[0, 3]] = np.log([0.7, 0.3])
    loss.companions[0].set_weights([np.zeros((SHAPE.state_width, COUNT)), log_shares])
    np.testing.assert_allclose(loss(outputs, only), -(0.7 * np.log(0.7) + 0.3 * np.log(0.3)), rtol=1e-4)


def test_without_a_question_it_is_zero_and_has_a_gradient():
    loss, outputs, questions = loss_and_questions()
    states = outputs["layer_1"]
    with tf.GradientTape() as tape:
        tape.watch(states)
        value = loss(outputs, questions._replace(shares=np.zeros_like(questions.shares)))
    assert float(value) == 0 and not tape.gradient(value, states).numpy().any()


def test_agreement_counts_first_guesses():
    loss, outputs, questions = loss_and_questions()
    bias = np.zeros(COUNT, np.float32)
    bias[[0, 5]] = 2, 1
    loss.companions[0].set_weights([np.zeros((SHAPE.state_width, COUNT)), bias])
    assert [float(one) for one in loss.agreement(outputs, questions)] == [1, 3]
