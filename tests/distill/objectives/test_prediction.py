"""The losses against closed forms and their limits."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.data.examples import Task
from edgekd.distill.objectives import (
    OBJECTIVES,
    hard_labels,
    hard_scores,
    hard_tags,
    require_fits,
    soft_targets,
)
from edgekd.errors import UsageError

RNG = np.random.default_rng(0)
STUDENT, TEACHER = RNG.normal(size=(2, 3, 4)).astype(np.float32)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def test_kl_is_the_divergence_of_tempered_probabilities():
    p, q = softmax(TEACHER / 2), softmax(STUDENT / 2)
    expected = 4 * (p * np.log(p / q)).sum(-1)
    np.testing.assert_allclose(
        soft_targets(STUDENT, TEACHER, objective="kl", temperature=2.0), expected, rtol=1e-4
    )


def test_kl_of_several_labels_is_the_sum_of_binary_divergences():
    p, q = 1 / (1 + np.exp(-TEACHER)), 1 / (1 + np.exp(-STUDENT))
    expected = (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum(-1)
    loss = soft_targets(STUDENT, TEACHER, objective="kl", temperature=1.0, several=True)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_cross_entropy_is_that_of_tempered_probabilities():
    p, q = softmax(TEACHER / 2), softmax(STUDENT / 2)
    loss = soft_targets(STUDENT, TEACHER, objective="ce", temperature=2.0)
    np.testing.assert_allclose(loss, -4 * (p * np.log(q)).sum(-1), rtol=1e-4)


def test_cross_entropy_of_several_labels_is_binary():
    p, q = 1 / (1 + np.exp(-TEACHER / 2)), 1 / (1 + np.exp(-STUDENT / 2))
    expected = -4 * (p * np.log(q) + (1 - p) * np.log(1 - q)).sum(-1)
    loss = soft_targets(STUDENT, TEACHER, objective="ce", temperature=2.0, several=True)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


@pytest.mark.parametrize("several", [False, True])
def test_cross_entropy_has_the_gradient_of_the_divergence(several):
    gradients = []
    for objective in ("kl", "ce"):
        logits = tf.Variable(STUDENT)
        with tf.GradientTape() as tape:
            loss = soft_targets(logits, TEACHER, objective=objective, temperature=3.0, several=several)
        gradients.append(tape.gradient(loss, logits))
    np.testing.assert_allclose(*gradients, atol=1e-6)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gradient_is_the_slope(objective, several):
    teacher = tf.constant(TEACHER, tf.float64)
    analytic, numeric = tf.test.compute_gradient(
        lambda logits: tf.reduce_sum(
            soft_targets(logits, teacher, objective=objective, temperature=2.0, several=several)
        ),
        [tf.constant(STUDENT, tf.float64)],
    )
    np.testing.assert_allclose(analytic[0], numeric[0], atol=1e-5)


def test_mse_is_the_mean_square():
    expected = ((STUDENT - TEACHER) ** 2).mean(-1)
    np.testing.assert_allclose(
        soft_targets(STUDENT, TEACHER, objective="mse", temperature=9.0), expected, rtol=1e-5
    )


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("objective", ["kl", "mse"])
def test_equal_logits_cost_nothing_and_have_no_gradient(objective, several):
    logits = tf.Variable(TEACHER)
    with tf.GradientTape() as tape:
        loss = soft_targets(logits, TEACHER, objective=objective, temperature=1.5, several=several)
    np.testing.assert_allclose(loss, 0, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, logits), 0, atol=1e-6)


def test_gradient_at_high_temperature_is_that_of_centred_logits():
    """Hinton et al. (2015), equation 4: as the temperature grows, KL becomes MSE of centred logits."""
    logits = tf.Variable(STUDENT)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(soft_targets(logits, TEACHER, objective="kl", temperature=1000.0))
    centred = (STUDENT - STUDENT.mean(-1, keepdims=True)) - (TEACHER - TEACHER.mean(-1, keepdims=True))
    np.testing.assert_allclose(tape.gradient(loss, logits), centred / 4, atol=2e-3)


def test_hard_labels_are_cross_entropies():
    one_hot = np.eye(4, dtype=np.float32)[[0, 2, 3]]
    expected = -np.log(softmax(STUDENT)[[0, 1, 2], [0, 2, 3]])
    np.testing.assert_allclose(
        hard_labels(STUDENT, one_hot, several=False, smoothing=0.0), expected, rtol=1e-5
    )
    q = 1 / (1 + np.exp(-STUDENT))
    expected = -(one_hot * np.log(q) + (1 - one_hot) * np.log(1 - q)).sum(-1)
    np.testing.assert_allclose(
        hard_labels(STUDENT, one_hot, several=True, smoothing=0.0), expected, rtol=1e-5
    )


def test_smoothing_spreads_the_target():
    one_hot = np.eye(4, dtype=np.float32)[[0, 2, 3]]
    target = one_hot * 0.9 + 0.1 / 4
    expected = -(target * np.log(softmax(STUDENT))).sum(-1)
    np.testing.assert_allclose(
        hard_labels(STUDENT, one_hot, several=False, smoothing=0.1), expected, rtol=1e-5
    )


def test_tags_count_where_they_are_known():
    logits = RNG.normal(size=(2, 3, 5)).astype(np.float32)
    tags = np.array([[1, 0, -1], [-1, -1, -1]], np.int32)
    expected = -np.log(softmax(logits)[0, [0, 1], [1, 0]]).sum()
    np.testing.assert_allclose(hard_tags(logits, tags, smoothing=0.0), [expected, 0], rtol=1e-5)


def test_scores_cost_their_squared_error():
    outputs, scores = np.array([[1.0], [2.0], [0.5]], np.float32), np.array([1.0, 0.0, 1.0], np.float32)
    np.testing.assert_allclose(hard_scores(outputs, scores), [0, 4, 0.25])
    by_teacher = soft_targets(outputs, scores[:, None], objective="mse", temperature=1.0)
    np.testing.assert_allclose(by_teacher, [0, 4, 0.25])


@pytest.mark.parametrize(
    ("objective", "task", "outputs", "several"),
    [
        ("kl", Task.CLASSIFICATION, 7, False),
        ("ce", Task.JOINT, 7, False),
        ("kl", Task.TAGGING, 3, False),
        ("ce", Task.MULTILABEL, 7, True),
        ("kl", Task.MULTILABEL, 1, True),
        ("mse", Task.MULTILABEL, 7, False),
        ("mse", Task.CLASSIFICATION, 1, False),
    ],
)
def test_objectives_that_fit(objective, task, outputs, several):
    require_fits(objective, task, outputs=outputs, several=several)


@pytest.mark.parametrize("objective", ["kl", "ce"])
def test_probabilities_of_one_output_are_refused(objective):
    with pytest.raises(
        UsageError, match=f"{objective} compares probabilities, and that of a single output"
    ) as error:
        require_fits(objective, Task.CLASSIFICATION, outputs=1, several=False)
    assert error.value.fix == "set the objective to mse"


def test_softmax_on_several_labels_is_refused():
    with pytest.raises(UsageError, match="takes one label to be right, and a text may have several"):
        require_fits("kl", Task.MULTILABEL, outputs=7, several=False)


def test_unknown_objective_is_refused():
    with pytest.raises(UsageError, match="no objective 'l1'\nexpected: one of kl, ce, mse"):
        require_fits("l1", Task.JOINT, outputs=7, several=False)
