"""Slots as character spans, and the BIO tags of any tokenization: the way there and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.data.examples import Span

Offsets = Sequence[tuple[int, int]]
"""Tokens as (start, end) in code points, end exclusive; sorted, not overlapping."""


def tags_from_spans(spans: Sequence[Span], tokens: Offsets) -> tuple[list[str], list[Span]]:
    """The BIO tag of each token, and the spans that these tokens cannot express.

    A span whose ends do not fall on token bounds is tagged on every token it touches, which is the nearest
    the tokenization can say, and is returned as unreachable: decoding the tags gives other offsets. Where two
    spans touch one token, the first keeps it. Reachable spans are never harmed by those that are not.

    Args:
        spans: sorted, not overlapping.
        tokens: as `Offsets`.
    """
    tags = ["O"] * len(tokens)
    unreachable = []
    first = 0
    for span in spans:
        while first < len(tokens) and tokens[first][1] <= span.start:
            first += 1
        last = first
        while last < len(tokens) and tokens[last][0] < span.end:
            last += 1
        free = [index for index in range(first, last) if tags[index] == "O"]
        for index in free:
            tags[index] = f"{'B' if index == free[0] else 'I'}-{span.slot}"
        if not free or (tokens[free[0]][0], tokens[free[-1]][1]) != (span.start, span.end):
            unreachable.append(span)
    return tags, unreachable


def spans_from_tags(tags: Sequence[str], tokens: Offsets) -> tuple[Span, ...]:
    """The spans that tags say, decoded tolerantly.

    I-x after O or after another slot starts a new span, as in conlleval. The other common schemes (IOB1,
    BIOES, BILOU) decode too: S and U begin like B, E and L go on like I. Tokens without a tag are outside.
    """
    spans: list[Span] = []
    open_slot = ""
    for tag, (start, end) in zip(tags, tokens, strict=False):
        prefix, _, slot = tag.partition("-")
        if slot and slot == open_slot and prefix in "IEL":
            spans[-1] = Span(spans[-1].start, end, slot)
        elif slot:
            spans.append(Span(start, end, slot))
        open_slot = slot
    return tuple(spans)
