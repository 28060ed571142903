"""From token states to logits."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("edgekd")
class AttentionPooling(keras.layers.Layer):
    """The mean of the token states, weighted by a softmax over one learned score a token.

    Input: (batch, tokens, width) and `on_tokens` (batch, tokens, 1), 1 for a token and 0 for padding. Output:
    (batch, width); zero for a text without tokens.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.score = keras.layers.Dense(1, name="score")

    def build(self, inputs_shape: tuple[int | None, ...], on_tokens_shape: tuple[int | None, ...]) -> None:
        self.score.build(inputs_shape)
        self.built = True

    def call(self, inputs: tf.Tensor, on_tokens: tf.Tensor) -> tf.Tensor:
        scores = self.score(inputs) + (on_tokens - 1) * 1e4
        weights = tf.nn.softmax(scores[..., 0], axis=1)[..., None] * on_tokens
        return tf.reduce_sum(weights * inputs, axis=1)


@keras.saving.register_keras_serializable("edgekd")
class TagHead(keras.layers.Layer):
    """Tag logits of each token, from its state and from the state of the whole text.

    One product on the concatenation of both, split so that the text's part is computed once.

    Input: (batch, tokens, width) and (batch, width). Output: (batch, tokens, tags).
    """

    def __init__(self, tags: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.tags = tags
        self.of_token = keras.layers.Dense(tags, name="of_token")
        self.of_text = keras.layers.Dense(tags, use_bias=False, name="of_text")

    def build(self, inputs_shape: tuple[int | None, ...], text_shape: tuple[int | None, ...]) -> None:
        self.of_token.build(inputs_shape)
        self.of_text.build(text_shape)
        self.built = True

    def call(self, inputs: tf.Tensor, text: tf.Tensor) -> tf.Tensor:
        return self.of_token(inputs) + self.of_text(text)[:, None]

    def get_config(self) -> dict:
        return {**super().get_config(), "tags": self.tags}
