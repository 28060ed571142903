"""Quasi-recurrent layers (Bradbury et al., 2017, "Quasi-Recurrent Neural Networks", section 2)."""

from __future__ import annotations

import keras
import tensorflow as tf


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
    reach = tf.shape(keep)[1] if tokens is None else tokens
    width = 1
    while width < (MAX_SCAN if tokens is None else tokens):
        # In a graph of unknown length, steps wider than the text shift everything out and change nothing.
        step = tf.minimum(width, reach) if tokens is None else width
        padding = [[0, 0], [0, step], [0, 0]] if backward else [[0, 0], [step, 0], [0, 0]]

        def shifted(values: tf.Tensor, step=step, padding=padding) -> tf.Tensor:
            return tf.pad(values[:, step:] if backward else values[:, : reach - step], padding)

        update = update + keep * shifted(update)
        width *= 2
        if width < (MAX_SCAN if tokens is None else tokens):
            keep = keep * shifted(keep)
    return update


MAX_SCAN = 512
"""Tokens that a graph of unknown length can hold."""


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
    """

    def __init__(
        self, units: int, kernel: int = 2, zoneout: float = 0.0, *, backward: bool = False, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.units, self.kernel, self.zoneout, self.backward = units, kernel, zoneout, backward
        self.gates = keras.layers.Dense(3 * units, name="gates")
        self.seeds = keras.random.SeedGenerator()

    def build(self, inputs_shape: tuple[int | None, ...], on_tokens_shape: tuple[int | None, ...]) -> None:
        self.gates.build((None, None, self.kernel * inputs_shape[-1]))
        self.built = True

    def call(self, inputs: tf.Tensor, on_tokens: tf.Tensor, training: bool = False) -> tf.Tensor:
        z, i, o = tf.split(self.gates(self._window(inputs)), 3, axis=-1)
        # The mask stands on the gates, not on the state: a padded token neither writes nor reads.
        i = tf.sigmoid(i) * on_tokens
        if self.zoneout and training:
            i *= tf.cast(keras.random.uniform(tf.shape(i), seed=self.seeds) >= self.zoneout, i.dtype)
        elif self.zoneout:
            i *= 1 - self.zoneout
        state = fo_scan(1 - i, i * tf.tanh(z), backward=self.backward)
        return tf.sigmoid(o) * on_tokens * state

    def _window(self, inputs: tf.Tensor) -> tf.Tensor:
        """Each token beside the `kernel - 1` before it in reading direction, (batch, tokens, kernel * width)."""
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
