"""Mixup against its formula, its distribution, and the limits of the share."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from edgekd.distill.augment.mixup import Mix, draw, mixed, united

RNG = np.random.default_rng(1)
FEATURES = tf.constant(RNG.normal(size=(5, 3, 4)), tf.float32)
TARGETS = tf.constant(RNG.normal(size=(5, 7)), tf.float32)
MIX = Mix(np.array([3, 0, 1, 4, 2], np.int32), np.float32(0.25))


def test_features_and_targets_are_mixed_alike_behind_the_batch():
    for values in (FEATURES, TARGETS):
        both = mixed(values, MIX).numpy()
        np.testing.assert_array_equal(both[:5], values)
        for row, partner in enumerate([3, 0, 1, 4, 2]):
            np.testing.assert_allclose(both[5 + row], 0.25 * values[row] + 0.75 * values[partner], rtol=1e-6)


def test_a_share_of_one_repeats_the_batch_and_of_none_its_partners():
    for share, rows in ((1, range(5)), (0, MIX.partner)):
        np.testing.assert_array_equal(
            mixed(TARGETS, Mix(MIX.partner, np.float32(share)))[5:], tf.gather(TARGETS, rows)
        )


def test_masks_are_united():
    mask = tf.constant([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 1, 1]])
    assert united(mask, MIX).numpy().tolist() == [
        *mask.numpy().tolist(), [1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]
    ]  # fmt: skip
    assert united(tf.cast(mask, tf.float32), MIX).dtype == tf.float32


def test_the_draw_is_a_permutation_and_a_beta():
    rng = np.random.default_rng(2)
    drawn = [draw(6, rng) for _ in range(20_000)]
    assert all(sorted(mix.partner) == list(range(6)) for mix in drawn)
    shares = np.array([mix.share for mix in drawn])
    # Of Beta(a, a): mean 1/2 and variance 1 / (4 (2 a + 1)), here with a = 0.4.
    assert abs(shares.mean() - 0.5) < 0.01
    assert abs(shares.var() - 1 / 7.2) < 0.003
    assert draw(6, np.random.default_rng(3)).share == draw(6, np.random.default_rng(3)).share


def test_it_compiles_and_gradients_reach_both_texts():
    @tf.function(jit_compile=True)
    def gradient(values, partner, share):
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = tf.reduce_sum(mixed(values, Mix(partner, share))[5:] * tf.reshape(tf.range(5.0), [5, 1]))
        return tape.gradient(total, values)

    expected = 0.25 * np.arange(5.0)
    expected[MIX.partner] += 0.75 * np.arange(5.0)
    result = gradient(TARGETS, tf.constant(MIX.partner), tf.constant(MIX.share))
    np.testing.assert_allclose(result, np.tile(expected[:, None], 7), rtol=1e-6)
