"""The text front end as TensorFlow ops, for the exported graph: the same bits as `projection.py`.

Every op here is a builtin of TFLite and converts to ONNX. That rules out AND, OR and left shifts (Flex only
in TFLite) and integer sums that overflow (ONNX Runtime's ReduceSum saturates); CUMSUM and MUL wrap in both.
TFLite shifts, multiplies and XORs uint32, but adds, compares, gathers and sums int32 only: hashes change
sides by BITCAST. There is no batch dimension, and `x[None]` is avoided, since each costs an op.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from edgekd.text.projection import (
    BOUNDARY,
    MIX,
    FrontEnd,
    byte_ternaries,
    inverse_powers,
    multipliers,
    ngram_scales,
    powers,
    taps,
)
from edgekd.text.unicode import HIGH, LIMIT, LOW, MOST, SPECIAL, SPECIAL_AS, TABLES, layout, starts

_LOW_BITS, _PAGE_BITS = LOW.bit_length() - 1, (LOW * HIGH).bit_length() - 1


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


def front_end_graph(code_points: tf.Tensor, front_end: FrontEnd, tokens: int) -> FrontEndOutputs:
    """The front end for one text, of which at most `max_chars` code points are given.

    Args:
        code_points: int32 (1, chars), padded with 0.
        front_end: the settings.
        tokens: rows of the result.
    """
    points = tf.reshape(code_points, [-1])
    chars, kind = look_up(points)
    token_of_char = _split(kind)
    count = tf.reduce_max(token_of_char, axis=0, keepdims=True)

    member = _member(token_of_char, np.arange(1, tokens + 1))
    first = tf.reshape(tf.argmax(member, axis=1, output_type=tf.int32), [-1, 1])
    length = tf.cast(tf.reduce_sum(member, axis=1, keepdims=True), tf.int32)
    end = first + length
    on_tokens = tf.cast(tf.minimum(length, 1), tf.float32)

    chars = mix(unsigned(chars))
    hashes, widths, groups = [], [], front_end.ngram_groups
    if front_end.token_features:
        hashes.append(_token_hashes(chars, first, end))
        widths.append(front_end.token_features)
    if front_end.ngram_features:
        grams = tf.concat([_ngram_hashes(chars, token_of_char, n) for n in front_end.ngrams], axis=0)
        hashes.append(tf.expand_dims(grams, 1))
        widths.append(front_end.ngram_features // groups)
    features = _expand(hashes, widths)
    if front_end.ngram_features:
        row_of_gram = tf.concat([token_of_char] * len(front_end.ngrams), axis=0)
        if groups > 1:
            row_of_gram = row_of_gram * groups + _highest_bits(grams, groups)
        member = _member(row_of_gram, np.arange(groups, (tokens + 1) * groups))
        sums = tf.matmul(member, features.pop())
        scales = ngram_scales(len(front_end.ngrams) * points.shape[0], groups)
        scale = tf.gather(scales[:: len(front_end.ngrams)], length)
        features.append(tf.reshape(sums, [-1, front_end.ngram_features]) * scale)
    return FrontEndOutputs(tf.concat(features, axis=1), on_tokens, tf.concat([first, end], axis=1), count)


def look_up(points: tf.Tensor, tables: str = TABLES) -> tuple[tf.Tensor, tf.Tensor]:
    """Folded code points plus 1, and classes, as `unicode.look_up`; int32 (chars,)."""
    pages, blocks, entries, deltas, kinds = layout(tables)
    known = tf.logical_and(tf.greater_equal(points, 0), tf.less_equal(points, MOST))
    points = tf.where(known, points, tf.zeros_like(points))
    index = tf.where(
        tf.greater_equal(points, SPECIAL),
        tf.fill(tf.shape(points), SPECIAL_AS),
        tf.minimum(points, LIMIT - 1),
    )
    block, page = (signed(shift_right(unsigned(index), bits)) for bits in (_LOW_BITS, _PAGE_BITS))
    place = tf.cast(tf.gather(pages, page), tf.int32) + block
    place = (tf.cast(tf.gather(blocks, place), tf.int32) - block) * LOW + index
    entry = tf.cast(tf.gather(entries, place), tf.int32)
    return points + tf.gather(deltas, entry), tf.cast(tf.gather(kinds, entry), tf.int32)


def _split(kind: tf.Tensor) -> tf.Tensor:
    """The number of each character's token, from 1; 0 is none. int32 (chars,)."""
    before = shifted(kind, -1)  # past the ends stands 0, which is SPACE
    start = tf.gather(starts(), kind * 4 + before)
    return tf.cumsum(start) * tf.minimum(kind, 1)


def _member(row_of: tf.Tensor, rows: np.ndarray) -> tf.Tensor:
    """Float32 (rows, n): 1 where `row_of`, int32 (n,), is that row.

    Sums by row are products with it, exact in float32 because all sums are integers below 2^24.
    """
    return tf.cast(tf.equal(tf.expand_dims(row_of, 0), rows.astype(np.int32)[:, None]), tf.float32)


def _highest_bits(hashes: tf.Tensor, values: int) -> tf.Tensor:
    """A number below `values`, a power of 2, of each hash; int32."""
    return signed(shift_right(unsigned(hashes), 33 - values.bit_length()))


def _token_hashes(chars: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """Hashes of whole tokens, int32 (tokens, 1): differences of running sums, brought back to POWER^0."""
    ascending = powers(chars.shape[0]).view(np.int32)
    inverse = inverse_powers(chars.shape[0]).view(np.int32)
    sums = tf.pad(tf.cumsum(signed(chars) * ascending), [[1, 0]])
    return (tf.gather(sums, end) - tf.gather(sums, first)) * tf.gather(inverse, first)


def _ngram_hashes(chars: tf.Tensor, token_of_char: tf.Tensor, n: int) -> tf.Tensor:
    """The hash of the n-gram around each character, int32 (chars,)."""
    weights = taps(n).view(np.int32)
    chars = signed(chars)
    total = chars * weights[n // 2]
    boundary = tf.fill(tf.shape(chars), np.uint32(BOUNDARY).view(np.int32))
    for offset, weight in zip(range(-(n // 2), n // 2 + 1), weights, strict=True):
        if offset:
            same = tf.equal(shifted(token_of_char, offset), token_of_char)
            total += tf.where(same, shifted(chars, offset), boundary) * weight
    return signed(mix(unsigned(total)))


def shifted(values: tf.Tensor, offset: int) -> tf.Tensor:
    """`values[i + offset]` at each i, 0 past the ends. In TFLite SLICE is faster than STRIDED_SLICE."""
    ends = [max(-offset, 0), max(offset, 0)]
    return tf.slice(tf.pad(values, [ends]), [ends[1]], values.shape)


def _expand(hashes: Sequence[tf.Tensor], widths: Sequence[int]) -> list[tf.Tensor]:
    """Ternary features, float32 (n, width) each, from int32 (n, 1) each: most of the front end's time.

    All in one row of words, since ops cost more than their arithmetic.
    """
    words = [
        tf.reshape(one * multipliers(width).view(np.int32), [-1])
        for one, width in zip(hashes, widths, strict=True)
    ]
    sizes = [one.shape[0] for one in words]
    words = _xor_shift(_xor_shift(unsigned(tf.concat(words, axis=0)), 16) * np.uint32(MIX[0]), 15)
    ternaries = tf.gather(byte_ternaries(), tf.cast(tf.bitcast(words, tf.uint8), tf.int32))
    return [
        tf.cast(tf.reshape(part, [-1, width]), tf.float32)
        for part, width in zip(tf.split(ternaries, sizes), widths, strict=True)
    ]


def mix(hashes: tf.Tensor) -> tf.Tensor:
    """`projection.mix` of uint32."""
    hashes = _xor_shift(hashes, 16) * np.uint32(MIX[0])
    hashes = _xor_shift(hashes, 15) * np.uint32(MIX[1])
    return _xor_shift(hashes, 16)


def _xor_shift(values: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(values, shift_right(values, bits))


def shift_right(values: tf.Tensor, bits: int) -> tf.Tensor:
    """Of uint32."""
    return tf.bitwise.right_shift(values, np.uint32(bits))


def unsigned(values: tf.Tensor) -> tf.Tensor:
    """The same bits as uint32."""
    return tf.bitcast(values, tf.uint32)


def signed(values: tf.Tensor) -> tf.Tensor:
    """The same bits as int32."""
    return tf.bitcast(values, tf.int32)
