"""Texts with hard and soft targets on the student's tokens, cut into batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, LabelSet, Task
from edgekd.distill.augment.mixup import NO_MIX, Mix, draw
from edgekd.distill.batching import TokenRows, cut
from edgekd.distill.token_table import PieceNumbers, TokenTable
from edgekd.teachers.state_store import NO_STATES, States, TeacherStates
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.units import spread


class Batch(NamedTuple):
    """What one training step sees; a field of what the task or the teacher lacks is empty.

    Attributes:
        numbers: token numbers, int32 (batch, tokens), 0 for padding.
        labels: float32 (batch, labels): one-hot, or the set of labels of a multi-label text.
        tags: int32 (batch, tokens), -1 where nothing is known.
        labelled: float32 (batch,), 1 where labels and tags are given, 0 for texts only the teacher saw.
        soft_labels: float32 (batch, labels), the teacher's logits.
        soft_tags: float32 (batch, tokens, tags), the teacher's logits.
        soft_known: float32 (batch, tokens), 1 where the teacher has said something of the token.
        mix: who is mixed with whom; of no text where nothing is.
        states: the teacher's, as `teachers.state_store` keeps them.
    """

    numbers: np.ndarray
    labels: np.ndarray
    tags: np.ndarray
    labelled: np.ndarray
    soft_labels: np.ndarray
    soft_tags: np.ndarray
    soft_known: np.ndarray
    mix: Mix
    states: TeacherStates


def rounds(own: int, least: int) -> int:
    """How often a pass over at least so many texts goes through the data's own."""
    return max(1, -(-least // max(own, 1)))


def others_in_a_round(own: int, share: float) -> int:
    """How many texts that are not the data's own come each time it goes through these."""
    return round(own * share)


class TrainingSet:
    """Examples with their targets, ready to be batched.

    Args:
        own: the data's examples.
        others: texts that were given or made, in random order; without labels, if `others_labelled` does not
            say otherwise.
        table: holds the tokens of every text.
        task, labels: of the student.
        soft: the teacher's labels by text; empty for the control.
        states: the teacher's states of all texts, in order.
        others_labelled: the others have labels as good as the data's.
        least: texts of a pass; where the data's own are fewer, they are gone through several times in one.

    Attributes:
        own: how many are the data's.
        lengths: of all texts, in tokens.
        tokens: the texts.
    """

    def __init__(
        self,
        own: Sequence[Example],
        others: Sequence[Example],
        table: TokenTable | PieceNumbers,
        task: Task,
        labels: LabelSet,
        soft: Mapping[str, SoftLabels],
        *,
        states: States | None = None,
        others_labelled: bool = False,
        least: int = 1,
    ) -> None:
        examples = [*own, *others]
        self._rounds = rounds(len(own), least)
        self.own, self._labelled = len(own), len(examples) if others_labelled else len(own)
        self.table = table
        self.tokens = TokenRows((example.text for example in examples), table)
        self.lengths, spans = self.tokens.lengths, self.tokens.spans
        self._labels = np.zeros((len(examples), len(labels.labels)), np.float32)
        self._tags = np.full(self.tokens.count, -1, np.int32)
        self.unreachable_spans = 0
        label_number = {label: number for number, label in enumerate(labels.labels)}
        tag_number = {tag: number for number, tag in enumerate(labels.tags)}
        for index, example in enumerate(examples[: self._labelled]):
            self._labels[index, [label_number[label] for label in example.labels]] = 1
            if task.has_slots:
                tags, unreachable = tags_from_spans(example.spans, spans[index].tolist())
                self._tags[self.tokens.of(index)] = [tag_number[tag] for tag in tags]
                self.unreachable_spans += len(unreachable)

        self._soft_labels = np.zeros((len(examples) if soft else 0, len(labels.labels)), np.float16)
        self._soft_tags = np.zeros((self.tokens.count if soft else 0, len(labels.tags)), np.float16)
        self._soft_known = np.zeros(self.tokens.count if soft else 0, bool)
        for index, example in enumerate(examples if soft else ()):
            said = soft[example.text]
            if said.logits is not None:
                self._soft_labels[index] = said.logits
            if said.tag_logits is not None:
                rows = self.tokens.of(index)
                self._soft_tags[rows], self._soft_known[rows] = spread(
                    said.tag_logits, said.units, spans[index]
                )

        self._states = states.on_tokens(spans) if states else None

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def texts_per_pass(self) -> int:
        """As many as the data has, or a whole number of times as many."""
        return self._rounds * self.own

    def usual_shape(self, batch_size: int) -> tuple[int, int]:
        """Of the token numbers of the batch that the text of median length is in, if all are sorted."""
        count = self.texts_per_pass
        last = min((count // 2 // batch_size + 1) * batch_size, count) - 1
        longest = np.argsort(self.lengths[: self.own], kind="stable")[last // self._rounds, None]
        there, _ = self.tokens.padded(longest)
        return min(batch_size, count), there.shape[1]

    def batches(
        self,
        rng: np.random.Generator,
        batch_size: int,
        *,
        number: int = 0,
        others_share: float = 0.0,
        typing_noise: float = 0.0,
        mixup: float = 0.0,
        abreast: int = 1,
    ) -> Iterator[Batch]:
        """One pass: `texts_per_pass` texts, a share of them from the others.

        Args:
            rng: decides which of the data's own, the order, which tokens are misspelt and what is mixed.
            batch_size: texts a batch.
            number: of the pass, from 0. The others come in turn: all of them, before any comes again.
            others_share: of the texts that are not the data's own, where there are any.
            typing_noise: probability that a token is misspelt.
            mixup: parameter of the Beta distribution of the shares in a mixture; 0 mixes nothing.
            abreast: see `batching.cut`.
        """
        turns = range(number * self._rounds, (number + 1) * self._rounds)
        chosen = np.concatenate([self._round(rng, turn, others_share) for turn in turns])
        for batch in cut(chosen, self.lengths, batch_size, rng, abreast=abreast):
            yield self._batch(batch, rng, typing_noise, mixup)

    def _round(self, rng: np.random.Generator, turn: int, others_share: float) -> np.ndarray:
        """As many texts as the data has, in random order."""
        others = len(self) - self.own
        drawn = min(others_in_a_round(self.own, others_share), others)
        in_turn = (turn * drawn + np.arange(drawn)) % max(others, 1)
        chosen = np.concatenate([rng.permutation(self.own)[: self.own - drawn], self.own + in_turn])
        rng.shuffle(chosen)
        return chosen

    def _batch(
        self, chosen: np.ndarray, rng: np.random.Generator, typing_noise: float, mixup: float
    ) -> Batch:
        there, source = self.tokens.padded(chosen)
        numbers = self.tokens.numbers(there, source, typing_noise, rng)
        soft = len(self._soft_labels) > 0
        soft_tags = soft and self._soft_tags.shape[1] > 0
        nothing = np.zeros((0, 0), np.float32)
        return Batch(
            numbers=numbers.astype(np.int32),
            labels=self._labels[chosen],
            tags=np.where(there, self._tags[source], -1),
            labelled=(chosen < self._labelled).astype(np.float32),
            soft_labels=(self._soft_labels[chosen] if soft else self._soft_labels).astype(np.float32),
            soft_tags=(self._soft_tags[source] if soft_tags else np.zeros((0, 0, 0))).astype(np.float32),
            soft_known=(there & self._soft_known[source]).astype(np.float32) if soft_tags else nothing,
            mix=draw(len(chosen), rng, mixup) if mixup else NO_MIX,
            states=self._states.at(there, source) if self._states else NO_STATES,
        )
