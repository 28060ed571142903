"""The function that an app calls: code points in, logits and token spans out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from edgekd.export.embedding import Embedding, embedding_of
from edgekd.export.network import network_of
from edgekd.export.weights import weights_of
from edgekd.quantize.schemes import Scheme
from edgekd.runtime.manifest import Signature
from edgekd.students.student import Student
from edgekd.text.layers import front_end_graph
from edgekd.text.piece_layers import piece_graph

INPUT = "codepoints"
TOKEN_SPANS, TOKEN_COUNT = "token_spans", "token_count"


def serving_function(
    student: Student, signature: Signature, scheme: Scheme
) -> tuple[Callable[[tf.Tensor], dict[str, tf.Tensor]], tf.TensorSpec]:
    """The whole way of one text, with its input.

    Args:
        student: front end and network.
        signature: the length of the input, which is padded with 0, and the rows of the outputs.
        scheme: of the table of pieces, where there is one; other weights are quantized by the converter.

    Returns:
        A function from int32 (1, chars) to `label_logits` float32 (1, labels), `tag_logits` float32
        (1, tokens, tags), `token_spans` int32 (1, tokens, 2) and `token_count` int32 (1,); and its input.
    """
    network, embedding = network_of(weights_of(student)), embedding_of(student, scheme)

    def serve(codepoints: tf.Tensor) -> dict[str, tf.Tensor]:
        if embedding:
            front = piece_graph(codepoints, student.front_end, signature.tokens)
            features, on_tokens = _vectors(front.numbers, embedding)
        else:
            front = front_end_graph(codepoints, student.front_end, signature.tokens)
            features, on_tokens = front.features, front.on_tokens
        outputs = network(features, on_tokens)
        if "tag_logits" in outputs:
            outputs["tag_logits"] = tf.expand_dims(outputs["tag_logits"], 0)
        return {**outputs, TOKEN_SPANS: tf.expand_dims(front.spans, 0), TOKEN_COUNT: front.count}

    return serve, tf.TensorSpec((1, signature.chars), tf.int32, name=INPUT)


def _vectors(numbers: tf.Tensor, embedding: Embedding) -> tuple[tf.Tensor, tf.Tensor]:
    """Float32 (tokens, width) and (tokens, 1), 1 for a piece and 0 past the last."""
    rows = tf.cast(tf.gather(embedding.values, numbers), tf.float32)
    if embedding.scales is not None:
        # As integers, or the converter would bring the scales themselves to 8 bits.
        rows *= tf.bitcast(tf.gather(embedding.scales.view(np.int32), numbers), tf.float32)
    there = tf.cast(tf.minimum(numbers, 1), tf.float32)
    return rows, tf.reshape(there, [-1, 1])


def save_model(student: Student, signatures: Sequence[Signature], folder: Path, scheme: Scheme) -> None:
    """Write a TensorFlow SavedModel with an entry point for each signature."""
    functions = {}
    for signature in signatures:
        serve, codepoints = serving_function(student, signature, scheme)
        functions[signature.name] = tf.function(serve, input_signature=[codepoints], autograph=False)
    tf.saved_model.save(tf.Module(), str(folder), signatures=functions)
