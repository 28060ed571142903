"""The training of the BiLSTM in PyTorch, and its way to ONNX."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from bench.peers.lstm import UNKNOWN
from bench.peers.onnx_file import quantize
from bench.peers.sources import Sources
from bench.peers.words import words_of
from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, LabelSet
from edgekd.extras import require
from edgekd.files import replacing
from edgekd.teachers.subwords import buckets

_NO_TAG = -100
_JUDGED_AT_ONCE = 256


class _Encoded(NamedTuple):
    """One text: word numbers, int64 (words,); its label's number; tag numbers, int64 (words,)."""

    ids: torch.Tensor
    label: int
    tags: torch.Tensor


class Network(nn.Module):
    """Embedding, one bidirectional LSTM, a head for labels and, where there are slots, one for tags.

    Args:
        words: rows of the embedding, padding and unknown words among them.
    """

    def __init__(self, words: int, labels: LabelSet, settings: Mapping[str, Any]) -> None:
        super().__init__()
        width = 2 * settings["units"]
        self.embedding = nn.Embedding(words, settings["embedding"], padding_idx=0)
        self.lstm = nn.LSTM(settings["embedding"], settings["units"], bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(settings["dropout"])
        self.label_head = nn.Linear(width, len(labels.labels))
        self.tag_head = nn.Linear(width, len(labels.tags)) if labels.tags else None
        self.tag_head_of_text = nn.Linear(width, len(labels.tags), bias=False) if labels.tags else None

    def forward(
        self, ids: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Logits of labels (batch, labels), and of tags (batch, words, tags) where there are slots.

        Args:
            ids: int64 (batch, words), padded with 0.
            lengths: int64 (batch,); None where nothing is padding.
        """
        embedded = self.dropout(self.embedding(ids))
        if lengths is None:
            states, _ = self.lstm(embedded)
            pooled = states.amax(dim=1)
        else:
            packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
            states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
            pooled = states.masked_fill((ids == 0)[..., None], -torch.inf).amax(dim=1)
        pooled = self.dropout(pooled)
        label_logits = self.label_head(pooled)
        if self.tag_head is None:
            return label_logits, None
        return label_logits, self.tag_head(self.dropout(states)) + self.tag_head_of_text(pooled)[:, None]


def train(sources: Sources, number: Mapping[str, int], settings: Mapping[str, Any], path: Path) -> None:
    """Train on the train split and write the epoch that is best on the judged one as int8 ONNX.

    Best is the most exact texts: label and all tags right.

    Args:
        number: of each known word.
        settings: as `lstm.SETTINGS`.
    """
    torch.set_num_threads(1)  # the steps are too small to be shared
    torch.manual_seed(settings["seed"])
    shuffle = random.Random(settings["seed"])
    labels = sources.dataset.labels
    texts = [_encode(one, number, labels) for one in sources.train]
    lengths = [len(one.ids) for one in texts]
    judged = [_encode(one, number, labels) for one in sources.judged]
    network = Network(max(number.values(), default=UNKNOWN) + 1, labels, settings)
    steps = settings["epochs"] * -(-len(texts) // settings["batch"])
    optimizer = torch.optim.Adam(network.parameters(), settings["learning_rate"], fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, steps)
    best, weights = -1.0, network.state_dict()
    for _ in range(settings["epochs"]):
        network.train()
        for batch in buckets(lengths, settings["batch"], shuffle):
            optimizer.zero_grad()
            _loss(network, [texts[index] for index in batch], settings["unknown_words"]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
        exact = _exact(network.eval(), judged)
        if exact > best:
            best, weights = exact, copy.deepcopy(network.state_dict())
    network.load_state_dict(weights)
    _export(network.eval(), path)


def _encode(example: Example, number: Mapping[str, int], labels: LabelSet) -> _Encoded:
    """Labels and tags that the train split does not have count as no right answer."""
    words, offsets = words_of(example.text)
    ids = [number.get(word, UNKNOWN) for word in words] or [UNKNOWN]
    tag_number = {tag: index for index, tag in enumerate(labels.tags)}
    tags = [tag_number.get(tag, _NO_TAG) for tag in tags_from_spans(example.spans, offsets)[0]] or [_NO_TAG]
    label = labels.labels.index(example.labels[0]) if example.labels[0] in labels.labels else _NO_TAG
    return _Encoded(torch.tensor(ids), label, torch.tensor(tags))


def _run(
    network: Network, batch: Sequence[_Encoded], unknown: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The logits of a batch, a share of its words taken as unknown ones."""
    ids = pad_sequence([one.ids for one in batch], batch_first=True)
    hidden = (torch.rand(ids.shape) < unknown) & (ids > 0)
    lengths = torch.tensor([len(one.ids) for one in batch])
    return network(ids.masked_fill(hidden, UNKNOWN), lengths)


def _loss(network: Network, batch: Sequence[_Encoded], unknown: float) -> torch.Tensor:
    label_logits, tag_logits = _run(network, batch, unknown)
    loss = cross_entropy(label_logits, torch.tensor([one.label for one in batch]), ignore_index=_NO_TAG)
    if tag_logits is None:
        return loss
    tags = pad_sequence([one.tags for one in batch], batch_first=True, padding_value=_NO_TAG)
    return loss + cross_entropy(tag_logits.flatten(0, 1), tags.flatten(), ignore_index=_NO_TAG)


@torch.inference_mode()
def _exact(network: Network, texts: Sequence[_Encoded]) -> float:
    """The share of texts whose label and tags are all right."""
    right = 0
    for start in range(0, len(texts), _JUDGED_AT_ONCE):
        batch = texts[start : start + _JUDGED_AT_ONCE]
        label_logits, tag_logits = _run(network, batch)
        hits = label_logits.argmax(dim=-1) == torch.tensor([one.label for one in batch])
        if tag_logits is not None:
            tags = pad_sequence([one.tags for one in batch], batch_first=True, padding_value=_NO_TAG)
            hits &= ((tag_logits.argmax(dim=-1) == tags) | (tags == _NO_TAG)).all(dim=1)
        right += int(hits.sum())
    return right / len(texts)


def _export(network: Network, path: Path) -> None:
    """Int64 ids (1, words) in, logits out."""
    onnx = require("onnx", "export")
    names = ["label_logits"] + ["tag_logits"] * (network.tag_head is not None)
    with replacing(path.with_name("float.onnx")) as temporary:
        torch.onnx.export(
            network,
            (torch.full((1, 5), UNKNOWN),),
            temporary,
            input_names=["ids"],
            output_names=names,
            dynamic_shapes=({1: torch.export.Dim("words", min=1)},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model = onnx.load(temporary)
    del model.graph.value_info[:]
    quantize(model, path)
    path.with_name("float.onnx").unlink()
