"""Losses on the states inside student and teacher, each a mean over a text, (batch,).

States are pooled, (batch, width), or of tokens, (batch, tokens, width), with `known`, (batch, tokens): 1
where student and teacher have the token, 0 for padding. A text without a known token costs nothing. What is
not said to be width-free wants states of the teacher's width: `to_teacher_width` brings them there.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from edgekd.errors import UsageError

_SAME = 1e-6  # points whose squared distance is a smaller share of their squared sizes count as one


def to_teacher_width(width: int, teacher_width: int) -> keras.layers.Layer:
    """The learned matrix that brings a student's states to the teacher's width; nothing where it is the same.

    (Jiao et al., 2020, "TinyBERT", equations 8 and 9.) It is trained with the student and thrown away.
    """
    if width == teacher_width:
        return keras.layers.Identity(name="to_teacher_width")
    return keras.layers.Dense(teacher_width, use_bias=False, name="to_teacher_width")


def mse(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """Mean square of the difference: of hidden states or of embeddings (TinyBERT, equations 8 and 9)."""
    _require_equal("width", student, teacher, axis=-1)
    return _over_tokens(tf.reduce_mean(tf.square(student - teacher), axis=-1), known)


def cosine(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """One minus the cosine of the angle between the states, 0 to 2."""
    _require_equal("width", student, teacher, axis=-1)
    products = tf.math.l2_normalize(student, axis=-1) * tf.math.l2_normalize(teacher, axis=-1)
    return _over_tokens(1 - tf.reduce_sum(products, axis=-1), known)


def pkd(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """The squared distance of the states, each divided by its length: twice the cosine loss.

    (Sun et al., 2019, "Patient Knowledge Distillation", on pooled states.)
    """
    _require_equal("width", student, teacher, axis=-1)
    gap = tf.math.l2_normalize(student, axis=-1) - tf.math.l2_normalize(teacher, axis=-1)
    return _over_tokens(tf.reduce_sum(tf.square(gap), axis=-1), known)


def attention(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """Mean square of the difference of attention scores before the softmax (TinyBERT, equation 7).

    But for a constant in each row, which the softmax does not see: of what a token looks at, the mean counts
    as zero, for student and teacher alike.

    Args:
        student, teacher: (batch, heads, tokens, tokens), each token's row over what it looks at. What stands
            for padding may be minus infinity.
        known: (batch, tokens).
    """
    _require_equal("number of heads", student, teacher, axis=1)
    known = tf.cast(known, tf.bool)
    both = known[:, None, :, None] & known[:, None, None, :]
    weights = tf.cast(both, student.dtype)
    # Chosen before the difference is taken: infinities must not reach the gradient.
    gap = tf.where(both, student, tf.zeros_like(student)) - tf.where(both, teacher, tf.zeros_like(teacher))
    gap -= _mean(gap, weights, axes=(3,), keepdims=True)
    squares = tf.reduce_mean(tf.square(gap), axis=1)
    return _mean(squares, weights[:, 0], axes=(1, 2))


def rkd_distance(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """Width-free: how far apart two points are, beside the mean distance of all.

    The Huber loss of the difference between student and teacher (Park et al., 2019, "Relational Knowledge
    Distillation", section 3.2.1). The points are the tokens of a text, whose loss is the mean over their
    pairs; or the pooled states of the batch, where a text's loss is the mean over its pairs with the others.
    """
    return _relational(_relative_distances, student, teacher, known)


def rkd_angle(student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """Width-free: the cosine of the angle that two points make, seen from a third.

    As `rkd_distance`, over triplets of points (Park et al., 2019, section 3.2.2); the loss of a pooled state
    is the mean over what is seen from it. It takes room for points^3 numbers.
    """
    return _relational(_angles, student, teacher, known)


def _relational(
    relation: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    student: tf.Tensor,
    teacher: tf.Tensor,
    known: tf.Tensor | None,
) -> tf.Tensor:
    """The mean Huber loss of a relation within each set of points: a text, or of pooled states the batch."""
    pooled = len(student.shape) == 2
    if pooled:
        student, teacher = student[None], teacher[None]
    known = _or_ones(known, student[..., 0])
    ours, chosen = relation(student, known)
    theirs, _ = relation(teacher, tf.cast(known, teacher.dtype))
    gap = tf.abs(ours - theirs)
    losses = tf.where(gap <= 1, gap**2 / 2, gap - 0.5)
    if pooled:
        return _mean(losses[0], chosen[0], axes=range(1, losses.shape.rank - 1))
    return _mean(losses, chosen, axes=range(1, losses.shape.rank))


def _relative_distances(points: tf.Tensor, known: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Distances divided by their mean, and 1 for each two distinct known points: (sets, points, points)."""
    pairs = _pairs(known)
    distances = _distances(_inner_products(points, known))
    return tf.math.divide_no_nan(distances, _mean(distances, pairs, axes=(1, 2), keepdims=True)), pairs


def _angles(points: tf.Tensor, known: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cosines at each first point of a triplet, and 1 for those of three distinct known points.

    Both are (sets, points, points, points). From inner products alone, since the differences of all points
    would take width times the room of their products.
    """
    pairs = _pairs(known)
    triplets = pairs[:, :, :, None] * pairs[:, :, None, :] * pairs[:, None, :, :]
    inner = _inner_products(points, known)
    distances = _distances(inner)
    own = tf.linalg.diag_part(inner)
    # (a - v).(b - v) = a.b - v.a - v.b + v.v
    products = inner[:, None] - inner[:, :, :, None] - inner[:, :, None, :] + own[:, :, None, None]
    lengths = distances[:, :, :, None] * distances[:, :, None, :]
    return tf.math.divide_no_nan(products, lengths), triplets


def _inner_products(points: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """Of the known points, seen from their mean, where rounding harms differences least."""
    weights = known[..., None] * tf.ones_like(points)
    centred = (points - _mean(points, weights, axes=(1,), keepdims=True)) * weights
    return tf.matmul(centred, centred, transpose_b=True)


def _distances(inner: tf.Tensor) -> tf.Tensor:
    """From inner products; 0 and without a gradient, which the root lacks there, where two points are one."""
    own = tf.linalg.diag_part(inner)
    sizes = own[:, :, None] + own[:, None, :]
    squares = sizes - 2 * inner
    apart = squares > _SAME * sizes
    return tf.where(apart, tf.sqrt(tf.where(apart, squares, tf.ones_like(squares))), tf.zeros_like(squares))


def _pairs(known: tf.Tensor) -> tf.Tensor:
    """1 for two distinct known points, (sets, points, points)."""
    both = known[:, :, None] * known[:, None, :]
    return tf.linalg.set_diag(both, tf.zeros_like(known))


def _over_tokens(losses: tf.Tensor, known: tf.Tensor | None) -> tf.Tensor:
    """The mean over the known tokens of each text; of pooled states, (batch,), as they are."""
    return losses if len(losses.shape) == 1 else _mean(losses, _or_ones(known, losses), axes=(1,))


def _or_ones(known: tf.Tensor | None, like: tf.Tensor) -> tf.Tensor:
    return tf.ones_like(like) if known is None else tf.cast(known, like.dtype)


def _mean(values: tf.Tensor, weights: tf.Tensor, *, axes, keepdims: bool = False) -> tf.Tensor:
    """Weighted; 0 where the weights are."""
    axes = list(axes)
    total = tf.reduce_sum(values * weights, axes, keepdims=keepdims)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axes, keepdims=keepdims))


def _require_equal(what: str, student: tf.Tensor, teacher: tf.Tensor, *, axis: int) -> None:
    if student.shape[axis] != teacher.shape[axis]:
        raise UsageError(
            f"the student's {what} is {student.shape[axis]} and the teacher's {teacher.shape[axis]}",
            expected=f"the same {what} for this objective",
            fix="project the states by to_teacher_width, or use a width-free objective such as rkd_distance",
        )
