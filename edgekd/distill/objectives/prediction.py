"""Losses on what is said of a text, each a sum over the decisions in it.

So a text counts by the likelihood of all that is said of it: its label and each of its tags.
"""

from __future__ import annotations

from typing import Literal, get_args

import tensorflow as tf

from edgekd.data.examples import Task
from edgekd.errors import UsageError

Objective = Literal["kl", "ce", "mse"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)


def require_fits(objective: Objective, task: Task, *, outputs: int, several: bool) -> None:
    """Raise UsageError if a head cannot learn a task by an objective; to be called before training starts.

    Args:
        objective: one of OBJECTIVES.
        task: what the head is to learn.
        outputs: of the head.
        several: each output has a probability of its own (sigmoid); else they share one (softmax).
    """
    if objective not in OBJECTIVES:
        raise UsageError(f"there is no objective {objective!r}", expected=f"one of {', '.join(OBJECTIVES)}")
    if objective == "mse" or several:
        return
    if outputs == 1:
        raise UsageError(
            f"the objective {objective} compares probabilities, and that of a single output is always 1",
            expected="mse where the teacher gives a score",
            fix="set the objective to mse",
        )
    if task is Task.MULTILABEL:
        raise UsageError(
            f"the objective {objective} by softmax takes one label to be right, and a text may have several",
            expected="a probability of its own for each label",
            fix="use a teacher that was trained with a sigmoid for each label, or set the objective to mse",
        )


def hard_labels(logits: tf.Tensor, labels: tf.Tensor, *, several: bool, smoothing: float) -> tf.Tensor:
    """Cross-entropy with the data's labels, (batch,); binary for each label where there may be several.

    Args:
        logits: (batch, labels).
        labels: (batch, labels) of 0 and 1.
        several: any number of labels may be right at once.
        smoothing: share of the target spread over all labels.
    """
    if several:
        labels = labels * (1 - smoothing) + smoothing / 2
    else:
        labels = labels * (1 - smoothing) + smoothing / labels.shape[-1]
    return _cross_entropy(labels, logits, several=several)


def hard_tags(logits: tf.Tensor, tags: tf.Tensor, *, smoothing: float) -> tf.Tensor:
    """Cross-entropy with the data's tags, summed over the tokens that have one, (batch,).

    Args:
        logits: (batch, tokens, tags).
        tags: int32 (batch, tokens), -1 for none.
        smoothing: share of the target spread over all tags.
    """
    count = logits.shape[-1]
    targets = tf.one_hot(tags, count) * (1 - smoothing) + smoothing / count
    known = tf.cast(tags >= 0, tf.float32)
    return tf.reduce_sum(_cross_entropy(targets, logits, several=False) * known, axis=-1)


def hard_scores(outputs: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Squared error of a head that predicts a score, (batch,). Its soft target is the "mse" of one logit.

    Args:
        outputs: (batch, 1).
        scores: (batch,), the data's.
    """
    return tf.square(tf.squeeze(outputs, axis=-1) - scores)


def soft_targets(
    logits: tf.Tensor, teacher: tf.Tensor, *, objective: Objective, temperature: float, several: bool = False
) -> tf.Tensor:
    """How far the student's logits are from the teacher's, without the last axis.

    "kl" is temperature^2 * KL(softmax(teacher / temperature) || softmax(logits / temperature)); the factor of
    Hinton et al. (2015, section 2.1) keeps its gradient comparable with that of a hard loss. "ce" is the
    cross-entropy of the same probabilities with the same factor: "kl" and the teacher's own entropy, so that
    its gradient is the same and it is not 0 where the logits are equal. For several labels both are sums over
    the binary decisions. "mse" is the mean square of the difference of the logits (Ba and Caruana, 2014),
    whatever the temperature.

    Args:
        logits, teacher: (..., labels).
    """
    if objective == "mse":
        return tf.reduce_mean(tf.square(logits - teacher), axis=-1)
    logits, teacher = logits / temperature, teacher / temperature
    target = tf.sigmoid(teacher) if several else tf.nn.softmax(teacher)
    divergence = _cross_entropy(target, logits, several=several)
    if objective == "kl":
        divergence -= _cross_entropy(target, teacher, several=several)
    return divergence * temperature**2


def _cross_entropy(target: tf.Tensor, logits: tf.Tensor, *, several: bool) -> tf.Tensor:
    """Of probabilities with the student's, (...); summed over the labels where each has its own."""
    if several:
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, logits), axis=-1)
    return tf.nn.softmax_cross_entropy_with_logits(target, logits)
