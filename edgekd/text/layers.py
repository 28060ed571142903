"""The text front end as TensorFlow ops, for the exported graph: the same bits as `projection.py`.

Every op here is a builtin of TFLite and converts to ONNX. That rules out AND, OR and left shifts (Flex only
in TFLite) and integer sums that overflow (ONNX Runtime's ReduceSum saturates); CUMSUM and MUL wrap in both.
Hashes are int32 with the bits of the reference's uint32.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from edgekd.text.projection import (
    BOUNDARY,
    MIX,
    PAIRS_PER_BYTE,
    POWER,
    FrontEnd,
    byte_ternaries,
    multipliers,
    ngram_scales,
    powers,
    taps,
)
from edgekd.text.unicode import LIMIT, OFFSET, PAGE_BITS, SINGLE, SPACE, SPECIAL, SPECIAL_AS, TAIL, WORD, tables


class FrontEndOutputs(NamedTuple):
    """What the front end gives for one text.

    Attributes:
        features: float32 (1, tokens, features); rows past the last token are zero.
        mask: float32 (1, tokens), 1 for a token and 0 past the last.
        spans: int32 (1, tokens, 2), start and end of each token in code points; zero past the last.
        count: int32 (1,), the number of tokens of the text, which may exceed the rows.
    """

    features: tf.Tensor
    mask: tf.Tensor
    spans: tf.Tensor
    count: tf.Tensor


def front_end_graph(code_points: tf.Tensor, front_end: FrontEnd, tokens: int | None = None) -> FrontEndOutputs:
    """The front end for one text, of which at most `max_chars` code points are given.

    Args:
        code_points: int32 (1, chars), padded with 0; chars may be unknown to the graph.
        front_end: the settings.
        tokens: rows of the result; None for as many as the text has, at least 1 and at most `max_tokens`.
    """
    points = tf.reshape(code_points, [-1])
    folded, kind = _look_up(points)
    start, token_of_char = _split(kind)
    count = tf.reduce_max(token_of_char)
    rows = tf.minimum(tf.maximum(count, 1), front_end.max_tokens) if tokens is None else tokens

    # (tokens, chars): 1 where the character belongs to the token. Sums by token are products with it, exact
    # in float32 because all sums are integers below 2^24.
    member = tf.cast(tf.equal(token_of_char[None, :], tf.range(1, rows + 1)[:, None]), tf.float32)
    position = tf.cast(tf.range(tf.shape(points)[0]), tf.float32)
    starts_and_lengths = tf.matmul(
        member, tf.stack([position * tf.cast(start, tf.float32), tf.ones_like(position)], axis=1)
    )
    first, length = tf.split(tf.cast(starts_and_lengths, tf.int32), 2, axis=1)
    spans = tf.concat([first, first + length], axis=1)
    mask = tf.cast(tf.greater(length, 0), tf.float32)

    chars = _mix(folded + 1)
    parts = []
    if front_end.token_features:
        hashes = _token_hashes(chars, first[:, 0], spans[:, 1], front_end.max_chars)
        parts.append(_expand(hashes, front_end.token_features) * mask)
    if front_end.ngram_features:
        grams = tf.add_n(
            [_expand(_ngram_hashes(chars, token_of_char, n), front_end.ngram_features) for n in front_end.ngrams]
        )
        scales = ngram_scales(front_end.max_chars * len(front_end.ngrams))
        parts.append(tf.matmul(member, grams) * tf.gather(scales, length * len(front_end.ngrams)))
    features = tf.concat(parts, axis=1)
    return FrontEndOutputs(features[None], mask[None, :, 0], spans[None], tf.reshape(count, [1]))


def _look_up(points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Folded code points and classes, as `unicode.look_up`; int32 (chars,)."""
    pages, entries, values = tables()
    known = tf.logical_and(tf.greater_equal(points, 0), tf.less_equal(points, 0x10FFFF))
    points = tf.where(known, points, tf.zeros_like(points))
    index = tf.where(
        tf.greater_equal(points, SPECIAL), tf.fill(tf.shape(points), SPECIAL_AS), tf.minimum(points, LIMIT - 1)
    )
    page = _shift_right(index, PAGE_BITS)
    low = index - page * (1 << PAGE_BITS)
    entry = tf.cast(tf.gather(pages, page), tf.int32) * (1 << PAGE_BITS) + low
    value = tf.gather(values, tf.cast(tf.gather(entries.reshape(-1), entry), tf.int32))
    delta = _shift_right(value, 2)
    return points + delta - OFFSET, value - delta * 4


def _split(kind: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Whether each character starts a token, bool (chars,), and the token it is in, from 1; 0 is none."""
    before = tf.concat([[SPACE], kind[:-1]], axis=0)
    word_start = tf.logical_and(tf.equal(kind, WORD), tf.not_equal(before, WORD))
    tail_start = tf.logical_and(tf.equal(kind, TAIL), tf.equal(before, SPACE))
    start = tf.logical_or(tf.equal(kind, SINGLE), tf.logical_or(word_start, tail_start))
    inside = tf.cast(tf.not_equal(kind, SPACE), tf.int32)
    return start, tf.cumsum(tf.cast(start, tf.int32)) * inside


def _token_hashes(chars: tf.Tensor, first: tf.Tensor, end: tf.Tensor, max_chars: int) -> tf.Tensor:
    """Hashes of whole tokens, int32 (tokens,): differences of running sums, brought back to POWER^0."""
    ascending = tf.constant(powers(max_chars).view(np.int32))[: tf.shape(chars)[0]]
    inverse = np.array([pow(POWER, -i, 1 << 32) for i in range(max_chars)], np.uint32).view(np.int32)
    sums = tf.concat([[0], tf.cumsum(chars * ascending)], axis=0)
    return (tf.gather(sums, end) - tf.gather(sums, first)) * tf.gather(inverse, first)


def _ngram_hashes(chars: tf.Tensor, token_of_char: tf.Tensor, n: int) -> tf.Tensor:
    """The hash of the n-gram around each character, int32 (chars,)."""
    weights = taps(n).view(np.int32)
    total = chars * weights[n // 2]
    boundary = np.uint32(BOUNDARY).view(np.int32)
    for offset, weight in zip(range(-(n // 2), n // 2 + 1), weights, strict=True):
        if offset:
            same = tf.equal(_shifted(token_of_char, offset), token_of_char)
            neighbour = tf.where(same, _shifted(chars, offset), tf.fill(tf.shape(chars), boundary))
            total += neighbour * weight
    return _mix(total)


def _shifted(values: tf.Tensor, offset: int) -> tf.Tensor:
    """`values[i + offset]` at each i; 0 past the ends."""
    if offset > 0:
        return tf.concat([values[offset:], tf.zeros([offset], values.dtype)], axis=0)[: tf.shape(values)[0]]
    return tf.concat([tf.zeros([-offset], values.dtype), values], axis=0)[: tf.shape(values)[0]]


def _expand(hashes: tf.Tensor, features: int) -> tf.Tensor:
    """Ternary features, float32 (n, features), from int32 (n,). This takes most of the front end's time."""
    words = hashes[:, None] * multipliers(features).view(np.int32)
    words = tf.bitwise.bitwise_xor(words, _shift_right(words, 16)) * _signed(MIX[0])
    words = tf.bitwise.bitwise_xor(words, _shift_right(words, 15))
    octets = tf.cast(tf.bitcast(words, tf.uint8), tf.int32)
    return tf.reshape(
        tf.gather(byte_ternaries().astype(np.float32), tf.reshape(octets, [-1])),
        [-1, features // PAIRS_PER_BYTE * PAIRS_PER_BYTE],
    )


def _mix(hashes: tf.Tensor) -> tf.Tensor:
    hashes = tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 16)) * _signed(MIX[0])
    hashes = tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 15)) * _signed(MIX[1])
    return tf.bitwise.bitwise_xor(hashes, _shift_right(hashes, 16))


def _shift_right(values: tf.Tensor, bits: int) -> tf.Tensor:
    """Logical shift of int32 (the builtin shifts uint32 that way)."""
    shifted = tf.bitwise.right_shift(tf.bitcast(values, tf.uint32), tf.constant(bits, tf.uint32))
    return tf.bitcast(shifted, tf.int32)


def _signed(constant: int) -> np.int32:
    return np.uint32(constant).view(np.int32)
