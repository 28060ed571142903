"""Looking up pieces by hashes: a table in which each piece has a slot of its own, and none is empty.

    hash(piece)   sum over i of char(c_i) * POWER^i, plus INSIDE for one inside a word; modulo 2^32
    bucket        (hash >> 15) mod buckets
    slot          ((hash * spread >> 2) + shift of the bucket) mod slots

Shifts are found when the table is made, for the first `spread` that has any: large buckets first, each at a
shift at which all its pieces fall into slots that are free (Belazzougui et al., 2009, "Hash, displace, and
compress", with a rotation for their second hash). A piece is what stands in its slot with the same hash;
something else has the hash of a piece once in 4 billion times.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import UsageError
from edgekd.text.projection import mix, odd_constants, powers
from edgekd.text.word_pieces import CONTINUES, UNKNOWN, Vocabulary

INSIDE = np.uint32(0x9E3779B1)
BUCKET_BITS, SLOT_BITS = np.uint32(15), np.uint32(2)
"""Shifted out: the one leaves the highest bits alone, so that a bucket says little of the slots."""

_PIECES_A_BUCKET, _TRIES = 2, 100


@dataclass(frozen=True)
class PieceTable:
    """The vocabulary as graphs look it up.

    Attributes:
        spread: odd.
        shifts: int32 (buckets,).
        hashes: uint32 (slots,).
        numbers: int32 (slots,), the number of the piece in each slot.
    """

    spread: np.uint32
    shifts: NDArray[np.int32]
    hashes: NDArray[np.uint32]
    numbers: NDArray[np.int32]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> PieceTable:
        """The table of a vocabulary; raises UsageError where two pieces have the same hash."""
        return _table(vocabulary.pieces)

    def slots(self, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Where pieces of these hashes would be."""
        buckets = (hashes >> BUCKET_BITS).astype(np.int64) % len(self.shifts)
        return (_spread(hashes, self.spread) + self.shifts[buckets]) % len(self.hashes)


@functools.lru_cache(maxsize=4)
def _table(pieces: tuple[str, ...]) -> PieceTable:
    hashes = piece_hashes(pieces)
    if len(np.unique(hashes)) < len(hashes):
        raise UsageError("two pieces of the vocabulary have the same hash", fix="drop one of them")
    for spread in odd_constants(7, _TRIES):
        shifts = _shifts(hashes, spread)
        if shifts is not None:
            numbers = np.empty(len(hashes), np.int32)
            table = PieceTable(spread, shifts, hashes, numbers)
            numbers[table.slots(hashes)] = np.arange(len(hashes)) + UNKNOWN + 1
            return replace(table, hashes=hashes[numbers - UNKNOWN - 1])
    raise UsageError("no table can be made of the vocabulary", fix="leave out a few rare pieces")


def _shifts(hashes: NDArray[np.uint32], spread: np.uint32) -> NDArray[np.int32] | None:
    """Of each bucket, so that no two pieces have the same slot; None where there are none such."""
    slots, buckets = len(hashes), -(-len(hashes) // _PIECES_A_BUCKET)
    bucket_of = (hashes >> BUCKET_BITS).astype(np.int64) % buckets
    places = _spread(hashes, spread) % slots
    if len(np.unique(bucket_of * slots + places)) < slots:
        return None
    shifts, taken = np.zeros(buckets, np.int32), np.zeros(slots, bool)
    sizes = np.bincount(bucket_of, minlength=buckets)
    odds = odd_constants(8, buckets)
    members = np.split(places[np.argsort(bucket_of, kind="stable")], np.cumsum(sizes)[:-1])
    for bucket in np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]:
        free = np.flatnonzero(~taken)
        # The first member can go to each free slot; the others follow at their distances.
        there = (members[bucket][:, None] - members[bucket][0] + free) % slots
        fits = np.flatnonzero(~taken[there].any(axis=0))
        if not len(fits):
            return None
        # Any but always the first: what is free in the end must not lie together.
        chosen = fits[int(odds[bucket]) % len(fits)]
        taken[there[:, chosen]] = True
        shifts[bucket] = (free[chosen] - members[bucket][0]) % slots
    return shifts


def piece_hashes(pieces: Sequence[str]) -> NDArray[np.uint32]:
    """Of each piece, uint32 (pieces,)."""
    found = []
    for piece in pieces:
        own = piece.removeprefix(CONTINUES)
        chars = mix(np.array([ord(char) for char in own], np.uint32) + np.uint32(1))
        found.append(np.sum(chars * powers(len(own)), dtype=np.uint32))
    inside = np.array([piece.startswith(CONTINUES) for piece in pieces])
    return np.array(found, np.uint32) + inside * INSIDE


def _spread(hashes: NDArray[np.uint32], spread: np.uint32) -> NDArray[np.int64]:
    return (hashes * spread >> SLOT_BITS).astype(np.int64)
