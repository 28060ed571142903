"""Guesses of masked language models on disk.

guesses.json                  of which models and classes
guesses-<hash>.safetensors    for up to 2,048 texts:
    classes  int32 (words, top)       the likeliest in the place of each word
    shares   float16 (words, top)     their probabilities
    right    int32 (words,)           the class of the word that is there, or NONE
    units    int32 (words, 2)         where in the text each word is
    bounds   int64 (texts + 1,)       the words of text i are bounds[i] to bounds[i + 1]
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
from edgekd.teachers.units import beginning_with

if TYPE_CHECKING:
    from edgekd.teachers.guesses import Guesser

_ASKED = 1.5  # places for questions, beside the words of a text that are hidden on average


class Questions(NamedTuple):
    """Hidden words of a batch, and what is expected in their places.

    Attributes:
        tokens: which tokens they are, int32 (texts, questions).
        classes: int32 (texts, questions, top).
        shares: float32 (texts, questions, top); 0 where there are fewer questions.
        right: int32 (texts, questions), or NONE.
    """

    tokens: np.ndarray
    classes: np.ndarray
    shares: np.ndarray
    right: np.ndarray


NO_QUESTIONS = Questions(
    np.zeros((0, 0), np.int32),
    np.zeros((0, 0, 0), np.int32),
    np.zeros((0, 0, 0), np.float32),
    np.zeros((0, 0), np.int32),
)


@dataclass(frozen=True)
class TokenGuesses:
    """Guesses by the tokens of all texts together.

    Attributes:
        classes, shares, right: by word.
        rows: the word that begins with each token; -1 where none does.
    """

    classes: NDArray[np.int32]
    shares: NDArray[np.float16]
    right: NDArray[np.int32]
    rows: NDArray[np.int64]

    def questions(self, hidden: NDArray[np.bool_], source: NDArray[np.int64], share: float) -> Questions:
        """About the hidden tokens of a batch, the first ones of each text.

        Args:
            hidden: (texts, tokens).
            source: of each token its place among all, as `distill.batching.TokenRows.padded` gives it.
            share: of the tokens that are hidden on average. There are as many places for questions as follow
                from it and from the number of tokens, so that few batches differ in shape.
        """
        rows = np.where(hidden, self.rows[source], -1)
        places = min(int(np.ceil(_ASKED * share * hidden.shape[1])), hidden.shape[1])
        tokens = np.argsort(rows < 0, axis=1, kind="stable")[:, :places]
        rows = np.take_along_axis(rows, tokens, axis=1)
        asked = (rows >= 0).astype(np.float32)
        return Questions(
            tokens.astype(np.int32),
            self.classes[rows],
            self.shares[rows].astype(np.float32) * asked[..., None],
            np.where(rows >= 0, self.right[rows], -1),
        )


class GuessStore:
    """A folder with the guesses of one Guesser; as `state_store.StateStore`."""

    def __init__(self, folder: Path, guesser: Guesser) -> None:
        self.guesser = guesser
        self._shards = TextShards(folder, "guesses", guesser.fingerprint)

    def compute(self, texts: Sequence[str], progress: Progress = silent) -> None:
        """Let the models guess in those texts that are not stored yet; one process at a time."""

        def shard(some: Sequence[str]) -> Arrays:
            found = list(self.guesser.guesses(some))
            return {
                "classes": np.concatenate([one.classes for one in found]),
                "shares": np.concatenate([one.shares for one in found]).astype(np.float16),
                "right": np.concatenate([one.right for one in found]),
                "units": np.concatenate([one.units for one in found]),
                "bounds": np.cumsum([0, *(len(one.units) for one in found)], dtype=np.int64),
            }

        with self._shards.alone():
            if self._shards.card is None:
                self._shards.begin({"count": self.guesser.count, "top": self.guesser.top})
            self._shards.compute(texts, shard, progress, "the teacher guesses")

    def on_tokens(self, texts: Sequence[str], spans: Sequence[NDArray[np.int32]]) -> TokenGuesses:
        """The guesses by tokens, of texts as `TextShards.read` takes them.

        Args:
            spans: the tokens of each text, int32 (tokens, 2), in code points.
        """
        shards = self._shards.read(texts)
        classes, shares, right, units = (
            np.concatenate([shard[name] for shard in shards])
            for name in ("classes", "shares", "right", "units")
        )
        if not len(units):
            raise TeacherError(
                "the teacher finds no word in the texts", expected="texts of words, one for each line"
            )
        starts, rows = bounds(shards, "units"), [np.zeros(0, np.int64)]
        for number, tokens in enumerate(spans):
            word, begins = beginning_with(units[starts[number] : starts[number + 1]], tokens)
            rows.append(np.where(begins, starts[number] + word, -1))
        return TokenGuesses(classes, shares, right, np.concatenate(rows))
