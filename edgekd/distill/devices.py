"""The processors that a student is trained on."""

from __future__ import annotations

import tensorflow as tf


def all_devices() -> tf.distribute.Strategy:
    """All GPUs where there are several, each with a copy of the weights; else what TensorFlow chooses.

    A strategy that is in force already stays so.
    """
    if tf.distribute.has_strategy() or len(tf.config.list_logical_devices("GPU")) < 2:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy()
