"""Quasi-recurrent layers (Bradbury et al., 2017, "Quasi-Recurrent Neural Networks", section 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from edgekd.students.compiled import compiled
from edgekd.students.noise import random_mask

Sides = tuple[tf.Tensor, tf.Tensor]
"""One tensor for each direction: from the first token on, and from the last."""


def fo_scan(keep: tf.Tensor, update: tf.Tensor, *, backward: bool = False) -> tf.Tensor:
    """The recurrence `c_t = keep_t * c_(t-1) + update_t`, token by token.

    A loop and not the steps one after the other: a graph is then the same for every number of tokens, and
    XLA compiles a step instead of a text.

    Args:
        keep, update: (batch, tokens, units).
        backward: run from the last token to the first.

    Returns:
        c, (batch, tokens, units).
    """
    keep, update = tf.transpose(keep, [1, 0, 2]), tf.transpose(update, [1, 0, 2])
    tokens = tf.shape(update)[0]
    states = tf.TensorArray(update.dtype, tokens, element_shape=update.shape[1:])

    def step(number: tf.Tensor, state: tf.Tensor, states: tf.TensorArray) -> tuple:
        token = tokens - 1 - number if backward else number
        state = keep[token] * state + update[token]
        return number + 1, state, states.write(token, state)

    start = 0, tf.zeros(tf.shape(update)[1:], update.dtype), states
    _, _, states = tf.while_loop(lambda number, *_: number < tokens, step, start)
    return tf.transpose(states.stack(), [1, 0, 2])


def fo_pool(
    gates: tf.Tensor, bias: tf.Tensor, on_tokens: tf.Tensor, writes: tf.Tensor | float, *, backward: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """From the gates of one direction to its outputs h and its states c, both (batch, tokens, units).

    Args:
        gates, bias: z, i and o before their nonlinearities, (batch, tokens, 3 * units) and (3 * units,).
        on_tokens: (batch, tokens, 1), 1 for a token and 0 for padding.
        writes: factor of the input gate, (batch, tokens, units) or a number: what zoneout leaves of it.
        backward: run from the last token to the first.
    """
    z, i, o = _opened(gates, bias)
    # The mask stands on the gates, not on the state: a padded token neither writes nor reads.
    written = i * on_tokens * writes
    states = fo_scan(1 - written, written * z, backward=backward)
    return o * on_tokens * states, states


def fo_pool_gradient(
    gates: tf.Tensor,
    bias: tf.Tensor,
    on_tokens: tf.Tensor,
    writes: tf.Tensor | float,
    states: tf.Tensor,
    by_outputs: tf.Tensor,
    *,
    backward: bool,
) -> tf.Tensor:
    """The gradient of a loss by the gates of `fo_pool`, from that by its outputs, in closed form.

    With g the gradient by c, that by the update is l_t = g_t + keep_(t+1) * l_(t+1), a scan the other way,
    and that by keep is l_t * c_(t-1).
    """
    z, i, o = _opened(gates, bias)
    written = i * on_tokens * writes
    by_states = by_outputs * o * on_tokens
    by_update = fo_scan(_shifted(1 - written, 1, not backward), by_states, backward=not backward)
    by_z = by_update * written * (1 - z * z)
    by_i = by_update * (z - _shifted(states, 1, backward)) * written * (1 - i)
    by_o = by_states * states * (1 - o)
    return tf.concat([by_z, by_i, by_o], axis=-1)


def _opened(gates: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    z, i, o = tf.split(tf.cast(gates, bias.dtype) + bias, 3, axis=-1)
    return tf.tanh(z), tf.sigmoid(i), tf.sigmoid(o)


def _shifted(values: tf.Tensor, width: int, backward: bool) -> tf.Tensor:
    """`values` of the token that is `width` tokens earlier in reading direction, zero where there is none."""
    if not width:
        return values
    tokens = tf.shape(values)[1] if values.shape[1] is None else values.shape[1]
    # A shift wider than the text moves everything out.
    width = min(width, tokens) if isinstance(tokens, int) else tf.minimum(width, tokens)
    # tf.slice, since the gradient of `values[:, width:]` takes longer than a layer's products.
    kept = tf.slice(values, [0, width if backward else 0, 0], [-1, tokens - width, -1])
    return tf.pad(kept, [[0, 0], [0, width] if backward else [width, 0], [0, 0]])


@keras.saving.register_keras_serializable("edgekd")
class QRNN(keras.layers.Layer):
    """A bidirectional quasi-recurrent layer with fo-pooling, zoneout, and dropout of its outputs.

        z, i, o = tanh, sigmoid, sigmoid of a convolution over the `kernel` tokens up to t
        c_t = (1 - i_t) * c_(t-1) + i_t * z_t
        h_t = o_t * c_t

    and the same from the last token to the first. The input gate i is 1 - f of the paper. Zoneout (Krueger et
    al., 2017): in training each unit keeps its state with this probability; afterwards i is multiplied by its
    expectation.

    Input: (batch, tokens, width) and `on_tokens` (batch, tokens, 1), 1 for a token and 0 for padding. Output:
    (batch, tokens, 2 * units), zero on the padding, so that nothing depends on its length.

    Args:
        units: size of the state of each direction.
        kernel: tokens under the convolution.
        zoneout: probability that a unit keeps its state.
        dropout: probability that an output is zero.
        products: the policy of the convolution; "mixed_bfloat16" trains faster where the processor has it.
    """

    def __init__(
        self,
        units: int,
        kernel: int = 2,
        zoneout: float = 0.0,
        dropout: float = 0.0,
        *,
        products: str = "float32",
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units, self.kernel, self.zoneout, self.dropout = units, kernel, zoneout, dropout
        self.forward_gates, self.backward_gates = (
            keras.layers.Dense(3 * units, use_bias=False, dtype=products, name=name)
            for name in ("forward", "backward")
        )
        self.seeds = keras.random.SeedGenerator()

    def build(self, inputs_shape: tuple[int | None, ...], on_tokens_shape: tuple[int | None, ...]) -> None:
        for gates in (self.forward_gates, self.backward_gates):
            gates.build((None, None, self.kernel * inputs_shape[-1]))
        self.bias = self.add_weight(shape=(2, 3 * self.units), initializer="zeros", name="bias")
        self.built = True

    def call(self, inputs: tf.Tensor, on_tokens: tf.Tensor, training: bool = False) -> tf.Tensor:
        inputs = tf.cast(inputs, self.forward_gates.compute_dtype)
        gates = (
            self.forward_gates(_window(inputs, self.kernel, backward=False)),
            self.backward_gates(_window(inputs, self.kernel, backward=True)),
        )
        bias = tf.convert_to_tensor(self.bias)
        if training:
            zoneout, dropout = (tf.constant(rate, tf.float32) for rate in (self.zoneout, self.dropout))
            noise = Noise(zoneout, dropout, self.seeds.next())
            return _train(*gates, bias, on_tokens, noise)
        outputs = [
            fo_pool(gates[side], bias[side], on_tokens, 1 - self.zoneout, backward=side == 1)[0]
            for side in (0, 1)
        ]
        return tf.concat(outputs, axis=-1)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel": self.kernel,
            "zoneout": self.zoneout,
            "dropout": self.dropout,
        }


def _window(inputs: tf.Tensor, kernel: int, *, backward: bool) -> tf.Tensor:
    """Each token and the `kernel - 1` before it in reading direction, (batch, tokens, kernel * width)."""
    window = [_shifted(inputs, distance, backward) for distance in range(kernel - 1, -1, -1)]
    return tf.concat(window[::-1] if backward else window, axis=-1)


class Noise(NamedTuple):
    """Zoneout and dropout of a layer, and the seed they are drawn from; tensors, so that all layers of a size
    share what XLA compiles."""

    zoneout: tf.Tensor
    dropout: tf.Tensor
    seed: tf.Tensor

    def masks(self, gates: tf.Tensor) -> tuple[Sides, tf.Tensor]:
        """Where each direction writes (zoneout), and what becomes of the outputs (dropout).

        Made anew for the gradient: a hash is computed faster than the masks are read from memory.
        """
        batch, tokens = tf.unstack(tf.shape(gates)[:2])
        units = gates.shape[2] // 3
        forward, backward = (
            tf.cast(random_mask((batch, tokens, units), self.zoneout, self.seed + side), tf.float32)
            for side in (0, 1)
        )
        passes = random_mask((batch, tokens, 2 * units), self.dropout, self.seed + 2)
        return (forward, backward), tf.cast(passes, tf.float32) / (1 - self.dropout)


def _train(
    forward: tf.Tensor, backward: tf.Tensor, bias: tf.Tensor, on_tokens: tf.Tensor, noise: Noise
) -> tf.Tensor:
    """Both directions of a layer in training, from their gates on, with the gradient in closed form."""

    @tf.custom_gradient
    def train(forward: tf.Tensor, backward: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        # Nothing here is recorded for another gradient, which XLA cannot make of the loop.
        gates, bias = (tf.stop_gradient(forward), tf.stop_gradient(backward)), tf.stop_gradient(bias)
        outputs, states = _noisy_outputs(gates, bias, on_tokens, noise)
        return outputs, lambda by_outputs: _gradients(gates, bias, on_tokens, noise, states, by_outputs)

    return train(forward, backward, bias)


@compiled
def _noisy_outputs(
    gates: Sides, bias: tf.Tensor, on_tokens: tf.Tensor, noise: Noise
) -> tuple[tf.Tensor, Sides]:
    """The outputs of both directions, (batch, tokens, 2 * units), and the states of each."""
    writes, passes = noise.masks(gates[0])
    pooled = [
        fo_pool(gates[side], bias[side], on_tokens, writes[side], backward=side == 1) for side in (0, 1)
    ]
    (forward, forward_states), (backward, backward_states) = pooled
    return tf.concat([forward, backward], axis=-1) * passes, (forward_states, backward_states)


@compiled
def _gradients(
    gates: Sides,
    bias: tf.Tensor,
    on_tokens: tf.Tensor,
    noise: Noise,
    states: Sides,
    by_outputs: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The gradients by the gates of each direction and by the bias; the noise is that of the same seed."""
    writes, passes = noise.masks(gates[0])
    by_side = tf.split(by_outputs * passes, 2, axis=-1)
    by_gates = [
        fo_pool_gradient(
            gates[side], bias[side], on_tokens, writes[side], states[side], by_side[side], backward=side == 1
        )
        for side in (0, 1)
    ]
    by_bias = tf.stack([tf.reduce_sum(one, axis=[0, 1]) for one in by_gates])
    return *(tf.cast(one, gates[0].dtype) for one in by_gates), by_bias
