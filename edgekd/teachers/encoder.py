"""The teacher's network: a transformers encoder with a head for labels and a head for tags."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from edgekd import __version__
from edgekd.data.examples import LabelSet, Task
from edgekd.errors import TeacherError
from edgekd.files import read_json, write_bytes, write_json
from edgekd.teachers.subwords import buckets, encode, first_line, load_tokenizer, pad, tokenizer_content
from edgekd.teachers.teacher import SoftLabels

CARD = "edgekd_teacher.json"
_TEXTS_AT_ONCE = 4096
_BATCH = 64
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
        states = self.dropout(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
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
        """Soft labels in order."""
        return soft_labels(self.network, self.tokenizer, texts, self.max_length)


def soft_labels(
    network: nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> Iterator[SoftLabels]:
    """Run a network in evaluation mode on texts, those of about equal length together; results in order.

    In float32: bf16 would save a third of the time and cost two digits of the logits.
    """
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        yield from _label_some(network, tokenizer, texts[start : start + _TEXTS_AT_ONCE], max_length)


@torch.inference_mode()
def _label_some(
    network: nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> list[SoftLabels]:
    device = next(network.parameters()).device
    encoded = encode(tokenizer, texts, max_length)
    results: dict[int, SoftLabels] = {}
    for batch in buckets([len(one.ids) for one in encoded], _BATCH):
        ids, mask = pad([encoded[index].ids for index in batch], tokenizer.pad_token_id or 0)
        label_logits, tag_logits = (
            None if logits is None else logits.float().cpu().numpy()
            for logits in network(ids.to(device), mask.to(device))
        )
        for row, index in enumerate(batch):
            one = encoded[index]
            results[index] = SoftLabels(
                None if label_logits is None else label_logits[row].copy(),
                one.units if tag_logits is not None else np.zeros((0, 2), np.int32),
                None if tag_logits is None else tag_logits[row, one.subwords],
            )
    return [results[index] for index in range(len(texts))]


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
    refuse_pickle(source)
    try:
        encoder = AutoModel.from_pretrained(source, use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # transformers, safetensors and torch each raise errors of their own
        raise TeacherError(
            f"{source} cannot be loaded as an encoder: {first_line(error)}",
            expected="a folder or hub name of a transformers model with config.json and model.safetensors, "
            "or new:tiny, new:small, new:base",
        ) from error
    if encoder.config.is_encoder_decoder or not hasattr(encoder.config, "hidden_size"):
        raise TeacherError(
            f"{source} is a model of type {encoder.config.model_type!r}, not an encoder",
            expected="an encoder such as BERT, RoBERTa, XLM-R, DeBERTa, DistilBERT or MiniLM",
        )
    return encoder


def refuse_pickle(source: str) -> None:
    """Raise TeacherError where a local folder has no weights, or pickled ones alone."""
    folder = Path(source)
    if not folder.is_dir() or any(folder.glob("*.safetensors")):
        return
    pickled = sorted(
        path.name for path in (*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.ckpt"))
    )
    if pickled:
        raise TeacherError(
            f"{source} has its weights as a pickle only ({pickled[0]}), which can run code when it is loaded",
            expected="model.safetensors",
            fix="where you trust the file: load it with transformers and call "
            f"`model.save_pretrained({source!r})`, which writes safetensors",
        )
    raise TeacherError(
        f"{source} holds no weights", expected="a folder with config.json and model.safetensors"
    )


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


def load_encoder_teacher(folder: str | os.PathLike[str]) -> NetworkTeacher:
    """The teacher that `edgekd teach` wrote to `folder`.

    Raises:
        TeacherError: a file is missing or unreadable, or the weights are not those of the card.
    """
    folder = Path(folder)
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
    return NetworkTeacher(network.to(best_device()), tokenizer, task, labels, max_length)


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
