"""Quasi-recurrent layers (Bradbury et al., 2017, "Quasi-Recurrent Neural Networks", section 2)."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

MAX_SCAN = 512
"""Tokens that a graph of unknown length can hold."""


def fo_scan(keep: tf.Tensor, update: tf.Tensor, *, backward: bool = False) -> tf.Tensor:
    """The recurrence `c_t = keep_t * c_(t-1) + update_t`, in log2(tokens) steps (Hillis and Steele, 1986).

    A step of width d composes each position with the one d before it: (k, u) after (k', u') is
    (k * k', u + k * u'). Unlike a loop it converts to builtin ops everywhere and needs no state.

    Args:
        keep, update: (batch, tokens, units).
        backward: run from the last token to the first.

    Returns:
        c, (batch, tokens, units).
    """
    tokens = keep.shape[1]
    longest = MAX_SCAN if tokens is None else tokens
    width = 1
    while width < longest:
        update = update + keep * _shifted(update, width, backward)
        if 2 * width < longest:
            keep = keep * _shifted(keep, width, backward)
        width *= 2
    return update


def trainable_fo_scan(keep: tf.Tensor, update: tf.Tensor, *, backward: bool = False) -> tf.Tensor:
    """`fo_scan` with its gradient in closed form, a scan the other way: four times faster than through steps.

    With g the gradient by c: l_t = g_t + keep_(t+1) * l_(t+1) is that by update, l_t * c_(t-1) that by keep.
    """

    @tf.custom_gradient
    def scan(keep: tf.Tensor, update: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        state = fo_scan(keep, update, backward=backward)

        def gradient(by_state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            by_update = fo_scan(_shifted(keep, 1, not backward), by_state, backward=not backward)
            return by_update * _shifted(state, 1, backward), by_update

        return state, gradient

    return scan(keep, update)


def _shifted(values: tf.Tensor, width: int, backward: bool) -> tf.Tensor:
    """`values` of the token that is `width` tokens earlier in reading direction, zero where there is none."""
    if values.shape[1] is None:
        # A shift wider than the text moves everything out.
        width = tf.minimum(width, tf.shape(values)[1])
    if backward:
        return tf.pad(values[:, width:], [[0, 0], [0, width], [0, 0]])
    tokens = tf.shape(values)[1] if values.shape[1] is None else values.shape[1]
    return tf.pad(values[:, : tokens - width], [[0, 0], [width, 0], [0, 0]])


@keras.saving.register_keras_serializable("edgekd")
class QRNN(keras.layers.Layer):
    """One direction of a quasi-recurrent layer with fo-pooling and zoneout.

        z, i, o = tanh, sigmoid, sigmoid of a convolution over the `kernel` tokens up to t
        c_t = (1 - i_t) * c_(t-1) + i_t * z_t
        h_t = o_t * c_t

    The input gate i is 1 - f of the paper. Zoneout (Krueger et al., 2017): in training each unit keeps its
    state with this probability; afterwards i is multiplied by its expectation.

    Input: (batch, tokens, width) and `on_tokens` (batch, tokens, 1), 1 for a token and 0 for padding. Output:
    (batch, tokens, units), zero on the padding, so that nothing depends on its length.

    Args:
        units: size of the state.
        kernel: tokens under the convolution.
        zoneout: probability that a unit keeps its state.
        backward: read from the last token to the first.
        gates_dtype: the policy of the convolution; "mixed_bfloat16" trains faster where the processor has it.
    """

    def __init__(
        self,
        units: int,
        kernel: int = 2,
        zoneout: float = 0.0,
        *,
        backward: bool = False,
        gates_dtype: str = "float32",
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units, self.kernel, self.zoneout, self.backward = units, kernel, zoneout, backward
        self.gates = keras.layers.Dense(3 * units, dtype=gates_dtype, name="gates")
        self.seeds = keras.random.SeedGenerator()

    def build(self, inputs_shape: tuple[int | None, ...], on_tokens_shape: tuple[int | None, ...]) -> None:
        self.gates.build((None, None, self.kernel * inputs_shape[-1]))
        self.built = True

    def call(self, inputs: tf.Tensor, on_tokens: tf.Tensor, training: bool = False) -> tf.Tensor:
        z, i, o = tf.split(tf.cast(self.gates(self._window(inputs)), inputs.dtype), 3, axis=-1)
        # The mask stands on the gates, not on the state: a padded token neither writes nor reads.
        i = tf.sigmoid(i) * on_tokens
        if self.zoneout and training:
            i *= tf.cast(keras.random.uniform(tf.shape(i), seed=self.seeds) >= self.zoneout, i.dtype)
        elif self.zoneout:
            i *= 1 - self.zoneout
        scan = trainable_fo_scan if training else fo_scan
        state = scan(1 - i, i * tf.tanh(z), backward=self.backward)
        return tf.sigmoid(o) * on_tokens * state

    def _window(self, inputs: tf.Tensor) -> tf.Tensor:
        """Each token and the `kernel - 1` before it in reading direction, (batch, tokens, kernel * width)."""
        tokens = tf.shape(inputs)[1] if inputs.shape[1] is None else inputs.shape[1]
        reach = self.kernel - 1
        padded = tf.pad(inputs, [[0, 0], [0, reach] if self.backward else [reach, 0], [0, 0]])
        return tf.concat([padded[:, offset : offset + tokens] for offset in range(self.kernel)], axis=-1)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel": self.kernel,
            "zoneout": self.zoneout,
            "backward": self.backward,
        }
