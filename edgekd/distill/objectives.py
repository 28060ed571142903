"""The losses, each a mean over the batch of a sum over the decisions in a text.

So a text counts by the likelihood of all that is said of it: its label and each of its tags.
"""

from __future__ import annotations

import tensorflow as tf


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
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits), axis=-1)
    labels = labels * (1 - smoothing) + smoothing / labels.shape[-1]
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits)


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
    return tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(targets, logits) * known, axis=-1)


def soft_targets(
    logits: tf.Tensor, teacher: tf.Tensor, *, objective: str, temperature: float, several: bool = False
) -> tf.Tensor:
    """How far the student's logits are from the teacher's, without the last axis; 0 where they are equal.

    "kl" is temperature^2 * KL(softmax(teacher / temperature) || softmax(logits / temperature)); the factor of
    Hinton et al. (2015, section 2.1) keeps its gradient comparable with that of a hard loss. For several
    labels it is the sum of the binary divergences. "mse" is the mean square of the difference of the logits
    (Ba and Caruana, 2014).

    Args:
        logits, teacher: (..., labels).
    """
    if objective == "mse":
        return tf.reduce_mean(tf.square(logits - teacher), axis=-1)
    logits, teacher = logits / temperature, teacher / temperature
    if several:
        target = tf.sigmoid(teacher)
        cross = tf.nn.sigmoid_cross_entropy_with_logits
        divergence = tf.reduce_sum(cross(target, logits) - cross(target, teacher), axis=-1)
    else:
        target = tf.nn.softmax(teacher)
        cross = tf.nn.softmax_cross_entropy_with_logits
        divergence = cross(target, logits) - cross(target, teacher)
    return divergence * temperature**2
