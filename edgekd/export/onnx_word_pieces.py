"""The front end of word pieces as ONNX ops, for a text as long as it is: as `text/piece_layers.py` has it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.export.onnx_front_end import look_up, mix, shifted
from edgekd.text.piece_table import BUCKET_BITS, INSIDE, SLOT_BITS, PieceTable
from edgekd.text.projection import inverse_powers, powers
from edgekd.text.unicode import SINGLE, SPACE, WORD
from edgekd.text.word_pieces import LONGEST_WORD, REMOVED, UNKNOWN, WordPieces

_ONE, _ZERO = np.int32(1), np.int32(0)


class OnnxPieces(NamedTuple):
    """Names of what the front end gives for one text.

    Attributes:
        numbers: int32 (tokens,), of the pieces; a text without pieces has one row, PADDING.
        on_tokens: float32 (tokens, 1): 1, but 0 in that row.
        spans: int32 (1, tokens, 2), start and end of each piece in code points.
        count: int32 (1,), the number of pieces of the text, which may exceed the rows.
    """

    numbers: str
    on_tokens: str
    spans: str
    count: str


def onnx_word_pieces(graph: OnnxBuilder, codepoints: str, front_end: WordPieces) -> OnnxPieces:
    """Add the front end to a graph.

    Args:
        graph: gets the nodes.
        codepoints: int32 (1, chars), chars from 1 to `max_chars`.
        front_end: the settings.
    """
    chars, kind, place = _kept(graph, graph("Reshape", codepoints, np.array([-1])), front_end)
    of_word = graph("Equal", kind, np.int32(WORD))
    begins = graph("And", of_word, graph("Not", graph("Equal", shifted(graph, kind, -1), np.int32(WORD))))
    start = _number(graph, graph("Or", graph("Equal", kind, np.int32(SINGLE)), begins))
    word = graph("Mul", graph("CumSum", start, np.int64(0)), graph("Min", kind, _ONE))
    count = graph("Shape", chars)
    room = graph("Add", count, np.array([1]))
    here = graph("Slice", np.arange(front_end.max_chars, dtype=np.int32), np.array([0]), count)

    length, number = _longest(graph, chars, start, word, count, front_end)
    reached = _reached(graph, start, length, count, room, front_end.max_chars)
    failed = graph("Mul", reached, _number(graph, graph("Equal", length, _ZERO)))
    too_long = graph("Mul", start, _same_word(graph, word, LONGEST_WORD))
    # Word 0 is what stands between words.
    bad = graph("Gather", _sums(graph, room, word, graph("Add", failed, too_long)), word)
    bad = graph("Min", bad, _ONE)
    letters = graph("Gather", _sums(graph, room, word, graph("Expand", _ONE, count)), word)

    first = graph("Where", _yes(graph, bad), start, reached)
    token = graph("Mul", graph("Min", word, _ONE), first)
    total = graph("ReduceSum", token, np.array([0]), keepdims=1)
    size = graph("Where", _yes(graph, bad), letters, length)
    is_token = _yes(graph, token)
    number = graph("Where", _yes(graph, bad), np.int32(UNKNOWN), number)
    begin, size, numbers = (graph("Compress", one, is_token, axis=0) for one in (here, size, number))
    end = graph("Gather", place, graph("Sub", graph("Add", begin, size), _ONE))
    spans = [graph("Gather", place, begin), graph("Add", end, _ONE)]
    # One row more, for a text without pieces; and no more than there may be.
    rows = graph("Clip", total, _ONE, np.int32(front_end.max_tokens))
    numbers, *spans = (
        graph("Slice", graph("Pad", one, np.array([0, 1])), np.array([0], np.int32), rows)
        for one in (numbers, *spans)
    )
    columns = [graph("Reshape", one, np.array([1, -1, 1])) for one in spans]
    some = graph("Cast", graph("Min", total, _ONE), to=TensorProto.FLOAT)
    shape = graph("Concat", graph("Cast", rows, to=TensorProto.INT64), np.array([1]), axis=0)
    on_tokens = graph("Expand", graph("Reshape", some, np.array([1, 1])), shape)
    return OnnxPieces(numbers, on_tokens, graph("Concat", *columns, axis=2), total)


def _kept(graph: OnnxBuilder, points: str, front_end: WordPieces) -> tuple[str, str, str]:
    """Folded code points plus 1, classes and places, int32 (chars,), of what is not removed.

    The first is kept always, as a space, so that there is something.
    """
    chars, kind = look_up(graph, points, front_end.vocabulary.tables)
    every = np.arange(front_end.max_chars, dtype=np.int32)
    place = graph("Slice", every, np.array([0]), graph("Shape", points))
    removed = graph("Equal", kind, np.int32(REMOVED))
    kept = graph("Or", graph("Not", removed), graph("Equal", place, _ZERO))
    kind = graph("Where", removed, np.int32(SPACE), kind)
    return tuple(graph("Compress", one, kept, axis=0) for one in (chars, kind, place))


def _longest(
    graph: OnnxBuilder, chars: str, start: str, word: str, count: str, front_end: WordPieces
) -> tuple[str, str]:
    """Of the longest piece that could begin at each character: its length, 0 for none, and its number."""
    table, most = PieceTable.of(front_end.vocabulary), front_end.max_chars
    slots, lengths = len(table.hashes), np.arange(1, front_end.vocabulary.longest + 1, dtype=np.int32)
    ends = np.arange(most, dtype=np.int32)[:, None] + lengths
    ends = graph(
        "Min", graph("Slice", ends, np.array([0]), count), graph("Cast", count, to=TensorProto.INT32)
    )
    mixed = graph("Cast", mix(graph, graph("Cast", chars, to=TensorProto.UINT32)), to=TensorProto.INT32)
    ascending = graph("Slice", powers(most).view(np.int32), np.array([0]), count)
    sums = graph("Pad", graph("CumSum", graph("Mul", mixed, ascending), np.int64(0)), np.array([1, 0]))
    before = graph("Unsqueeze", graph("Slice", sums, np.array([0]), count), np.array([1]))
    inverse = graph("Slice", inverse_powers(most).view(np.int32)[:, None], np.array([0]), count)
    hashes = graph("Mul", graph("Sub", graph("Gather", sums, ends), before), inverse)
    inside = graph("Mul", graph("Sub", _ONE, start), INSIDE.view(np.int32))
    hashes = graph("Add", hashes, graph("Unsqueeze", inside, np.array([1])))

    bits = graph("Cast", hashes, to=TensorProto.UINT32)
    bucket = graph("Mod", _shifted_out(graph, bits, BUCKET_BITS), np.int32(len(table.shifts)))
    spread = _shifted_out(graph, graph("Mul", bits, table.spread), SLOT_BITS)
    slot = graph("Mod", graph("Add", spread, graph("Gather", table.shifts, bucket)), np.int32(slots))
    known = graph("Equal", graph("Gather", table.hashes.view(np.int32), slot), hashes)
    columns = [graph("Unsqueeze", _same_word(graph, word, length - 1), np.array([1])) for length in lengths]
    possible = graph("And", known, _yes(graph, graph("Concat", *columns, axis=1)))
    # The longest, and its slot, as one number.
    best = graph("Where", possible, graph("Add", slot, lengths * np.int32(slots)), _ZERO)
    best = graph("ReduceMax", best, np.array([1]), keepdims=0)
    length = graph("Div", best, np.int32(slots))
    number = graph("Gather", table.numbers, graph("Mod", best, np.int32(slots)))
    return length, graph("Mul", number, graph("Min", length, _ONE))


def _same_word(graph: OnnxBuilder, word: str, distance: int) -> str:
    """int32 (chars,): 1 where so many characters further is still the same word."""
    # Padded before it is cut, since the text may be shorter.
    further = graph("Pad", word, np.array([0, int(distance)]))
    further = graph("Slice", further, np.array([int(distance)]), np.array([np.iinfo(np.int64).max]))
    return graph("Mul", _number(graph, graph("Equal", further, word)), graph("Min", word, _ONE))


def _reached(graph: OnnxBuilder, start: str, length: str, count: str, room: str, most: int) -> str:
    """int32 (chars,): 1 where a piece begins, from the starts of words and the lengths of pieces."""
    one_more = np.array([0, 1])  # the end of the text is reached, too
    here = graph("Slice", np.arange(most + 1, dtype=np.int32), np.array([0]), room)
    jump = graph("Add", here, graph("Pad", length, one_more))
    reached = graph("Pad", start, one_more)
    for _ in range(min(LONGEST_WORD, most).bit_length()):
        reached = graph("Min", graph("Add", reached, _sums(graph, room, jump, reached)), _ONE)
        jump = graph("Gather", jump, jump)
    return graph("Slice", reached, np.array([0]), count)


def _sums(graph: OnnxBuilder, size: str, index: str, values: str) -> str:
    """int32 (size,): the sum of the values at each index."""
    return graph("ScatterElements", graph("Expand", _ZERO, size), index, values, axis=0, reduction="add")


def _shifted_out(graph: OnnxBuilder, values: str, bits: np.uint32) -> str:
    """int32, from uint32."""
    return graph("Cast", graph("BitShift", values, bits, direction="RIGHT"), to=TensorProto.INT32)


def _number(graph: OnnxBuilder, condition: str) -> str:
    return graph("Cast", condition, to=TensorProto.INT32)


def _yes(graph: OnnxBuilder, number: str) -> str:
    return graph("Cast", number, to=TensorProto.BOOL)
