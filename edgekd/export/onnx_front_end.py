"""The text front end as ONNX ops: the same bits as `text/projection.py`, for a text as long as it is.

Nothing is padded, so that the work is by the text's own length. ONNX has arithmetic on uint32 that wraps; its
integer sums saturate in ONNX Runtime (ReduceSum), but CumSum wraps. A PAD with a negative end is a shift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from edgekd.export.onnx_builder import OnnxBuilder
from edgekd.text.projection import (
    BOUNDARY,
    MIX,
    PAIRS_PER_WORD,
    FrontEnd,
    byte_ternaries,
    inverse_powers,
    multipliers,
    ngram_scales,
    powers,
    taps,
)
from edgekd.text.unicode import HIGH, LIMIT, LOW, MOST, SPECIAL, SPECIAL_AS, TABLES, layout, starts

_ALL = np.array([np.iinfo(np.int32).max], np.int32)


class OnnxFrontEnd(NamedTuple):
    """Names of what the front end gives for one text.

    Attributes:
        features: float32 (tokens, features); a text without tokens has one row of zeros.
        on_tokens: float32 (tokens, 1): 1, but 0 in that row.
        spans: int32 (1, tokens, 2), start and end of each token in code points.
        count: int32 (1,), the number of tokens of the text, which may exceed the rows.
    """

    features: str
    on_tokens: str
    spans: str
    count: str


def onnx_front_end(graph: OnnxBuilder, codepoints: str, front_end: FrontEnd) -> OnnxFrontEnd:
    """Add the front end to a graph.

    Args:
        graph: gets the nodes.
        codepoints: int32 (1, chars), chars from 1 to `max_chars`.
        front_end: the settings.
    """
    points = graph("Reshape", codepoints, np.array([-1]))
    chars, kind = look_up(graph, points)
    before = shifted(graph, kind, -1)
    start = graph("Gather", starts(), graph("Add", graph("Mul", kind, np.int32(4)), before))
    inside = graph("Min", kind, np.int32(1))
    token_of_char = graph("Mul", graph("CumSum", start, np.int64(0)), inside)
    count = graph("ReduceMax", token_of_char, np.array([0]), keepdims=1)

    rows = graph("Clip", count, np.int32(1), np.int32(front_end.max_tokens))
    member = _member(graph, token_of_char, np.arange(1, front_end.max_tokens + 1)[:, None], rows)
    first = graph("Cast", graph("ArgMax", member, axis=1), to=TensorProto.INT32)
    length = graph("ReduceSum", member, np.array([1]), keepdims=1)
    on_tokens = graph("Min", length, np.float32(1))
    length = graph("Cast", length, to=TensorProto.INT32)
    end = graph("Add", first, length)
    spans = graph("Reshape", graph("Concat", first, end, axis=1), np.array([1, -1, 2]))

    chars = graph("Cast", mix(graph, graph("Cast", chars, to=TensorProto.UINT32)), to=TensorProto.INT32)
    words, groups = [], front_end.ngram_groups
    if front_end.token_features:
        hashes = _token_hashes(graph, chars, first, end, front_end.max_chars)
        words.append(_words(graph, hashes, front_end.token_features))
    if front_end.ngram_features:
        grams = [_ngram_hashes(graph, chars, token_of_char, n) for n in front_end.ngrams]
        grams = graph("Concat", *grams, axis=0) if len(grams) > 1 else grams[0]
        column = graph("Reshape", grams, np.array([-1, 1]))
        words.append(_words(graph, column, front_end.ngram_features // groups))
    # All at once, since ops cost more than their arithmetic.
    ternaries = _ternaries(graph, graph("Concat", *words, axis=0) if len(words) > 1 else words[0])
    features = []
    if front_end.token_features:
        of_tokens = ternaries
        if front_end.ngram_features:
            token_words = graph("Mul", rows, np.int32(front_end.token_features // PAIRS_PER_WORD))
            of_tokens = graph("Slice", ternaries, np.array([0], np.int32), token_words)
            ternaries = graph("Slice", ternaries, token_words, _ALL)
        features.append(graph("Reshape", of_tokens, np.array([-1, front_end.token_features])))
    if front_end.ngram_features:
        several = len(front_end.ngrams)
        row_of_gram = graph("Concat", *[token_of_char] * several, axis=0) if several > 1 else token_of_char
        if groups > 1:
            group = _highest_bits(graph, grams, groups)
            row_of_gram = graph("Add", graph("Mul", row_of_gram, np.int32(groups)), group)
        numbers = np.arange(groups, (front_end.max_tokens + 1) * groups).reshape(-1, groups, 1)
        ternaries = graph("Reshape", ternaries, np.array([-1, front_end.ngram_features // groups]))
        sums = graph("MatMul", _member(graph, row_of_gram, numbers, rows), ternaries)
        sums = graph("Reshape", sums, np.array([-1, front_end.ngram_features]))
        scales = ngram_scales(several * front_end.max_chars, groups)[::several]
        features.append(graph("Mul", sums, graph("Gather", scales, length)))
    return OnnxFrontEnd(graph("Concat", *features, axis=1), on_tokens, spans, count)


def look_up(graph: OnnxBuilder, points: str, tables: str = TABLES) -> tuple[str, str]:
    """Folded code points plus 1, and classes, as `unicode.look_up`; int32 (chars,)."""
    # As int32 only once it is loaded: ONNX Runtime folds what it can compute then.
    pages, blocks, entries, deltas, kinds = (
        graph("Cast", table, to=TensorProto.INT32) if table.dtype != np.int32 else table
        for table in layout(tables)
    )
    known = graph("Equal", graph("Clip", points, np.int32(0), np.int32(MOST)), points)
    points = graph("Where", known, points, np.int32(0))
    special = graph("GreaterOrEqual", points, np.int32(SPECIAL))
    index = graph("Where", special, np.int32(SPECIAL_AS), graph("Min", points, np.int32(LIMIT - 1)))
    block, page = (graph("Div", index, np.int32(size)) for size in (LOW, LOW * HIGH))
    place = graph("Add", graph("Gather", pages, page), block)
    place = graph("Mul", graph("Sub", graph("Gather", blocks, place), block), np.int32(LOW))
    entry = graph("Gather", entries, graph("Add", place, index))
    return graph("Add", points, graph("Gather", deltas, entry)), graph("Gather", kinds, entry)


def _member(graph: OnnxBuilder, row_of: str, numbers: np.ndarray, rows: str) -> str:
    """Float32 (rows, ..., n): 1 where `row_of`, int32 (n,), is that number; so many rows of the numbers."""
    numbers = graph("Slice", numbers.astype(np.int32), np.array([0], np.int32), rows)
    return graph("Cast", graph("Equal", numbers, row_of), to=TensorProto.FLOAT)


def _highest_bits(graph: OnnxBuilder, hashes: str, values: int) -> str:
    """A number below `values`, a power of 2, of each hash; int32 (n,), from uint32 (n,)."""
    shift = np.uint32(33 - values.bit_length())
    return graph("Cast", graph("BitShift", hashes, shift, direction="RIGHT"), to=TensorProto.INT32)


def _token_hashes(graph: OnnxBuilder, chars: str, first: str, end: str, max_chars: int) -> str:
    """Hashes of whole tokens, uint32 (tokens, 1): differences of running sums, brought back to POWER^0."""
    ascending = graph("Slice", powers(max_chars).view(np.int32), np.array([0]), graph("Shape", chars))
    sums = graph("CumSum", graph("Mul", chars, ascending), np.int64(0))
    sums = graph("Pad", sums, np.array([1, 0]))
    total = graph("Sub", graph("Gather", sums, end), graph("Gather", sums, first))
    hashes = graph("Mul", total, graph("Gather", inverse_powers(max_chars).view(np.int32), first))
    return graph("Cast", hashes, to=TensorProto.UINT32)


def _ngram_hashes(graph: OnnxBuilder, chars: str, token_of_char: str, n: int) -> str:
    """The hash of the n-gram around each character, uint32 (chars,)."""
    weights = taps(n).view(np.int32)
    total = graph("Mul", chars, weights[n // 2])
    for offset, weight in zip(range(-(n // 2), n // 2 + 1), weights, strict=True):
        if offset:
            same = graph("Equal", shifted(graph, token_of_char, offset), token_of_char)
            neighbour = graph(
                "Where", same, shifted(graph, chars, offset), np.uint32(BOUNDARY).view(np.int32)
            )
            total = graph("Add", total, graph("Mul", neighbour, weight))
    return mix(graph, graph("Cast", total, to=TensorProto.UINT32))


def shifted(graph: OnnxBuilder, values: str, offset: int) -> str:
    """`values[i + offset]` at each i; 0 past the ends."""
    return graph("Pad", values, np.array([-offset, offset]))


def _words(graph: OnnxBuilder, hashes: str, width: int) -> str:
    """The words, not yet mixed, of so many ternaries of each hash, uint32 (words,), from uint32 (n, 1)."""
    return graph("Reshape", graph("Mul", hashes, multipliers(width)), np.array([-1]))


def _ternaries(graph: OnnxBuilder, words: str) -> str:
    """The ternaries of words, float32 (words, 4, 4), from uint32 (words,)."""
    words = graph("Mul", _xor_shift(graph, words, 16), np.uint32(MIX[0]))
    words = graph("Unsqueeze", _xor_shift(graph, words, 15), np.array([1]))
    octets = graph("BitShift", words, np.array([0, 8, 16, 24], np.uint32), direction="RIGHT")
    octets = graph("Cast", graph("BitwiseAnd", octets, np.uint32(0xFF)), to=TensorProto.INT32)
    return graph("Gather", byte_ternaries().astype(np.float32), octets)


def mix(graph: OnnxBuilder, hashes: str) -> str:
    """`projection.mix` of uint32."""
    hashes = graph("Mul", _xor_shift(graph, hashes, 16), np.uint32(MIX[0]))
    hashes = graph("Mul", _xor_shift(graph, hashes, 15), np.uint32(MIX[1]))
    return _xor_shift(graph, hashes, 16)


def _xor_shift(graph: OnnxBuilder, values: str, bits: int) -> str:
    return graph("BitwiseXor", values, graph("BitShift", values, np.uint32(bits), direction="RIGHT"))
