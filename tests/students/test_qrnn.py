"""The recurrence against a loop, its gradient against differences, and independence of the padding."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.students.qrnn import QRNN, fo_scan, trainable_fo_scan


def looped(keep, update, backward):
    order = range(keep.shape[1] - 1, -1, -1) if backward else range(keep.shape[1])
    state, states = np.zeros_like(update[:, 0]), np.zeros_like(update)
    for token in order:
        state = keep[:, token] * state + update[:, token]
        states[:, token] = state
    return states


@pytest.fixture(params=[1, 2, 3, 7, 8, 33])
def gates(request):
    rng = np.random.default_rng(request.param)
    shape = (2, request.param, 5)
    return rng.random(shape, np.float32), rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("scan", [fo_scan, trainable_fo_scan])
def test_scan_is_the_recurrence(gates, scan, backward):
    np.testing.assert_allclose(scan(*gates, backward=backward), looped(*gates, backward), atol=1e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_scan_of_unknown_length_is_the_same(gates, backward):
    spec = tf.TensorSpec((None, None, 5))
    dynamic = tf.function(lambda k, u: fo_scan(k, u, backward=backward), input_signature=[spec, spec])
    np.testing.assert_allclose(dynamic(*gates), fo_scan(*gates, backward=backward), atol=1e-6)


@pytest.mark.parametrize("backward", [False, True])
def test_closed_gradient_is_that_of_the_steps(gates, backward):
    weights = np.random.default_rng(0).normal(size=gates[0].shape).astype(np.float32)

    def gradients(scan):
        keep, update = map(tf.constant, gates)
        with tf.GradientTape() as tape:
            tape.watch([keep, update])
            loss = tf.reduce_sum(weights * scan(keep, update, backward=backward))
        # One token is kept by nothing: the steps leave it out, the closed form gives zero.
        return tape.gradient(loss, [keep, update], unconnected_gradients="zero")

    for closed, through_steps in zip(gradients(trainable_fo_scan), gradients(fo_scan), strict=True):
        np.testing.assert_allclose(closed, through_steps, atol=2e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_layer_is_the_paper_s_equations(backward):
    layer = QRNN(3, kernel=2, backward=backward)
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32)
    states = np.asarray(layer(x, np.ones((1, 4, 1), np.float32)))
    kernel, bias = layer.gates.get_weights()
    c = np.zeros(3)
    for token in range(3, -1, -1) if backward else range(4):
        other = token + 1 if backward else token - 1
        neighbour = x[0, other] if 0 <= other < 4 else np.zeros(2)
        window = np.concatenate([x[0, token], neighbour] if backward else [neighbour, x[0, token]])
        z, i, o = np.split(window @ kernel + bias, 3)
        i, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-o))
        c = (1 - i) * c + i * np.tanh(z)
        np.testing.assert_allclose(states[0, token], o * c, atol=1e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_padding_changes_nothing_and_stays_zero(backward):
    layer = QRNN(3, kernel=3, zoneout=0.2, backward=backward)
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32)
    on_tokens = np.ones((1, 4, 1), np.float32)
    alone = np.asarray(layer(x, on_tokens))
    padding = ((0, 0), (0, 5), (0, 0))
    padded = np.asarray(layer(np.pad(x, padding), np.pad(on_tokens, padding)))
    np.testing.assert_allclose(padded[:, :4], alone, atol=1e-6)
    assert not padded[:, 4:].any()


def test_zoneout_keeps_states_in_training_and_its_expectation_after():
    x = np.random.default_rng(0).normal(size=(64, 6, 2)).astype(np.float32)
    on_tokens = np.ones((64, 6, 1), np.float32)
    layer = QRNN(32, kernel=1, zoneout=0.5)
    first = layer(x[:, :1], on_tokens[:, :1], training=True)
    assert np.mean(np.asarray(first) == 0) == pytest.approx(0.5, abs=0.05)
    several = np.mean([layer(x, on_tokens, training=True) for _ in range(40)], axis=0)
    np.testing.assert_allclose(several.mean(0), np.asarray(layer(x, on_tokens)).mean(0), atol=0.05)
