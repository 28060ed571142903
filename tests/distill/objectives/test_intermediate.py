"""Losses on states: by hand, what they do not see, and their gradients."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekd.distill.objectives.intermediate import (
    attention,
    cosine,
    mse,
    pkd,
    rkd_angle,
    rkd_distance,
    to_teacher_width,
)
from edgekd.errors import UsageError
from edgekd.students.compiled import compiled

ON_STATES = [mse, cosine, pkd, rkd_distance, rkd_angle]
RELATIONAL = [rkd_distance, rkd_angle]
SEEDS = st.integers(0, 2**32 - 1)


def states(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def rotation(seed, width):
    return np.linalg.qr(states(seed, width, width))[0]


def huber(x):
    return np.where(np.abs(x) <= 1, x**2 / 2, np.abs(x) - 0.5)


def test_mse_by_hand():
    student, teacher = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[3.0, 2.0], [0.0, 1.0]])
    np.testing.assert_allclose(mse(student, teacher), [2.0, 0.5])


def test_cosine_by_hand():
    student = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 4.0]])
    teacher = np.array([[0.0, 5.0], [-1.0, 0.0], [6.0, 8.0]])
    np.testing.assert_allclose(cosine(student, teacher), [1, 2, 0], atol=1e-12)


def test_pkd_is_the_square_between_unit_vectors():
    student, teacher = np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
    np.testing.assert_allclose(pkd(student, teacher), [0.6**2 + 0.2**2])
    student, teacher = states(0, 2, 5, 7)
    np.testing.assert_allclose(pkd(student, teacher), 2 * cosine(student, teacher))


def test_rkd_distance_by_hand():
    """A 3-4-5 triangle (mean 4) beside an equilateral one (all 1): differences of a quarter."""
    student = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    teacher = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, np.sqrt(0.75), 0.0]])
    quarter = 0.25**2 / 2
    np.testing.assert_allclose(
        rkd_distance(student, teacher), [quarter / 2, quarter, quarter / 2], atol=1e-12
    )
    np.testing.assert_allclose(rkd_distance(student[None], teacher[None]), [quarter * 2 / 3], atol=1e-12)


def test_rkd_angle_by_hand():
    """Cosines of a 3-4-5 triangle beside 1/2 in each corner of an equilateral one."""
    student = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    teacher = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, np.sqrt(0.75), 0.0]])
    corners = huber(np.array([0, 3 / 5, 4 / 5]) - 0.5)
    np.testing.assert_allclose(rkd_angle(student, teacher), corners, atol=1e-9)
    np.testing.assert_allclose(rkd_angle(student[None], teacher[None]), [corners.mean()], atol=1e-9)


@pytest.mark.parametrize("pooled", [True, False])
def test_relations_are_those_of_loops(pooled):
    """As the papers write them, over every pair and triplet of distinct points, with Huber's line."""
    student, teacher = states(1, 6, 3), states(2, 6, 8)
    student[0] *= 20

    def distances(points):
        gaps = np.array([[np.linalg.norm(a - b) for a in points] for b in points])
        return gaps / (gaps.sum() / 30)

    def angle(points, vertex, i, k):
        a, b = points[i] - points[vertex], points[k] - points[vertex]
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    by_pair = huber(distances(student) - distances(teacher)).sum(1) / 5
    by_triplet = np.zeros(6)
    for vertex in range(6):
        others = [n for n in range(6) if n != vertex]
        gaps = [
            angle(student, vertex, i, k) - angle(teacher, vertex, i, k)
            for i in others
            for k in others
            if i != k
        ]
        by_triplet[vertex] = huber(np.array(gaps)).mean()
    if pooled:
        np.testing.assert_allclose(rkd_distance(student, teacher), by_pair, rtol=1e-9)
        np.testing.assert_allclose(rkd_angle(student, teacher), by_triplet, rtol=1e-6)
    else:
        np.testing.assert_allclose(rkd_distance(student[None], teacher[None])[0], by_pair.mean(), rtol=1e-9)
        np.testing.assert_allclose(rkd_angle(student[None], teacher[None])[0], by_triplet.mean(), rtol=1e-6)


def test_attention_by_hand():
    student, teacher = np.zeros((1, 2, 2, 2)), np.zeros((1, 2, 2, 2))
    student[0, 0, 0, 0], teacher[0, 1, 1, 0] = 2.0, 4.0
    # In their rows of two, 2 and 0 are 1 and -1 away from their mean, 4 and 0 are 2 and -2.
    np.testing.assert_allclose(attention(student, teacher, np.ones((1, 2))), [(2 + 8) / 8])


def test_a_constant_in_a_row_of_attention_says_nothing():
    student, teacher = states(3, 2, 2, 3, 3), states(4, 2, 2, 3, 3)
    known = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    loss = attention(student, teacher, known)
    np.testing.assert_allclose(attention(student + states(5, 2, 2, 3, 1), teacher, known), loss)
    assert (loss.numpy() > 0.1).all()
    # One token alone can only look at itself.
    np.testing.assert_allclose(attention(student, teacher, np.array([[1.0, 0, 0], [0, 0, 1]])), 0, atol=1e-12)


def test_infinite_scores_of_padding_reach_neither_loss_nor_gradient():
    known = np.array([[1.0, 1.0, 0.0]], np.float32)
    scores = states(3, 1, 2, 3, 3).astype(np.float32)
    scores[..., 2] = -np.inf
    student = tf.Variable(scores)
    with tf.GradientTape() as tape:
        loss = attention(student, np.where(np.isinf(scores), scores, 0).astype(np.float32), known)
    seen = scores[:, :, :2, :2] - scores[:, :, :2, :2].mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(loss[0], np.mean(seen**2), rtol=1e-6)
    gradient = tape.gradient(loss, student).numpy()
    np.testing.assert_allclose(gradient[:, :, :2, :2], seen / 4, rtol=1e-5)
    assert not gradient[..., 2].any() and not gradient[:, :, 2].any()


@pytest.mark.parametrize("loss", ON_STATES)
@pytest.mark.parametrize("shape", [(4, 6), (3, 5, 6)])
def test_equal_states_cost_nothing_and_have_no_gradient(loss, shape):
    student = tf.Variable(states(4, *shape))
    with tf.GradientTape() as tape:
        value = loss(student, student.numpy())
    assert value.shape == shape[:1]
    np.testing.assert_allclose(value, 0, atol=1e-12)
    np.testing.assert_allclose(tape.gradient(value, student), 0, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.floats(0.01, 100))
def test_relations_do_not_see_rotation_scale_place_or_width(seed, scale):
    student, teacher = states(seed, 5, 3), states(seed + 1, 5, 4)
    wide = np.pad(student, [(0, 0), (0, 2)]) @ rotation(seed, 5) * scale + states(seed + 2, 5)
    for loss in RELATIONAL:
        np.testing.assert_allclose(loss(wide, teacher), loss(student, teacher), rtol=1e-5, atol=1e-8)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.floats(0.01, 100))
def test_angles_between_vectors_do_not_see_scale(seed, scale):
    student, teacher = states(seed, 2, 5, 3)
    for loss in (cosine, pkd):
        np.testing.assert_allclose(loss(student * scale, teacher), loss(student, teacher), rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_order_of_points_does_not_matter(seed):
    student, teacher, order = (
        states(seed, 5, 3),
        states(seed + 1, 5, 3),
        np.random.default_rng(seed).permutation(5),
    )
    for loss in ON_STATES:
        np.testing.assert_allclose(
            loss(student[order], teacher[order]), loss(student, teacher).numpy()[order]
        )
        of_text = loss(student[None, order], teacher[None, order])
        np.testing.assert_allclose(of_text, loss(student[None], teacher[None]))


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_padding_changes_nothing(seed, known):
    """Neither what stands in it nor how much there is; a text without tokens costs nothing."""
    kept = np.array(known)
    student, teacher = states(seed, 1, 6, 3), states(seed + 1, 1, 6, 3)
    for loss in ON_STATES:
        expected = loss(student[:, kept], teacher[:, kept]) if kept.any() else [0.0]
        padded = loss(student, np.where(kept[None, :, None], teacher, 1e3), kept[None])
        np.testing.assert_allclose(padded, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loss", ON_STATES)
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3)])
def test_gradient_is_the_slope(loss, shape):
    teacher = states(6, *shape)
    known = None if len(shape) == 2 else np.array([[1.0, 1, 1, 0], [1, 1, 1, 1]])
    by_text = tf.constant(states(7, shape[0]))
    analytic, numeric = tf.test.compute_gradient(
        lambda student: tf.reduce_sum(loss(student, teacher, known) * by_text),
        [tf.constant(states(5, *shape))],
    )
    np.testing.assert_allclose(analytic[0], numeric[0], atol=1e-5)


@pytest.mark.parametrize("loss", RELATIONAL)
def test_two_texts_with_one_state_have_a_gradient(loss):
    student = states(8, 5, 3).astype(np.float32) + 10
    student[1] = student[0]
    variable = tf.Variable(student)
    with tf.GradientTape() as tape:
        value = loss(variable, states(9, 5, 4).astype(np.float32))
    assert np.isfinite(value).all() and np.isfinite(tape.gradient(value, variable)).all()


@pytest.mark.parametrize("loss", [*ON_STATES, attention])
def test_losses_and_gradients_compile(loss):
    shape = (2, 3, 4, 4) if loss is attention else (2, 4, 3)
    student, teacher = (tf.constant(states(seed, *shape), tf.float32) for seed in (10, 11))
    known = tf.constant([[1.0, 1, 1, 0], [1, 1, 1, 1]])

    def value_and_gradient(student):
        with tf.GradientTape() as tape:
            tape.watch(student)
            value = loss(student, teacher, known)
        return value, tape.gradient(value, student)

    for fused, plain in zip(compiled(value_and_gradient)(student), value_and_gradient(student), strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", [mse, cosine, pkd])
def test_widths_that_differ_are_refused(loss):
    with pytest.raises(UsageError, match="width is 1 and the teacher's 4"):
        loss(np.zeros((2, 1)), np.zeros((2, 4)))


def test_heads_that_differ_are_refused():
    with pytest.raises(UsageError, match="number of heads is 1 and the teacher's 4"):
        attention(np.zeros((2, 1, 3, 3)), np.zeros((2, 4, 3, 3)), np.ones((2, 3)))


def test_projection_brings_states_to_the_teachers_width():
    student, matrix = tf.constant(states(11, 2, 4, 3), tf.float32), states(12, 3, 5).astype(np.float32)
    projection = to_teacher_width(3, 5)
    with tf.GradientTape() as tape:
        loss = mse(projection(student), student.numpy() @ matrix)
    (gradient,) = tape.gradient(loss, projection.trainable_variables)
    assert np.all(loss > 0) and np.any(gradient)
    projection.set_weights([matrix])
    np.testing.assert_allclose(mse(projection(student), student.numpy() @ matrix), 0, atol=1e-10)


def test_equal_widths_need_no_projection():
    projection = to_teacher_width(3, 3)
    student = states(13, 2, 3).astype(np.float32)
    np.testing.assert_array_equal(projection(student), student)
    assert not projection.trainable_variables
