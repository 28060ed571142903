"""Plain texts with what teachers make of their words, ready to be batched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from edgekd.distill.batching import TokenRows, cut
from edgekd.distill.token_table import table_of
from edgekd.teachers.guess_store import NO_QUESTIONS, GuessStore, Questions
from edgekd.teachers.state_store import StateStore, TeacherStates
from edgekd.text.projection import FrontEnd
from edgekd.text.word_pieces import WordPieces

HIDDEN = -1
"""The number of a token that is there, but not to be seen."""


class ReadingBatch(NamedTuple):
    """What one step of pre-training sees.

    Attributes:
        numbers: token numbers, int32 (texts, tokens); 0 for padding, HIDDEN for a token that is hidden.
        targets: of each teacher, its states of the tokens.
        questions: about the hidden tokens, where they are to be guessed.
    """

    numbers: np.ndarray
    targets: tuple[TeacherStates, ...]
    questions: Questions


class ReadingSet:
    """As many texts as are held in memory together.

    Args:
        texts: a whole number of the stores' shards, or their last ones.
        stores: with the states of each teacher.
        front_end: of the student.
        misspell, seed: as for `table_of`.
        guesses: of hidden words, if they are to be guessed.

    Attributes:
        tokens: the texts.
    """

    def __init__(
        self,
        texts: Sequence[str],
        stores: Sequence[StateStore],
        front_end: FrontEnd | WordPieces,
        *,
        misspell: bool,
        seed: int,
        guesses: GuessStore | None = None,
    ) -> None:
        self.table = table_of(texts, front_end, misspell=misspell, seed=seed)
        self.tokens = TokenRows(texts, self.table)
        self.lengths = self.tokens.lengths
        self._teachers = [store.read(texts).on_tokens(self.tokens.spans) for store in stores]
        self._guesses = guesses.on_tokens(texts, self.tokens.spans) if guesses else None

    def __len__(self) -> int:
        return len(self.lengths)

    def batches(
        self,
        rng: np.random.Generator,
        batch_size: int,
        *,
        typing_noise: float = 0.0,
        hidden: float = 0.0,
        abreast: int = 1,
        fill: bool = True,
    ) -> Iterator[ReadingBatch]:
        """One pass over texts that have tokens.

        Args:
            rng: decides on their order, and on what is misspelt or hidden.
            batch_size: texts a batch.
            typing_noise: probability that a token is misspelt.
            hidden: probability that a token is hidden: the student is to tell its state from its neighbours.
            abreast, fill: see `batching.cut`.
        """
        readable = np.flatnonzero(self.lengths)
        order = rng.permutation(readable)
        for chosen in cut(order, self.lengths, batch_size, rng, abreast=abreast, fill=fill):
            there, source = self.tokens.padded(chosen)
            numbers, questions = self.tokens.numbers(there, source, typing_noise, rng), NO_QUESTIONS
            if hidden:
                unseen = there & (rng.random(numbers.shape, dtype=np.float32) < hidden)
                numbers = np.where(unseen, HIDDEN, numbers)
                if self._guesses:
                    questions = self._guesses.questions(unseen, source, hidden)
            targets = tuple(states.at(there, source) for states in self._teachers)
            yield ReadingBatch(numbers.astype(np.int32), targets, questions)
