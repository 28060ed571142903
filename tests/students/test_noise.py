"""Masks that are as random as they should be, and a dropout whose gradient is its own."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.students.noise import Dropout, random_mask


@pytest.mark.parametrize("rate", [0.0, 0.025, 0.2, 0.5, 1.0])
def test_the_rate_is_exact_on_average(rate):
    mask = random_mask((100, 1000), rate, tf.constant([1, 2])).numpy()
    assert np.mean(~mask) == pytest.approx(rate, abs=4 * 0.5 / np.sqrt(mask.size))


def test_neighbours_and_seeds_are_independent():
    masks = [
        random_mask((400, 500), 0.5, tf.constant(seed)).numpy() for seed in ([1, 2], [1, 3], [2, 2], [9, 0])
    ]
    tolerance = 4 / np.sqrt(masks[0].size)
    for index, mask in enumerate(masks):
        signs = np.where(mask, 1.0, -1.0)
        assert abs(np.mean(signs[:, 1:] * signs[:, :-1])) < tolerance
        assert abs(np.mean(signs[1:] * signs[:-1])) < tolerance
        for other in masks[:index]:
            assert abs(np.mean(signs * np.where(other, 1.0, -1.0))) < tolerance


def test_the_same_seed_gives_the_same_mask():
    one, same = (random_mask((5, 7), 0.3, tf.constant([4, 5])).numpy() for _ in range(2))
    np.testing.assert_array_equal(one, same)


def test_dropout_scales_what_it_keeps_and_its_gradient_likewise():
    layer = Dropout(0.25)
    x = tf.ones((200, 50))
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
    gradient = tape.gradient(outputs, x)
    np.testing.assert_allclose(outputs, gradient)
    np.testing.assert_allclose(np.unique(outputs), [0, 1 / 0.75], rtol=1e-6)
    assert np.mean(outputs) == pytest.approx(1, abs=0.03)
    assert not np.array_equal(outputs, layer(x, training=True))
    np.testing.assert_array_equal(layer(x), x)
