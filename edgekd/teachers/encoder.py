"""The teacher's network: a transformers encoder with a head for labels and a head for tags."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from edgekd import __version__
from edgekd.data.examples import LabelSet, Task
from edgekd.errors import TeacherError
from edgekd.files import read_json, write_bytes, write_json
from edgekd.teachers.labelling import soft_labels
from edgekd.teachers.precision import weights_for
from edgekd.teachers.source import not_loaded, require_loadable
from edgekd.teachers.subwords import first_line, load_tokenizer, tokenizer_content
from edgekd.teachers.teacher import SoftLabels

CARD = "edgekd_teacher.json"
_OFFSET_POSITIONS = {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer", "ibert"}

Pooling = Literal["mean", "cls"]


class TeacherNetwork(nn.Module):
    """Encoder and heads.

    Args:
        encoder: gives hidden states (batch, sub-words, width).
        labels: what the heads tell apart; a head without labels is left out.
        pooling: what the label head sees: the mean over the sub-words, or the first one.
    """

    def __init__(self, encoder: PreTrainedModel, labels: LabelSet, pooling: Pooling = "mean") -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.pooling = pooling
        self.dropout = nn.Dropout(0.1)
        self.label_head = nn.Linear(width, len(labels.labels)) if labels.labels else None
        self.tag_head = nn.Linear(width, len(labels.tags)) if labels.tags else None

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Logits of labels and of tags.

        Args:
            ids: int64 (batch, sub-words).
            mask: int64 (batch, sub-words), 1 where there is a sub-word.

        Returns:
            float (batch, labels) and float (batch, sub-words, tags); None for a head that is not there.
        """
        # Heads stay in float32 where the encoder is in bf16: they cost nothing, and logits want the digits.
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        states = self.dropout(states)
        label_logits = tag_logits = None
        if self.label_head is not None:
            if self.pooling == "mean":
                weights = mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
            else:
                pooled = states[:, 0]
            label_logits = self.label_head(pooled)
        if self.tag_head is not None:
            tag_logits = self.tag_head(states)
        return label_logits, tag_logits


class NetworkTeacher:
    """A Teacher that runs a network on the sub-words of texts.

    Args:
        network: from ids and mask to label logits and sub-word tag logits, like TeacherNetwork.
        max_length: sub-words, special tokens included.
    """

    def __init__(
        self,
        network: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        task: Task,
        labels: LabelSet,
        max_length: int,
    ) -> None:
        self.any_text = True
        self.network = network.eval()
        self.tokenizer = tokenizer
        self.task = task
        self.labels = labels
        self.max_length = max_length
        self.fingerprint = fingerprint(network, tokenizer, _facts(task, labels, max_length))

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """Soft labels in order, in the precision of the network's weights."""
        return soft_labels(self.network, self.tokenizer, texts, self.max_length)


def best_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def most_subwords(config: PretrainedConfig) -> int:
    """The longest input an encoder takes; RoBERTa's kin spend the first positions on padding."""
    positions = getattr(config, "max_position_embeddings", None) or 512
    offset = (config.pad_token_id or 0) + 1 if config.model_type in _OFFSET_POSITIONS else 0
    return max(positions - offset, 8)


def load_encoder(source: str) -> PreTrainedModel:
    """The encoder in a folder or on the hub, from safetensors and without code of its own.

    Raises:
        TeacherError: there are no weights, only pickled ones, or the model is not an encoder.
    """
    expected = (
        "a folder or hub name of a transformers model with config.json and model.safetensors, or new:tiny, "
        "new:small, new:base"
    )
    require_loadable(source, expected)
    try:
        encoder = AutoModel.from_pretrained(source, use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # transformers, safetensors and torch each raise errors of their own
        raise TeacherError(not_loaded(source, "an encoder", error), expected=expected) from error
    if encoder.config.is_encoder_decoder or not hasattr(encoder.config, "hidden_size"):
        raise TeacherError(
            f"{source} is a model of type {encoder.config.model_type!r}, not an encoder",
            expected="an encoder such as BERT, RoBERTa, XLM-R, DeBERTa, DistilBERT or MiniLM",
        )
    return encoder


def save_encoder_teacher(
    folder: Path,
    network: TeacherNetwork,
    tokenizer: PreTrainedTokenizerBase,
    *,
    task: Task,
    labels: LabelSet,
    max_length: int,
    made_with: dict[str, Any],
) -> None:
    """Write a teacher folder; the card comes last, so that a folder with a card is a whole one."""
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_bytes(folder / "model.safetensors", save(weights, metadata={"format": "pt"}))
    card = {
        "format": "edgekd-teacher",
        "format_version": 1,
        "edgekd": __version__,
        "task": task,
        "labels": labels.labels,
        "slots": labels.slots,
        "pooling": network.pooling,
        "max_length": max_length,
        "fingerprint": fingerprint(network, tokenizer, _facts(task, labels, max_length)),
        **made_with,
    }
    write_json(folder / CARD, card)


def load_encoder_teacher(folder: str | os.PathLike[str], precision: str = "float32") -> NetworkTeacher:
    """The teacher that `edgekd teach` wrote to `folder`, its encoder in a precision (`weights_for`).

    Raises:
        UsageError: there is no such precision.
        TeacherError: a file is missing or unreadable, or the weights are not those of the card.
    """
    folder, device = Path(folder), best_device()
    weights = weights_for(precision, device)
    card = read_json(folder / CARD, TeacherError)
    tokenizer = load_tokenizer(str(folder))
    try:
        task, labels = Task(card["task"]), LabelSet(tuple(card["labels"]), tuple(card["slots"]))
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        network = TeacherNetwork(AutoModel.from_config(config), labels, card["pooling"])
        network.load_state_dict(load_file(folder / "model.safetensors"))
        max_length = int(card["max_length"])
    except Exception as error:  # as above
        raise TeacherError(
            f"the teacher in {folder} cannot be loaded: {first_line(error)}",
            expected="the files that `edgekd teach` wrote, all of the same run",
            fix="run `edgekd teach` again with another --out",
        ) from error
    network.encoder.to(weights)
    return NetworkTeacher(network.to(device), tokenizer, task, labels, max_length)


def _facts(task: Task, labels: LabelSet, max_length: int) -> list[Any]:
    return [task, labels.labels, labels.slots, max_length]


def fingerprint(network: nn.Module, tokenizer: PreTrainedTokenizerBase, facts: Sequence[Any]) -> str:
    """A hash over everything that a network's outputs depend on; `facts` are what is neither weight nor
    tokenizer."""
    digest = hashlib.sha256(json.dumps([*facts, tokenizer_content(tokenizer)]).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
