"""A small transformer as a student: the layers of BERT (Devlin et al., 2019, "BERT: Pre-training of Deep
Bidirectional Transformers for Language Understanding") behind the text front end.

    features, or embeddings of pieces -> dense bottleneck, positions, layer norm -> layers

What a layer computes is what BERT's does, norms behind the sums and exact GELU, so that a student can start
from layers of its teacher. Positions are a table that is added, as there, or turn queries and keys (Su et
al., 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding", equation 34).
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from edgekd.recipe import Transformer
from edgekd.recipe.student import MOST_POSITIONS
from edgekd.students.inside import Inside
from edgekd.students.noise import Dropout
from edgekd.text.word_pieces import UNKNOWN

NORM_EPSILON = 1e-6
_ROTARY_BASE = 10_000.0
HIDDEN = 1e4
"""What is taken off the score of a key that is padding."""


def body(
    config: Transformer,
    features: keras.KerasTensor,
    mask: keras.KerasTensor,
    on_tokens: keras.KerasTensor,
    products: str,
) -> Inside:
    """See `students.network.Body`."""
    x = features
    if config.reads_pieces:
        x = keras.layers.Embedding(config.pieces + UNKNOWN + 1, config.embedding, name="embedding")(x)
    x = keras.layers.Dense(config.width, use_bias=False, dtype=products, name="bottleneck")(x)
    x = keras.ops.cast(x, "float32")
    if config.positions == "learned":
        x = Positions(MOST_POSITIONS, name="positions")(x)
    x = keras.layers.LayerNormalization(epsilon=NORM_EPSILON, name="input_norm")(x)
    states, attention = [x * on_tokens], []
    x = Dropout(config.dropout, name="input_dropout")(x)
    for depth in range(1, config.layers + 1):
        x, scores = EncoderLayer(
            config.heads,
            config.feed_forward,
            config.dropout,
            rotary=config.positions == "rotary",
            products=products,
            name=f"encoder_{depth}",
        )(x, on_tokens)
        states.append(x * on_tokens)
        attention.append(scores)
    return Inside(states, attention)


@keras.saving.register_keras_serializable("edgekd")
class Positions(keras.layers.Layer):
    """Adds a learned vector to each token, by its place.

    Input and output: (batch, tokens, width), of at most `rows` tokens.
    """

    def __init__(self, rows: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.rows = rows

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(
            shape=(self.rows, inputs_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="table",
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs + self.table[: tf.shape(inputs)[1]]

    def get_config(self) -> dict:
        return {**super().get_config(), "rows": self.rows}


@keras.saving.register_keras_serializable("edgekd")
class EncoderLayer(keras.layers.Layer):
    """Attention among the tokens of a text, then two dense layers; what each gives is added and normalised.

    Input: (batch, tokens, width) and `on_tokens` (batch, tokens, 1), 1 for a token and 0 for padding. Output:
    (batch, tokens, width), and the scores of attention before the softmax, (batch, heads, tokens, tokens);
    those of padding mean nothing.

    Args:
        heads: of the attention.
        feed_forward: width between the dense layers.
        dropout: of what is added, in training.
        rotary: turn queries and keys by their places.
        products: the policy of the dense layers.
    """

    def __init__(
        self,
        heads: int,
        feed_forward: int,
        dropout: float = 0.0,
        *,
        rotary: bool = False,
        products: str = "float32",
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.heads, self.feed_forward, self.dropout, self.rotary = heads, feed_forward, dropout, rotary
        self._products = products
        self.attended_dropout, self.fed_dropout = Dropout(dropout), Dropout(dropout)
        self.attended_norm, self.fed_norm = (
            keras.layers.LayerNormalization(epsilon=NORM_EPSILON, name=name)
            for name in ("attended_norm", "fed_norm")
        )

    def build(self, inputs_shape: tuple[int | None, ...], on_tokens_shape: tuple[int | None, ...]) -> None:
        width = inputs_shape[-1]
        for name, inputs, outputs in (
            ("qkv", width, 3 * width),
            ("attended", width, width),
            ("wide", width, self.feed_forward),
            ("narrow", self.feed_forward, width),
        ):
            dense = keras.layers.Dense(outputs, dtype=self._products, name=name)
            dense.build((None, None, inputs))
            setattr(self, name, dense)
        for norm in (self.attended_norm, self.fed_norm):
            norm.build(inputs_shape)
        self.built = True

    def call(
        self, inputs: tf.Tensor, on_tokens: tf.Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        values, scores = self._attention(inputs, on_tokens)
        x = self._added(inputs, self.attended(values), self.attended_dropout, self.attended_norm, training)
        fed = self.narrow(tf.nn.gelu(self.wide(x)))
        return self._added(x, fed, self.fed_dropout, self.fed_norm, training), scores

    def _attention(self, inputs: tf.Tensor, on_tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """For each token the values of all, (batch, tokens, width), as its query meets their keys; and how
        they meet."""
        batch, tokens = tf.unstack(tf.shape(inputs)[:2])
        width = inputs.shape[-1] // self.heads
        qkv = tf.reshape(self.qkv(inputs), [batch, tokens, 3, self.heads, width])
        query, key, value = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]))
        if self.rotary:
            cosine, sine = (tf.cast(one, query.dtype) for one in rotation(tokens, width))
            query, key = (turned(one, cosine, sine) for one in (query, key))
        scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32) * width**-0.5
        hidden = (tf.reshape(on_tokens, [batch, 1, 1, tokens]) - 1) * HIDDEN
        weights = tf.nn.softmax(scores + hidden)
        attended = tf.matmul(tf.cast(weights, value.dtype), value)
        attended = tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [batch, tokens, self.heads * width])
        return attended, scores

    @staticmethod
    def _added(
        before: tf.Tensor,
        new: tf.Tensor,
        dropout: Dropout,
        norm: keras.layers.LayerNormalization,
        training: bool,
    ) -> tf.Tensor:
        return norm(before + dropout(tf.cast(new, before.dtype), training=training))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "heads": self.heads,
            "feed_forward": self.feed_forward,
            "dropout": self.dropout,
            "rotary": self.rotary,
        }


def rotation(tokens: int | tf.Tensor, width: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Cosine and sine of the angles by which `turned` turns, (tokens, width)."""
    speeds = _ROTARY_BASE ** (-np.arange(0, width, 2) / width)
    angles = tf.cast(tf.range(tokens), tf.float32)[:, None] * tf.constant(speeds, tf.float32)
    angles = tf.concat([angles, angles], axis=1)
    return tf.cos(angles), tf.sin(angles)


def turned(vectors: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    """Vectors (..., tokens, width), each pair (i, i + width / 2) turned by its angle."""
    left, right = tf.split(vectors, 2, axis=-1)
    return vectors * cosine + tf.concat([-right, left], axis=-1) * sine
