"""A teacher's states on disk, in one byte a number.

    states.json                   of which teacher, and the mean and the deviation of each dimension
    states-<hash>.safetensors     for up to 2,048 texts:
        states   int8 (words, width)      standardised, in steps of DEVIATIONS / 127
        units    int32 (words, 2)         where in the text each word is
        bounds   int64 (texts + 1,)       the words of text i are bounds[i] to bounds[i + 1]
        scores   int8 (pairs, heads)      of attention, where it is asked for: for each word one pair with
                                          each word of its text; in steps of SCORES / 127

Each dimension is standardised, so that none counts for more because its numbers are larger. Some hardly vary
at all: their deviation has a floor, or rounding errors would be blown up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import TeacherError
from edgekd.progress import Progress, silent
from edgekd.teachers.text_shards import Arrays, TextShards, bounds
from edgekd.teachers.units import holders

if TYPE_CHECKING:
    from edgekd.teachers.states import StateTeacher

DEVIATIONS = 6.0
"""Standardised states are kept up to this many deviations from their mean."""

SCORES = 12.0
"""Scores of attention are kept up to this far from their mean."""

_SAMPLE = 4096
_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class States:
    """The states of some texts, as in the module's docstring; without attention, there is no head."""

    states: NDArray[np.int8]
    units: NDArray[np.int32]
    bounds: NDArray[np.int64]
    scores: NDArray[np.int8]

    def on_tokens(self, spans: Sequence[NDArray[np.int32]]) -> TokenStates:
        """The same by tokens.

        Args:
            spans: the tokens of each text, int32 (tokens, 2), in code points.
        """
        rows = []
        for number, tokens in enumerate(spans):
            first = self.bounds[number]
            holder, known = holders(self.units[first : self.bounds[number + 1]], tokens)
            rows.append(np.where(known, first + holder, -1))
        words = np.diff(self.bounds)
        pairs = np.concatenate([[0], np.cumsum(words**2)])
        first, count = np.repeat(self.bounds[:-1], words), np.repeat(words, words)
        looking = np.repeat(pairs[:-1], words) + (np.arange(len(self.units)) - first) * count
        return TokenStates(self, np.concatenate([np.zeros(0, np.int64), *rows]), first, looking)


class TeacherStates(NamedTuple):
    """What a teacher makes of the tokens of a batch.

    Attributes:
        states: int8 (texts, tokens, width).
        known: float32 (texts, tokens), 1 where there is one.
        scores: of attention, int8 (texts, tokens, tokens, heads).
    """

    states: np.ndarray
    known: np.ndarray
    scores: np.ndarray


NO_STATES = TeacherStates(
    np.zeros((0, 0, 0), np.int8), np.zeros((0, 0), np.float32), np.zeros((0, 0, 0, 0), np.int8)
)


@dataclass(frozen=True, slots=True)
class TokenStates:
    """States by the tokens of all texts together.

    Attributes:
        of: words.
        rows: the word of each token; -1 where the teacher has none.
        first: of each word, the first of its text.
        looking: of each word, where its pair with that one is.
    """

    of: States
    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    looking: NDArray[np.int64]

    def at(self, there: NDArray[np.bool_], source: NDArray[np.int64]) -> TeacherStates:
        """Of the tokens of a batch, as `distill.batching.TokenRows.padded` gives them."""
        rows = np.where(there, self.rows[source], -1)
        known = rows >= 0
        scores = np.zeros((*rows.shape, rows.shape[1], self.of.scores.shape[1]), np.int8)
        if scores.size:
            pairs = self.looking[rows][:, :, None] + (rows - self.first[rows])[:, None]
            scores = self.of.scores[np.where(known[:, :, None] & known[:, None], pairs, 0)]
        return TeacherStates(self.of.states[rows], known.astype(np.float32), scores)


class StateStore:
    """A folder with the states of one teacher.

    Args:
        folder: made where it does not exist.
        teacher: the only one whose states it may hold.

    Raises:
        TeacherError: it holds states of another teacher.
    """

    def __init__(self, folder: Path, teacher: StateTeacher) -> None:
        self.teacher = teacher
        self._shards = TextShards(folder, "states", teacher.fingerprint)

    def compute(
        self, texts: Sequence[str], progress: Progress = silent, *, sample: Sequence[str] | None = None
    ) -> None:
        """Run the teacher on those texts that are not stored yet; one process at a time.

        Args:
            texts: all of them.
            progress: shows how many are done.
            sample: texts whose states have mean 0 and deviation 1 in a new store; by default `texts`.
        """
        if not self._shards.missing(texts):
            return
        with self._shards.alone():
            if self._shards.card is None:
                self._standardise(texts if sample is None else sample)
            self._compute(texts, progress)

    def read(self, texts: Sequence[str]) -> States:
        """The states of texts; as `TextShards.read`."""
        shards = self._shards.read(texts)
        return States(
            np.concatenate([shard["states"] for shard in shards]),
            np.concatenate([shard["units"] for shard in shards]),
            bounds(shards, "units"),
            np.concatenate([shard.get("scores", np.zeros((0, 0), np.int8)) for shard in shards]),
        )

    def _compute(self, texts: Sequence[str], progress: Progress) -> None:
        card = self._shards.card
        mean, deviation = (np.array(card[name], np.float32) for name in ("mean", "deviation"))

        def shard(some: Sequence[str]) -> Arrays:
            found = list(self.teacher.states(some))
            states = np.concatenate([one.states for one in found])
            arrays = {
                "states": in_bytes((states - mean) / deviation, DEVIATIONS),
                "units": np.concatenate([one.units for one in found]),
                "bounds": np.cumsum([0, *(len(one.units) for one in found)], dtype=np.int64),
            }
            if heads := found[0].scores.shape[-1]:
                arrays["scores"] = np.concatenate([one.scores.reshape(-1, heads) for one in found])
            return arrays

        self._shards.compute(texts, shard, progress, "the teacher reads")

    def _standardise(self, texts: Sequence[str]) -> None:
        """Write mean and deviation of each dimension, from texts out of all places."""
        step = max(len(texts) // _SAMPLE, 1)
        states = np.concatenate([one.states for one in self.teacher.states(texts[::step][:_SAMPLE])])
        if not len(states):
            raise TeacherError(
                "the teacher finds no word in the texts", expected="texts of words, one for each line"
            )
        deviation = states.std(axis=0)
        if deviation.size:
            deviation = np.maximum(deviation, max(_FLOOR * float(np.median(deviation)), 1e-6))
        figures = {"mean": states.mean(axis=0).tolist(), "deviation": deviation.tolist()}
        self._shards.begin({"layers": self.teacher.layers, **figures})


def in_bytes(values: NDArray[np.float32], most: float) -> NDArray[np.int8]:
    """Values up to `most`, in steps of `most` / 127."""
    return np.clip(np.rint(values * (127 / most)), -127, 127).astype(np.int8)
