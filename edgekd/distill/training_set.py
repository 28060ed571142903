"""Texts with hard and soft targets on the student's tokens, cut into batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, LabelSet, Task
from edgekd.distill.batching import cut, misspell, padded
from edgekd.distill.token_table import TokenTable
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.units import spread


@dataclass(frozen=True)
class Batch:
    """What one training step sees; a field of what the task or the teacher lacks is empty.

    Attributes:
        numbers: token numbers, int32 (batch, tokens), 0 for padding.
        labels: float32 (batch, labels): one-hot, or the set of labels of a multi-label text.
        tags: int32 (batch, tokens), -1 where nothing is known.
        labelled: float32 (batch,), 1 where labels and tags are the data's, 0 for texts only the teacher saw.
        soft_labels: float32 (batch, labels), the teacher's logits.
        soft_tags: float32 (batch, tokens, tags), the teacher's logits.
        soft_known: float32 (batch, tokens), 1 where the teacher has said something of the token.
    """

    numbers: np.ndarray
    labels: np.ndarray
    tags: np.ndarray
    labelled: np.ndarray
    soft_labels: np.ndarray
    soft_tags: np.ndarray
    soft_known: np.ndarray

    def tensors(self) -> tuple[np.ndarray, ...]:
        """The fields in order."""
        return tuple(vars(self).values())


class TrainingSet:
    """Examples with their targets, ready to be batched.

    Args:
        examples: labelled ones first; the others count as texts only.
        labelled: how many are labelled.
        table: holds the tokens of every text.
        task, labels: of the student.
        soft: the teacher's labels by text; empty for the control.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        labelled: int,
        table: TokenTable,
        task: Task,
        labels: LabelSet,
        soft: Mapping[str, SoftLabels],
    ) -> None:
        self.labelled = labelled
        self.table = table
        tokenized = [table.numbers(example.text) for example in examples]
        self.lengths = np.array([len(numbers) for numbers, _ in tokenized], np.int32)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self._numbers = np.concatenate([np.zeros(0, np.int32), *(numbers for numbers, _ in tokenized)])
        self._labels = np.zeros((len(examples), len(labels.labels)), np.float32)
        self._tags = np.full(len(self._numbers), -1, np.int32)
        self.unreachable_spans = 0
        label_number = {label: number for number, label in enumerate(labels.labels)}
        tag_number = {tag: number for number, tag in enumerate(labels.tags)}
        for index, example in enumerate(examples[:labelled]):
            self._labels[index, [label_number[label] for label in example.labels]] = 1
            if task.has_slots:
                tags, unreachable = tags_from_spans(example.spans, tokenized[index][1].tolist())
                self._tags[self._rows(index)] = [tag_number[tag] for tag in tags]
                self.unreachable_spans += len(unreachable)

        self._soft_labels = np.zeros((len(examples) if soft else 0, len(labels.labels)), np.float16)
        self._soft_tags = np.zeros((len(self._numbers) if soft else 0, len(labels.tags)), np.float16)
        self._soft_known = np.zeros(len(self._numbers) if soft else 0, bool)
        for index, example in enumerate(examples if soft else ()):
            said = soft[example.text]
            if said.logits is not None:
                self._soft_labels[index] = said.logits
            if said.tag_logits is not None:
                rows = self._rows(index)
                self._soft_tags[rows], self._soft_known[rows] = spread(
                    said.tag_logits, said.units, tokenized[index][1]
                )

    def __len__(self) -> int:
        return len(self.lengths)

    def _rows(self, index: int) -> slice:
        return slice(self._starts[index], self._starts[index + 1])

    def batches(
        self, rng: np.random.Generator, batch_size: int, *, unlabelled_share: float, typing_noise: float
    ) -> Iterator[Batch]:
        """One pass: as many texts as there are labelled ones, a share of them drawn from the others.

        Args:
            rng: decides which texts, their order, and which tokens are misspelt.
            batch_size: texts a batch; the last may have fewer.
            unlabelled_share: of texts that are not labelled, where there are any.
            typing_noise: probability that a token is misspelt.
        """
        others = len(self) - self.labelled
        drawn = min(round(self.labelled * unlabelled_share), others)
        chosen = np.concatenate(
            [
                rng.permutation(self.labelled)[: self.labelled - drawn],
                self.labelled + rng.permutation(others)[:drawn],
            ]
        )
        rng.shuffle(chosen)
        for batch in cut(chosen, self.lengths, batch_size, rng):
            yield self._batch(batch, rng, typing_noise)

    def _batch(self, chosen: np.ndarray, rng: np.random.Generator, typing_noise: float) -> Batch:
        there, source = padded(chosen, self._starts, self.lengths)
        numbers = np.where(there, self._numbers[source], 0)
        numbers = misspell(numbers, self.table, typing_noise, rng)
        soft = len(self._soft_labels) > 0
        soft_tags = soft and self._soft_tags.shape[1] > 0
        return Batch(
            numbers=numbers.astype(np.int32),
            labels=self._labels[chosen],
            tags=np.where(there, self._tags[source], -1),
            labelled=(chosen < self.labelled).astype(np.float32),
            soft_labels=(self._soft_labels[chosen] if soft else self._soft_labels).astype(np.float32),
            soft_tags=(self._soft_tags[source] if soft_tags else np.zeros((0, 0, 0))).astype(np.float32),
            soft_known=(there & self._soft_known[source] if soft_tags else np.zeros((0, 0))).astype(
                np.float32
            ),
        )
