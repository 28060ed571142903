"""The student's network for one text, in as few ops as it takes: what a TFLite file holds.

The same numbers as `students.network.build` in inference, which parity holds it against, but without what
only training needs, and without a batch dimension, which would cost a reshape around every product.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from edgekd.export.ops import dense
from edgekd.export.pqrnn import pqrnn_body
from edgekd.export.transformer import transformer_body
from edgekd.export.weights import NetworkWeights, PQRNNWeights, TransformerWeights

Network = Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]

_BODIES = {PQRNNWeights: pqrnn_body, TransformerWeights: transformer_body}


def network_of(weights: NetworkWeights) -> Network:
    """The trained network as a function of one text.

    Returns:
        A function of features float32 (tokens, features) and `on_tokens` float32 (tokens, 1), which is 1 for
        a token and 0 for padding; it gives `label_logits` (1, labels) and `tag_logits` (tokens, tags), as the
        student has them.
    """

    def network(features: tf.Tensor, on_tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        x = _BODIES[type(weights.body)](weights.body, features, on_tokens)
        scores = tf.matmul(x, weights.attention) + (on_tokens - 1) * 1e4
        # Padding has zero states, so its weights need no mask, not even in a text without tokens.
        pooled = tf.matmul(tf.nn.softmax(tf.reshape(scores, [1, -1])), x)
        logits = {}
        if weights.label_head:
            logits["label_logits"] = dense(pooled, weights.label_head)
        if weights.tags_of_token and weights.tags_of_text:
            of_text = dense(pooled, weights.tags_of_text)
            logits["tag_logits"] = dense(x, weights.tags_of_token) + of_text
        return logits

    return network
