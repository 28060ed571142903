"""The front end of word pieces as TensorFlow ops, for the exported graph: as `word_pieces.py` has it.

What the reference does from left to right is done for all characters at once: at each, the longest piece that
could begin there; and then which characters are reached, by jumping from piece to piece, each round twice as
far as the one before. Which ops there are, and which sums wrap: `layers.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from edgekd.text.layers import look_up, mix, shift_right, shifted, signed, unsigned
from edgekd.text.piece_table import BUCKET_BITS, INSIDE, SLOT_BITS, PieceTable
from edgekd.text.projection import inverse_powers, powers
from edgekd.text.unicode import SINGLE, WORD
from edgekd.text.word_pieces import LONGEST_WORD, REMOVED, UNKNOWN, WordPieces


class PieceOutputs(NamedTuple):
    """What the front end gives for one text.

    Attributes:
        numbers: int32 (tokens,), of the pieces; rows past the last are PADDING.
        spans: int32 (tokens, 2), start and end of each piece in code points; zero past the last.
        count: int32 (1,), the number of pieces of the text, which may exceed the rows.
    """

    numbers: tf.Tensor
    spans: tf.Tensor
    count: tf.Tensor


def piece_graph(code_points: tf.Tensor, front_end: WordPieces, tokens: int) -> PieceOutputs:
    """The front end for one text, of which at most `max_chars` code points are given.

    Args:
        code_points: int32 (1, chars), padded with 0.
        front_end: the settings.
        tokens: rows of the result.
    """
    chars, kind, place = _kept(tf.reshape(code_points, [-1]), front_end)
    start = tf.logical_or(
        tf.equal(kind, SINGLE), tf.logical_and(tf.equal(kind, WORD), tf.not_equal(shifted(kind, -1), WORD))
    )
    start = tf.cast(start, tf.int32)
    word = tf.cumsum(start) * tf.minimum(kind, 1)

    length, number = _longest(chars, start, word, front_end)
    reached = _reached(start, length)
    failed = _both(reached, tf.cast(tf.equal(length, 0), tf.int32))
    too_long = _both(start, _same_word(word, LONGEST_WORD))
    size = chars.shape[0] + 1
    # Word 0 is what stands between words.
    of_word = tf.scatter_nd(
        word[:, None], tf.stack([failed + too_long, tf.ones_like(word)], axis=1), [size, 2]
    )
    bad, letters = tf.unstack(tf.gather(of_word, word), axis=1)
    bad = tf.minimum(bad, 1)

    token = tf.minimum(word, 1) * (bad * start + (1 - bad) * reached)
    order = tf.cumsum(token)
    last = tf.range(chars.shape[0]) + bad * letters + (1 - bad) * length - 1
    end = tf.gather(place, tf.minimum(tf.maximum(last, 0), chars.shape[0] - 1)) + 1
    row = tf.where(tf.logical_and(token > 0, order <= tokens), order - 1, tf.fill(tf.shape(order), tokens))
    found = tf.scatter_nd(
        row[:, None], tf.stack([number * (1 - bad) + UNKNOWN * bad, place, end], axis=1), [tokens + 1, 3]
    )
    numbers, spans = tf.split(tf.slice(found, [0, 0], [tokens, 3]), [1, 2], axis=1)
    return PieceOutputs(tf.reshape(numbers, [-1]), spans, tf.reduce_max(order, axis=0, keepdims=True))


def _kept(points: tf.Tensor, front_end: WordPieces) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Folded code points plus 1, classes and places, int32 (chars,), of what is not removed; then zeros."""
    chars, kind = look_up(points, front_end.vocabulary.tables)
    kept = tf.cast(tf.not_equal(kind, REMOVED), tf.int32)
    count = points.shape[0]
    # What is removed goes to a row behind all others.
    row = tf.where(kept > 0, tf.cumsum(kept) - 1, tf.fill(tf.shape(kept), count))
    values = tf.stack([chars, kind, tf.range(count)], axis=1)
    kept = tf.slice(tf.scatter_nd(row[:, None], values, [count + 1, 3]), [0, 0], [count, 3])
    return tuple(tf.unstack(kept, axis=1))


def _longest(
    chars: tf.Tensor, start: tf.Tensor, word: tf.Tensor, front_end: WordPieces
) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the longest piece that could begin at each character: its length, 0 for none, and its number."""
    table, count = PieceTable.of(front_end.vocabulary), chars.shape[0]
    lengths = np.arange(1, front_end.vocabulary.longest + 1)
    ends = np.minimum(np.arange(count)[:, None] + lengths, count)
    sums = tf.cumsum(signed(mix(unsigned(chars))) * powers(count).view(np.int32))
    sums = tf.pad(sums, [[1, 0]])
    total = tf.gather(sums, ends.astype(np.int32)) - sums[:-1, None]
    inverse = inverse_powers(count).view(np.int32)[:, None]
    hashes = total * inverse + ((1 - start) * INSIDE.view(np.int32))[:, None]

    bucket = signed(shift_right(unsigned(hashes), int(BUCKET_BITS)))
    shift = tf.gather(table.shifts, tf.math.floormod(bucket, len(table.shifts)))
    spread = signed(shift_right(unsigned(hashes * table.spread.view(np.int32)), int(SLOT_BITS)))
    slot = tf.math.floormod(spread + shift, len(table.hashes))
    known = tf.equal(tf.gather(table.hashes.view(np.int32), slot), hashes)
    # All characters are of the same word, and none is past the end.
    inside = tf.stack([_same_word(word, length - 1) for length in lengths], axis=1)
    # The longest, and its slot, as one number.
    slots = len(table.hashes)
    best = tf.where(known, slot + lengths.astype(np.int32) * slots, tf.zeros_like(slot)) * inside
    best = tf.reduce_max(best, axis=1)
    length = tf.math.floordiv(best, slots)
    number = tf.gather(table.numbers, best - length * slots)
    return length, number * tf.minimum(length, 1)


def _same_word(word: tf.Tensor, distance: int) -> tf.Tensor:
    """int32 (chars,): 1 where so many characters further is still the same word."""
    if distance >= word.shape[0]:
        return tf.zeros_like(word)
    return _both(tf.cast(tf.equal(shifted(word, distance), word), tf.int32), tf.minimum(word, 1))


def _reached(start: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """int32 (chars,): 1 where a piece begins, from the starts of words and the lengths of pieces."""
    count = start.shape[0] + 1  # the end of the text is reached, too
    jump = tf.range(count) + tf.pad(length, [[0, 1]])
    reached = tf.pad(start, [[0, 1]])
    for _ in range((min(LONGEST_WORD, count) - 1).bit_length()):
        further = tf.scatter_nd(jump[:, None], reached, [count])
        reached = tf.minimum(reached + further, 1)
        jump = tf.gather(jump, jump)
    return tf.slice(reached, [0], [count - 1])


def _both(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return one * other
