"""Dropout and zoneout by hashing: TensorFlow's own random numbers took a third of a student's training."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from edgekd.students.compiled import compiled
from edgekd.text.projection import MIX


def random_mask(shape: tuple[int | tf.Tensor, ...], rate: float | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Booleans, each False with probability `rate`: the hash of its number and of the seed.

    Args:
        shape: of the result.
        rate: 0 to 1.
        seed: two integers; the same ones give the same mask.
    """
    factor, offset = tf.unstack(tf.cast(seed, tf.uint32))
    hashes = tf.cast(tf.range(tf.reduce_prod(shape)), tf.uint32) * (2 * factor + np.uint32(1)) + offset
    for bits, multiplier in ((16, MIX[0]), (15, MIX[1])):
        hashes = _mixed(hashes, bits) * np.uint32(multiplier)
    # 24 bits, as many as a float32 tells apart.
    drawn = tf.cast(tf.bitwise.right_shift(_mixed(hashes, 16), np.uint32(8)), tf.float32)
    return tf.reshape(drawn >= rate * 2.0**24, shape)


def _mixed(hashes: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(hashes, tf.bitwise.right_shift(hashes, np.uint32(bits)))


@keras.saving.register_keras_serializable("edgekd")
class Dropout(keras.layers.Layer):
    """Zeros inputs with probability `rate` in training and divides the others by 1 - `rate`."""

    def __init__(self, rate: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.rate = rate
        self.seeds = keras.random.SeedGenerator()
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or not self.rate:
            return inputs
        seed = self.seeds.next()

        @tf.custom_gradient
        def dropout(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            return _dropped(inputs, self.rate, seed), lambda by_outputs: _dropped(by_outputs, self.rate, seed)

        return dropout(inputs)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}


@compiled
def _dropped(values: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    kept = random_mask(tf.shape(values), rate, seed)
    return values * tf.cast(kept, values.dtype) * (1 / (1 - rate))
