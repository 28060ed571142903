"""The text front end as TensorFlow ops, for the exported graph: the same bits as `projection.py`.

Every op here is a builtin of TFLite and converts to ONNX. That rules out AND, OR and left shifts (Flex only
in TFLite) and integer sums that overflow (ONNX Runtime's ReduceSum saturates); CUMSUM and MUL wrap in both.
TFLite shifts, multiplies and XORs uint32, but adds, compares, gathers and sums int32 only: hashes change
sides by BITCAST. There is no batch dimension, and `x[None]` is avoided, since each costs an op.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from edgekd.text.projection import (
    BOUNDARY,
    MIX,
    POWER,
    FrontEnd,
    byte_ternaries,
    multipliers,
    ngram_scales,
    powers,
    taps,
)
from edgekd.text.unicode import (
    LIMIT,
    OFFSET,
    PAGE_BITS,
    SINGLE,
    SPACE,
    SPECIAL,
    SPECIAL_AS,
    TAIL,
    WORD,
    tables,
)


class FrontEndOutputs(NamedTuple):
    """What the front end gives for one text.

    Attributes:
        features: float32 (tokens, features); rows past the last token are zero.
        on_tokens: float32 (tokens, 1), 1 for a token and 0 past the last.
        spans: int32 (tokens, 2), start and end of each token in code points; zero past the last.
        count: int32 (1,), the number of tokens of the text, which may exceed the rows.
    """

    features: tf.Tensor
    on_tokens: tf.Tensor
    spans: tf.Tensor
    count: tf.Tensor


def front_end_graph(
    code_points: tf.Tensor, front_end: FrontEnd, tokens: int | None = None
) -> FrontEndOutputs:
    """The front end for one text, of which at most `max_chars` code points are given.

    Args:
        code_points: int32 (1, chars), padded with 0; chars may be unknown to the graph.
        front_end: the settings.
        tokens: rows of the result; None for as many as the text has, at least 1 and at most `max_tokens`.
    """
    points = tf.reshape(code_points, [-1])
    folded, kind = _look_up(points)
    start, token_of_char = _split(kind)
    count = tf.reduce_max(token_of_char, axis=0, keepdims=True)
    if tokens is None:
        numbers = tf.range(1, tf.minimum(tf.maximum(count[0], 1), front_end.max_tokens) + 1)
    else:
        numbers = np.arange(1, tokens + 1, dtype=np.int32)

    # (tokens, chars): 1 where the character belongs to the token. Sums by token are products with it, exact
    # in float32 because all sums are integers below 2^24.
    member = tf.cast(tf.equal(tf.expand_dims(token_of_char, 0), tf.reshape(numbers, [-1, 1])), tf.float32)
    position = tf.range(_length(points), dtype=tf.int32)
    starts_and_ones = tf.stack([position * start, tf.ones_like(position)], axis=1)
    first, length = tf.split(
        tf.cast(tf.matmul(member, tf.cast(starts_and_ones, tf.float32)), tf.int32), 2, axis=1
    )
    end = first + length
    on_tokens = tf.cast(tf.minimum(length, 1), tf.float32)

    chars = _mix(_unsigned(folded + 1))
    parts = []
    if front_end.token_features:
        hashes = _token_hashes(chars, first, end, front_end.max_chars)
        parts.append(_expand(hashes, front_end.token_features) * on_tokens)
    if front_end.ngram_features:
        grams = [
            _expand(_ngram_hashes(chars, token_of_char, n), front_end.ngram_features)
            for n in front_end.ngrams
        ]
        scales = ngram_scales(front_end.max_chars * len(front_end.ngrams))
        parts.append(tf.matmul(member, tf.add_n(grams)) * tf.gather(scales, length * len(front_end.ngrams)))
    return FrontEndOutputs(tf.concat(parts, axis=1), on_tokens, tf.concat([first, end], axis=1), count)


def _look_up(points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Folded code points and classes, as `unicode.look_up`; int32 (chars,)."""
    pages, entries, values = tables()
    known = tf.logical_and(tf.greater_equal(points, 0), tf.less_equal(points, 0x10FFFF))
    points = tf.where(known, points, tf.zeros_like(points))
    index = tf.where(
        tf.greater_equal(points, SPECIAL),
        tf.fill(tf.shape(points), SPECIAL_AS),
        tf.minimum(points, LIMIT - 1),
    )
    page = _signed(_shift_right(_unsigned(index), PAGE_BITS))
    low = index - page * (1 << PAGE_BITS)
    entry = tf.cast(tf.gather(pages, page), tf.int32) * (1 << PAGE_BITS) + low
    value = tf.gather(values, tf.cast(tf.gather(entries.reshape(-1), entry), tf.int32))
    delta = _signed(_shift_right(_unsigned(value), 2))
    return points + delta - OFFSET, value - delta * 4


def _split(kind: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """For each character 1 where it starts a token, and the number of its token, from 1; 0 is none."""
    before = _shifted(kind, -1)  # past the ends stands 0, which is SPACE
    word_start = tf.logical_and(tf.equal(kind, WORD), tf.not_equal(before, WORD))
    tail_start = tf.logical_and(tf.equal(kind, TAIL), tf.equal(before, SPACE))
    start = tf.logical_or(tf.equal(kind, SINGLE), tf.logical_or(word_start, tail_start))
    start = tf.cast(start, tf.int32)
    return start, tf.cumsum(start) * tf.minimum(kind, 1)


def _token_hashes(chars: tf.Tensor, first: tf.Tensor, end: tf.Tensor, max_chars: int) -> tf.Tensor:
    """Hashes of whole tokens, uint32 (tokens, 1): differences of running sums, brought back to POWER^0."""
    ascending = powers(max_chars).view(np.int32)[: chars.shape[0]]
    if chars.shape[0] is None:
        ascending = tf.constant(ascending)[: tf.shape(chars)[0]]
    inverse = np.array([pow(POWER, -i, 1 << 32) for i in range(max_chars)], np.uint32).view(np.int32)
    sums = tf.pad(tf.cumsum(_signed(chars) * ascending), [[1, 0]])
    return _unsigned((tf.gather(sums, end) - tf.gather(sums, first)) * tf.gather(inverse, first))


def _ngram_hashes(chars: tf.Tensor, token_of_char: tf.Tensor, n: int) -> tf.Tensor:
    """The hash of the n-gram around each character, uint32 (chars, 1)."""
    weights = taps(n).view(np.int32)
    chars = _signed(chars)
    total = chars * weights[n // 2]
    boundary = tf.fill(tf.shape(chars), np.uint32(BOUNDARY).view(np.int32))
    for offset, weight in zip(range(-(n // 2), n // 2 + 1), weights, strict=True):
        if offset:
            same = tf.equal(_shifted(token_of_char, offset), token_of_char)
            total += tf.where(same, _shifted(chars, offset), boundary) * weight
    return tf.expand_dims(_mix(_unsigned(total)), 1)


def _shifted(values: tf.Tensor, offset: int) -> tf.Tensor:
    """`values[i + offset]` at each i; 0 past the ends."""
    if offset > 0:
        return tf.pad(values, [[0, offset]])[offset:]
    return tf.pad(values, [[-offset, 0]])[:offset]


def _expand(hashes: tf.Tensor, features: int) -> tf.Tensor:
    """Ternary features, float32 (n, features), from uint32 (n, 1): most of the front end's time."""
    words = hashes * multipliers(features)
    words = tf.bitwise.bitwise_xor(words, _shift_right(words, 16)) * np.uint32(MIX[0])
    words = tf.bitwise.bitwise_xor(words, _shift_right(words, 15))
    octets = tf.cast(tf.bitcast(words, tf.uint8), tf.int32)
    # As int8 the table is exact by itself; the converter would quantize one of floats.
    return tf.cast(tf.reshape(tf.gather(byte_ternaries(), octets), [-1, features]), tf.float32)


def _mix(hashes: tf.Tensor) -> tf.Tensor:
    hashes = tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 16)) * np.uint32(MIX[0])
    hashes = tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 15)) * np.uint32(MIX[1])
    return tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 16))


def _shift_right(values: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.right_shift(values, np.uint32(bits))


def _unsigned(values: tf.Tensor) -> tf.Tensor:
    return tf.bitcast(values, tf.uint32)


def _signed(values: tf.Tensor) -> tf.Tensor:
    return tf.bitcast(values, tf.int32)


def _length(values: tf.Tensor) -> int | tf.Tensor:
    return tf.shape(values)[0] if values.shape[0] is None else values.shape[0]
