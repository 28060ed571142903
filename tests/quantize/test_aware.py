"""Fake quantization: what is on the grid, what the gradients are, and which range is taken first."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import LabelSet
from edgekd.recipe import PQRNN

tf = pytest.importorskip("tensorflow")

CONFIG = PQRNN(
    token_features=32, ngram_features=32, ngram_groups=2, bottleneck=24, units=8, max_tokens=8, max_chars=64
)
LABELS = LabelSet(("alarm", "music"), ("time",))


@pytest.fixture
def network():
    from edgekd.students.network import build

    network = build(CONFIG, LABELS)
    rng = np.random.default_rng(4)
    for weight in network.weights:
        if len(weight.shape) == 1 and weight.dtype == "float32":
            weight.assign(weight.numpy() + rng.uniform(0.1, 2, weight.shape))
    return network


def fold(network):
    norm = network.get_layer("bottleneck_norm")
    return norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)


@pytest.mark.parametrize(("bits", "levels", "axis"), [("int8", 127, None), ("int4", 7, 0)])
@pytest.mark.parametrize("learnt", [-0.4, 0.0, 0.4])
def test_every_matrix_is_on_a_grid_that_a_min_max_quantizer_finds(network, bits, levels, axis, learnt):
    from edgekd.quantize.aware import LearntGrid

    grid = LearntGrid(network, bits)
    grid.fit(network)
    for log_step in grid.log_steps:
        log_step.assign(log_step.numpy() + learnt)
    on_grid = grid.quantized(network)
    assert [kernel.shape[0] for kernel, _ in on_grid] == [64, 48, 48, 32, 32, 16, 16, 16, 16]
    for kernel, values in on_grid:
        exported = values.numpy() * (fold(network) if kernel is network.get_layer("bottleneck").kernel else 1)
        step = np.abs(exported).max(axis=axis, keepdims=True) / levels
        np.testing.assert_allclose(exported / step, np.rint(exported / step), atol=1e-3)
        assert 0 < np.abs(values - kernel.numpy()).max() < np.abs(kernel.numpy()).max()


def test_gradients_are_those_of_learned_step_sizes():
    from edgekd.quantize.aware import _on_grid

    weights = tf.constant([[0.26], [-0.4], [1.9], [-2.5]])
    log_step, ones = tf.constant([[np.log(0.1)]], tf.float32), tf.ones((1, 1))
    by_values = tf.constant([[1.0], [2.0], [4.0], [8.0]])
    with tf.GradientTape() as tape:
        tape.watch([weights, log_step])
        [values] = _on_grid([weights], [ones], [log_step], levels=7, by_output=True)
    np.testing.assert_allclose(values, [[0.3], [-0.4], [0.7], [-0.7]], atol=1e-6)
    by_weights, by_log_step = tape.gradient(values, [weights, log_step], by_values)
    np.testing.assert_allclose(by_weights, [[1], [2], [0], [0]])
    # Inside the rounding error in steps, outside the last level; by the logarithm, times the step.
    np.testing.assert_allclose(by_log_step, [[0.1 * (1 * 0.4 + 2 * 0 + 4 * 7 - 8 * 7)]], rtol=1e-4)


def test_the_first_range_changes_the_weights_least():
    from edgekd.quantize.aware import _fitted, _rounded

    weights = tf.constant(np.random.default_rng(1).normal(size=(500, 3)), tf.float32)
    weights = tf.tensor_scatter_nd_update(weights, [[0, 1]], [9.0])  # an outlier

    def error(log_step):
        return tf.reduce_sum((_rounded(weights, log_step, 7, by_output=True) - weights) ** 2, axis=0).numpy()

    fitted = _fitted(weights, levels=7, by_output=True)
    widest = tf.math.log(tf.reduce_max(tf.abs(weights), axis=0, keepdims=True) / 7)
    assert (error(fitted) < error(widest)).all()
    assert (error(fitted) <= error(fitted - 0.15)).all()
    assert (error(fitted) <= error(fitted + 0.15)).all()


def test_a_column_of_zeros_stays_zero(network):
    from edgekd.quantize.aware import LearntGrid

    kernel = network.get_layer("label_head").kernel
    kernel.assign(kernel.numpy() * [1, 0])
    grid = LearntGrid(network, "int4")
    grid.fit(network)
    values = next(values.numpy() for one, values in grid.quantized(network) if one is kernel)
    assert np.isfinite(values).all()
    assert (values[:, 1] == 0).all()
