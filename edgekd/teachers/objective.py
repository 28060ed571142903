"""What a teacher is trained to say: the targets of examples, and the loss against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.teachers.encoder import TeacherNetwork
from edgekd.teachers.subwords import Encoded, pad

_IGNORED = -100  # cross_entropy's mark for sub-words that carry no tag


def loss_function(
    network: TeacherNetwork,
    tokenizer: PreTrainedTokenizerBase,
    dataset: Dataset,
    train: Sequence[Example],
    encoded: Sequence[Encoded],
    word_dropout: float,
) -> Callable[[list[int]], torch.Tensor]:
    """The loss of a batch of indices: cross-entropy of the label plus that of the tags, each a mean.

    Multi-label data takes binary cross-entropy on each label. `word_dropout` is the share of sub-words that
    are masked, drawn anew each time.
    """
    device = next(network.parameters()).device
    special = torch.tensor(tokenizer.all_special_ids)
    wanted_labels = _label_targets(dataset, train) if dataset.task.has_labels else None
    wanted_tags = _tag_targets(dataset.labels, train, encoded) if dataset.task.has_slots else None

    def loss_of(batch: list[int]) -> torch.Tensor:
        ids, mask = pad([encoded[index].ids for index in batch], tokenizer.pad_token_id or 0)
        if word_dropout:
            hidden = (torch.rand(ids.shape) < word_dropout) & ~torch.isin(ids, special)
            ids = ids.masked_fill(hidden, tokenizer.mask_token_id)
        label_logits, tag_logits = network(ids.to(device), mask.to(device))
        loss = torch.zeros((), device=device)
        if wanted_labels is not None:
            wanted = wanted_labels[batch].to(device)
            if dataset.task is Task.MULTILABEL:
                loss = loss + functional.binary_cross_entropy_with_logits(label_logits.float(), wanted)
            else:
                loss = loss + functional.cross_entropy(label_logits.float(), wanted)
        if wanted_tags is not None:
            wanted = pad([wanted_tags[index] for index in batch], _IGNORED)[0].to(device)
            summed = functional.cross_entropy(
                tag_logits.float().transpose(1, 2), wanted, ignore_index=_IGNORED, reduction="sum"
            )
            loss = loss + summed / max(1, int((wanted != _IGNORED).sum()))
        return loss

    return loss_of


def _label_targets(dataset: Dataset, examples: Sequence[Example]) -> torch.Tensor:
    """Int64 (examples,), or float32 (examples, labels) for multi-label data."""
    number = {label: index for index, label in enumerate(dataset.labels.labels)}
    if dataset.task is not Task.MULTILABEL:
        return torch.tensor([number[label] for example in examples for label in example.labels[:1]])
    targets = torch.zeros(len(examples), len(number))
    for row, example in enumerate(examples):
        targets[row, [number[label] for label in example.labels]] = 1
    return targets


def _tag_targets(
    labels: LabelSet, examples: Sequence[Example], encoded: Sequence[Encoded]
) -> list[list[int]]:
    """The tag of each sub-word that begins a unit, and _IGNORED elsewhere."""
    number = {tag: index for index, tag in enumerate(labels.tags)}
    targets = []
    for example, one in zip(examples, encoded, strict=True):
        tags, _ = tags_from_spans(example.spans, one.units.tolist())
        row = [_IGNORED] * len(one.ids)
        for subword, tag in zip(one.subwords, tags, strict=True):
            row[subword] = number[tag]
        targets.append(row)
    return targets


def unreachable_spans(examples: Sequence[Example], encoded: Sequence[Encoded]) -> int:
    """How many spans do not begin and end with a unit, or lie past the teacher's length."""
    return sum(
        len(tags_from_spans(example.spans, one.units.tolist())[1])
        for example, one in zip(examples, encoded, strict=True)
    )
