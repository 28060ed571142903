"""The bound against loops, its limits in closed form, known informations, and its gradient."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekd.distill.objectives.information import MutualInformation, interpolated_bound
from edgekd.students.compiled import compiled

ALPHAS = [0.0, 0.3, 0.9, 1.0]
RNG = np.random.default_rng(0)


def looped(scores, log_baseline, alpha):
    """The estimator written out, from exponentials."""
    count, ratios, baseline = len(scores), np.exp(scores), np.exp(log_baseline)

    def scale(y, without):
        mean = np.mean([ratios[y, k] for k in range(count) if k != without])
        return alpha * mean + (1 - alpha) * baseline[y]

    bounds = []
    for y in range(count):
        others = [x for x in range(count) if x != y]
        pair = np.mean([scores[y, y] - np.log(scale(y, x)) for x in others])
        mismatched = np.mean([ratios[y, x] / scale(y, y) for x in others])
        bounds.append(1 + pair - mismatched)
    return bounds


def gaussians(count, correlation):
    """Pairs of correlated Gaussians: log p(y | x) / p(y) of all of them, and their mutual information."""
    x, noise = np.random.default_rng(1).normal(size=(2, count))
    y = correlation * x + math.sqrt(1 - correlation**2) * noise
    rest = 1 - correlation**2
    scores = -((y[:, None] - correlation * x) ** 2) / (2 * rest) + y[:, None] ** 2 / 2 - math.log(rest) / 2
    return scores, -math.log(rest) / 2


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("count", [2, 3, 7])
def test_bound_is_that_of_loops(alpha, count):
    scores, log_baseline = RNG.normal(size=(count, count)), RNG.normal(size=count)
    np.testing.assert_allclose(
        interpolated_bound(scores, log_baseline, alpha=alpha), looped(scores, log_baseline, alpha), rtol=1e-9
    )


@pytest.mark.parametrize("alpha", ALPHAS)
def test_critic_that_tells_nothing_apart(alpha):
    """With f = c and log q = b it is 1 + log r - r, where r = e^c / (alpha e^c + (1 - alpha) e^b)."""
    c, b = 0.7, -0.4
    ratio = math.exp(c) / (alpha * math.exp(c) + (1 - alpha) * math.exp(b))
    bound = interpolated_bound(np.full((5, 5), c), np.full(5, b), alpha=alpha)
    np.testing.assert_allclose(bound, 1 + math.log(ratio) - ratio, atol=1e-9)


def test_alpha_0_is_tuba():
    """1 + E[f - log q] - E[e^f' / q] (Poole et al., 2019)."""
    scores, log_baseline = RNG.normal(size=(6, 6)), RNG.normal(size=6)
    off_diagonal = ~np.eye(6, dtype=bool)
    ratios = np.exp(scores - log_baseline[:, None])[off_diagonal]
    expected = 1 + np.mean(np.diag(scores) - log_baseline) - ratios.mean()
    bound = np.mean(interpolated_bound(scores, log_baseline, alpha=0.0))
    np.testing.assert_allclose(bound, expected, rtol=1e-9)


def test_alpha_0_has_no_limit():
    """A perfect critic of texts that are told apart, with a baseline that fits, passes log(batch)."""
    scores = np.where(np.eye(4), 30.0, -30.0)
    np.testing.assert_allclose(interpolated_bound(scores, np.zeros(4), alpha=0.0), 31, rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.floats(0, 300), st.integers(0, 2**32 - 1))
def test_alpha_1_is_at_most_the_logarithm_of_the_batch_and_ignores_the_baseline(count, size, seed):
    scores, log_baseline = np.random.default_rng(seed).normal(size=(2, count, count)) * size
    bound = interpolated_bound(scores, log_baseline[0], alpha=1.0)
    assert np.max(bound) <= math.log(count - 1) + 1e-9 * (1 + size)
    np.testing.assert_allclose(
        bound, interpolated_bound(scores, np.zeros(count), alpha=1.0), rtol=1e-9, atol=1e-9
    )


def test_alpha_1_reaches_the_logarithm_where_all_texts_are_told_apart():
    bound = interpolated_bound(np.where(np.eye(9), 40.0, -40.0), np.zeros(9), alpha=1.0)
    np.testing.assert_allclose(bound, math.log(8), rtol=1e-9)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_ideal_critic_finds_the_information_of_gaussians(alpha):
    """With f = log p(y | x) / p(y) and q = 1 every alpha is tight, as far as the batch reaches."""
    scores, information = gaussians(2000, 0.8)
    bound = np.mean(interpolated_bound(scores, np.zeros(2000), alpha=alpha))
    np.testing.assert_allclose(bound, information, atol=0.04)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_gradient_is_the_slope(alpha):
    arguments = [tf.constant(RNG.normal(size=(4, 4))), tf.constant(RNG.normal(size=4))]
    by_text = tf.constant(RNG.normal(size=4))
    analytic, numeric = tf.test.compute_gradient(
        lambda scores, log_baseline: tf.reduce_sum(
            interpolated_bound(scores, log_baseline, alpha=alpha) * by_text
        ),
        arguments,
    )
    for a, b in zip(analytic, numeric, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_gradient_where_scores_are_equal():
    scores = tf.Variable(tf.zeros((3, 3), tf.float64))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(interpolated_bound(scores, tf.zeros(3, tf.float64), alpha=1.0))
    np.testing.assert_allclose(tape.gradient(loss, scores), (np.eye(3) - 1 / 3) / 4, atol=1e-9)


@pytest.mark.parametrize("alpha", [0.3, 0.9, 1.0])
def test_large_scores_stay_finite(alpha):
    """In float32, where e^300 is infinite; whichever of a row is the largest."""
    scores = tf.Variable(RNG.normal(size=(8, 8)).astype(np.float32) * 300)
    with tf.GradientTape() as tape:
        bound = interpolated_bound(scores, tf.fill(8, -200.0), alpha=alpha)
    assert np.isfinite(bound).all() and np.isfinite(tape.gradient(bound, scores)).all()
    exact = interpolated_bound(tf.cast(scores, tf.float64), np.full(8, -200.0), alpha=alpha)
    np.testing.assert_allclose(bound, exact, rtol=1e-4)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_bound_and_gradient_compile(alpha):
    arguments = [tf.constant(RNG.normal(size=shape), tf.float32) for shape in ((5, 5), 5)]

    def bound_and_gradient(scores, log_baseline):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            bound = interpolated_bound(scores, log_baseline, alpha=alpha)
        return bound, tape.gradient(bound, scores)

    for fused, plain in zip(
        compiled(bound_and_gradient)(*arguments), bound_and_gradient(*arguments), strict=True
    ):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.9])
def test_mlp_critic_learns_the_information_there_is(alpha):
    """States of other widths: dependent ones are worth most of what they share, and no more than that."""
    tf.keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    loss = MutualInformation("mlp", alpha=alpha, hidden=32)
    optimizer = tf.keras.optimizers.Adam(3e-3)
    information = -math.log(1 - 0.9**2)  # of two pairs of Gaussians

    def batch():
        x, noise = rng.normal(size=(2, 128, 2))
        y = 0.9 * x + math.sqrt(1 - 0.9**2) * noise
        return tf.constant(x, tf.float32), tf.constant(np.concatenate([y, -y, y], axis=1), tf.float32)

    loss(*batch())

    @tf.function
    def step(student, teacher):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(student, teacher))
        variables = loss.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    for _ in range(250):
        step(*batch())
    held_out = -np.mean([tf.reduce_mean(loss(*batch())) for _ in range(20)])
    assert 0.6 * information < held_out < 1.1 * information


def test_transformer_critic_reads_tokens_and_not_padding():
    tf.keras.utils.set_random_seed(0)
    loss = MutualInformation("transformer", hidden=16)
    student, teacher = (
        RNG.normal(size=(4, 5, 3)).astype(np.float32),
        RNG.normal(size=(4, 7, 6)).astype(np.float32),
    )
    student_known, teacher_known = np.ones((4, 5), np.float32), np.ones((4, 7), np.float32)
    student_known[:, 4:], teacher_known[:, 5:] = 0, 0
    value = loss(student, teacher, student_known, teacher_known)
    assert value.shape == (4,)
    np.testing.assert_allclose(value, loss(student[:, :4], teacher[:, :5]), rtol=1e-4)
    student[:, 4:], teacher[:, 5:] = 9, -9
    np.testing.assert_allclose(value, loss(student, teacher, student_known, teacher_known), rtol=1e-4)


def test_transformer_critic_lets_tokens_see_one_another():
    """A text's meaning may lie in which tokens stand together, which no mean of single tokens tells."""
    tf.keras.utils.set_random_seed(0)
    loss = MutualInformation("transformer", hidden=16)
    a, b = np.array([1.0, 2.0, -1.0], np.float32), np.array([-1.0, 1.0, 2.0], np.float32)
    single = [loss.of_student(np.stack([token])[None]).numpy() for token in (a, b)]
    together = loss.of_student(np.stack([a, b])[None]).numpy()
    assert np.abs(together - np.mean(single, axis=0)).max() > 1e-3


@pytest.mark.parametrize("critic", ["mlp", "transformer"])
def test_gradients_reach_the_student_and_every_weight(critic):
    tf.keras.utils.set_random_seed(0)
    shape = (6,) if critic == "mlp" else (6, 3)
    student = tf.Variable(RNG.normal(size=(*shape, 4)).astype(np.float32))
    teacher = RNG.normal(size=(*shape, 8)).astype(np.float32)
    loss = MutualInformation(critic, hidden=16)
    with tf.GradientTape() as tape:
        value = loss(student, teacher)
    gradients = tape.gradient(value, [student, *loss.trainable_variables])
    assert all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)
    assert np.any(gradients[0])
