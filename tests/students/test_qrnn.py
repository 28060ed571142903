"""The recurrence against a loop, gradients against automatic ones, and independence of the padding."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.students import qrnn
from edgekd.students.compiled import compiled
from edgekd.students.qrnn import QRNN, fo_pool, fo_pool_gradient, fo_scan


def looped(keep, update, backward):
    order = range(keep.shape[1] - 1, -1, -1) if backward else range(keep.shape[1])
    state, states = np.zeros_like(update[:, 0]), np.zeros_like(update)
    for token in order:
        state = keep[:, token] * state + update[:, token]
        states[:, token] = state
    return states


@pytest.fixture(params=[1, 2, 3, 7, 8, 33, 50])
def gates(request):
    rng = np.random.default_rng(request.param)
    shape = (2, request.param, 5)
    return rng.random(shape, np.float32), rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("backward", [False, True])
def test_scan_is_the_recurrence(gates, backward):
    np.testing.assert_allclose(fo_scan(*gates, backward=backward), looped(*gates, backward), atol=1e-5)


@pytest.mark.parametrize("backward", [False, True])
def test_scan_of_unknown_length_is_the_same(gates, backward):
    spec = tf.TensorSpec((None, None, 5))
    dynamic = tf.function(lambda k, u: fo_scan(k, u, backward=backward), input_signature=[spec, spec])
    np.testing.assert_allclose(dynamic(*gates), fo_scan(*gates, backward=backward), atol=1e-6)


@pytest.mark.parametrize("tokens", [1, 4, 40])
@pytest.mark.parametrize("backward", [False, True])
def test_closed_gradient_is_the_automatic_one(backward, tokens):
    rng = np.random.default_rng(tokens)
    gates = tf.constant(rng.normal(size=(3, tokens, 15)).astype(np.float32))
    bias = tf.constant(rng.normal(size=15).astype(np.float32))
    on_tokens = (np.arange(tokens) < np.array([[tokens], [1], [0]])).astype(np.float32)[..., None]
    writes = rng.integers(0, 2, (3, tokens, 5)).astype(np.float32)
    by_outputs = rng.normal(size=(3, tokens, 5)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(gates)
        outputs, states = fo_pool(gates, bias, on_tokens, writes, backward=backward)
    automatic = tape.gradient(outputs, gates, output_gradients=by_outputs)
    closed = fo_pool_gradient(gates, bias, on_tokens, writes, states, by_outputs, backward=backward)
    np.testing.assert_allclose(closed, automatic, atol=2e-5)


@pytest.mark.parametrize("xla", ["0", "1"])
def test_training_differentiates_through_its_own_noise(xla, monkeypatch):
    """The layer's gradient in training is that of the same layer with its noise written out."""
    monkeypatch.setenv("EDGEKD_XLA", xla)
    for name in ("_noisy_outputs", "_gradients"):
        monkeypatch.setattr(qrnn, name, compiled(getattr(qrnn, name).python_function))
    layer = QRNN(4, kernel=2, zoneout=0.3, dropout=0.4)
    rng = np.random.default_rng(3)
    x = tf.constant(rng.normal(size=(2, 6, 3)).astype(np.float32))
    on_tokens = tf.constant((np.arange(6) < np.array([[6], [4]])).astype(np.float32)[..., None])
    layer(x, on_tokens)
    seed = tf.constant([7, 11])
    layer.seeds.next = lambda: seed
    weights = [weight.value for weight in layer.trainable_variables]
    assert len(weights) == 3

    def plain():
        writes, passes = qrnn.Noise(tf.constant(0.3), tf.constant(0.4), seed).masks(tf.zeros((2, 6, 12)))
        outputs = [
            fo_pool(
                side_gates(qrnn._window(x, 2, backward=side == 1)),
                tf.convert_to_tensor(layer.bias)[side],
                on_tokens,
                writes[side],
                backward=side == 1,
            )[0]
            for side, side_gates in enumerate((layer.forward_gates, layer.backward_gates))
        ]
        return tf.concat(outputs, axis=-1) * passes

    results = []
    for compute in (lambda: layer(x, on_tokens, training=True), plain):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = compute()
            loss = tf.reduce_sum(outputs * tf.cos(tf.range(48, dtype=tf.float32))[:8])
        results.append([outputs, *tape.gradient(loss, [x, *weights])])
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_layer_is_the_paper_s_equations():
    layer = QRNN(3, kernel=2)
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32)
    on_tokens = np.ones((1, 4, 1), np.float32)
    layer(x, on_tokens)
    layer.bias.assign(np.random.default_rng(1).normal(size=(2, 9)))
    outputs = np.asarray(layer(x, on_tokens))
    for side, gates in enumerate((layer.forward_gates, layer.backward_gates)):
        kernel, bias = gates.kernel.numpy(), layer.bias.numpy()[side]
        c = np.zeros(3)
        for token in range(3, -1, -1) if side else range(4):
            other = token + 1 if side else token - 1
            neighbour = x[0, other] if 0 <= other < 4 else np.zeros(2)
            window = np.concatenate([x[0, token], neighbour] if side else [neighbour, x[0, token]])
            z, i, o = np.split(window @ kernel + bias, 3)
            i, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-o))
            c = (1 - i) * c + i * np.tanh(z)
            np.testing.assert_allclose(outputs[0, token, 3 * side : 3 * side + 3], o * c, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing_and_stays_zero(training):
    layer = QRNN(3, kernel=3, zoneout=0.0 if training else 0.2)
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32)
    on_tokens = np.ones((1, 4, 1), np.float32)
    alone = np.asarray(layer(x, on_tokens, training=training))
    padding = ((0, 0), (0, 5), (0, 0))
    padded = np.asarray(layer(np.pad(x, padding), np.pad(on_tokens, padding), training=training))
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
