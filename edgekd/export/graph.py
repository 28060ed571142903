"""The function that an app calls: code points in, logits and token spans out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from edgekd.runtime.manifest import Signature
from edgekd.students.student import Student
from edgekd.text.layers import front_end_graph

INPUT = "codepoints"
TOKEN_SPANS, TOKEN_COUNT = "token_spans", "token_count"


def serving_function(
    student: Student, chars: int | None = None, tokens: int | None = None
) -> tuple[Callable[[tf.Tensor], dict[str, tf.Tensor]], tf.TensorSpec]:
    """The whole way of one text, with its input.

    Args:
        student: front end and network.
        chars: code points of the input, padded with 0; None for any number from 1.
        tokens: rows of the outputs; None for as many as the text has, from 1 to the student's `max_tokens`.

    Returns:
        A function from int32 (1, chars) to `label_logits` float32 (1, labels), `tag_logits` float32
        (1, tokens, tags), `token_spans` int32 (1, tokens, 2) and `token_count` int32 (1,); and its input.
    """

    def serve(codepoints: tf.Tensor) -> dict[str, tf.Tensor]:
        front = front_end_graph(codepoints, student.front_end, tokens)
        logits = student.network([front.features, front.mask], training=False)
        return {**logits, TOKEN_SPANS: front.spans, TOKEN_COUNT: front.count}

    return serve, tf.TensorSpec((1, chars), tf.int32, name=INPUT)


def save_model(student: Student, signatures: Sequence[Signature], folder: Path) -> None:
    """Write a TensorFlow SavedModel with an entry point for each signature, all with the same weights."""
    archive = keras.export.ExportArchive()
    archive.track(student.network)
    for signature in signatures:
        serve, codepoints = serving_function(student, signature.chars, signature.tokens)
        archive.add_endpoint(signature.name, serve, [codepoints])
    archive.write_out(folder, verbose=False)
