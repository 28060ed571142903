"""Fine-tuning an encoder into a teacher: the recipe, from labelled data to a teacher folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.errors import DataError, TeacherError, UsageError
from edgekd.files import read_json, write_json
from edgekd.metrics import MAIN_METRIC, Scores, score
from edgekd.progress import Progress, silent
from edgekd.teachers.checkpoint import Checkpoints, State
from edgekd.teachers.encoder import (
    CARD,
    Pooling,
    TeacherNetwork,
    best_device,
    load_encoder,
    load_encoder_teacher,
    most_subwords,
    save_encoder_teacher,
    soft_labels,
)
from edgekd.teachers.fresh import new_encoder, size_named
from edgekd.teachers.loop import Precision, Schedule, run
from edgekd.teachers.pretrain import pretrain
from edgekd.teachers.subwords import Encoded, encode, load_tokenizer, pad
from edgekd.teachers.teacher import SoftLabels

_IGNORED = -100  # cross_entropy's mark for sub-words that carry no tag


@dataclass(frozen=True)
class TeachConfig:
    """How a teacher is trained.

    Attributes:
        epochs: at most; `patience` epochs without a better dev score end it sooner (0: never).
        learning_rate: the peak. Around 5e-5 for a pre-trained encoder, 1e-3 for a new one.
        max_length: sub-words of a text, special tokens included; the rest is cut.
        pooling: what the label head sees, "mean" over the sub-words or "cls", the first.
        pretrain_epochs: passes of masked-language-model training over all texts before.
        precision: "auto" takes bf16 where it is measured to be faster.
    """

    epochs: int = 8
    batch_size: int = 32
    learning_rate: float = 5e-5
    max_length: int = 64
    pooling: Pooling = "mean"
    patience: int = 3
    pretrain_epochs: int = 0
    pretrain_learning_rate: float = 5e-4
    pretrain_batch_size: int = 64
    precision: Precision = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1),
            ("batch_size", 1),
            ("max_length", 8),
            ("pretrain_epochs", 0),
            ("pretrain_batch_size", 1),
            ("patience", 0),
        ):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}", expected=f"{least} or more")
        for name in ("learning_rate", "pretrain_learning_rate"):
            if not 0 < getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", expected="between 0 and 1, such as 5e-5")
        for name, allowed in (("pooling", ("mean", "cls")), ("precision", ("auto", "bf16", "float32"))):
            if getattr(self, name) not in allowed:
                raise UsageError(f"{name} is {getattr(self, name)!r}", expected=" or ".join(allowed))


@dataclass(frozen=True)
class Taught:
    """A finished teacher.

    Attributes:
        scores: of its best epoch, on dev.
        history: what was measured after each epoch.
        seconds: of this call; a call that finds the teacher finished takes none.
    """

    folder: Path
    scores: Scores
    history: list[dict[str, Any]]
    seconds: float


def teach(
    dataset: Dataset,
    encoder: str,
    out: str | os.PathLike[str],
    config: TeachConfig | None = None,
    *,
    texts: Sequence[str] = (),
    progress: Progress = silent,
) -> Taught:
    """Fine-tune an encoder on the train split, keep the epoch best on dev, and write the teacher to `out`.

    Interrupted at any moment, the same call goes on after the last whole epoch.

    Args:
        encoder: a folder or hub name of a transformers encoder, or new:tiny, new:small, new:base for one with
            random weights and a tokenizer learnt from the texts.
        texts: plain text beside the data's, for a new tokenizer and for pre-training.

    Raises:
        DataError: a split is missing or empty.
        TeacherError: the encoder cannot be loaded, or `out` holds a run with other settings or data.
    """
    config = config or TeachConfig()
    out = Path(out)
    started = time.monotonic()
    train, dev = _split(dataset, "train"), _split(dataset, "dev")
    identity = _identity(dataset, encoder, config, texts)
    work = out / "training"
    if not (out / CARD).exists():
        _begin(work, identity)
        source = _starting_encoder(encoder, work, config, [*(one.text for one in train), *texts], progress)
        network = TeacherNetwork(load_encoder(source), dataset.labels, config.pooling).to(best_device())
        tokenizer = load_tokenizer(source)
        max_length = min(config.max_length, most_subwords(network.encoder.config))
        state = _fine_tune(
            network, tokenizer, max_length, dataset, config, Checkpoints(work / "finetune"), progress
        )
        made_with = {
            "identity": identity,
            "data": {"name": dataset.name, "languages": dataset.languages},
            "best_epoch": state.best,
            "bf16": state.bf16,
            "history": state.history,
            "versions": {name: importlib.metadata.version(name) for name in ("torch", "transformers")},
        }
        save_encoder_teacher(
            out,
            network,
            tokenizer,
            task=dataset.task,
            labels=dataset.labels,
            max_length=max_length,
            made_with=made_with,
        )
    card = read_json(out / CARD, TeacherError)
    _require_same(card.get("identity", {}), identity, out)
    shutil.rmtree(work, ignore_errors=True)
    teacher = load_encoder_teacher(out)
    scores = _score(teacher.label([one.text for one in dev]), dataset, dev)
    return Taught(out, scores, card["history"], time.monotonic() - started)


def _fine_tune(
    network: TeacherNetwork,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    dataset: Dataset,
    config: TeachConfig,
    checkpoints: Checkpoints,
    progress: Progress,
) -> State:
    """Train the network in place."""
    train, dev = dataset.splits["train"], dataset.splits["dev"]
    encoded = encode(tokenizer, [one.text for one in train], max_length)
    dev_texts = [one.text for one in dev]

    def evaluate(loss: float) -> dict[str, Any]:
        scores = _score(soft_labels(network, tokenizer, dev_texts, max_length), dataset, dev)
        return {"loss": loss, "score": scores.overall[MAIN_METRIC[dataset.task]], "dev": scores.overall}

    schedule = Schedule(
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        patience=config.patience,
        precision=config.precision,
        seed=config.seed,
    )
    lengths = [len(one.ids) for one in encoded]
    loss_of = _loss(network, tokenizer.pad_token_id or 0, dataset, train, encoded)
    return run(network, lengths, loss_of, evaluate, schedule, checkpoints, progress, "teaching")


def _loss(
    network: TeacherNetwork,
    padding: int,
    dataset: Dataset,
    train: Sequence[Example],
    encoded: Sequence[Encoded],
) -> Callable[[list[int]], torch.Tensor]:
    """The loss of a batch of indices: cross-entropy of the label plus that of the tags, each a mean.

    Multi-label data takes binary cross-entropy on each label.
    """
    device = next(network.parameters()).device
    wanted_labels = _label_targets(dataset, train) if dataset.task.has_labels else None
    wanted_tags = _tag_targets(dataset.labels, train, encoded) if dataset.task.has_slots else None

    def loss_of(batch: list[int]) -> torch.Tensor:
        ids, mask = pad([encoded[index].ids for index in batch], padding)
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


def _score(outputs: Iterable[SoftLabels], dataset: Dataset, examples: Sequence[Example]) -> Scores:
    predictions = [output.decode(dataset.labels, dataset.task) for output in outputs]
    return score(dataset.task, examples, predictions)


def _split(dataset: Dataset, name: str) -> Sequence[Example]:
    examples = dataset.splits.get(name, ())
    if not examples:
        raise DataError(
            f"{dataset.name} has no {name} split with examples in it (it has: {', '.join(dataset.splits)})",
            expected="a train split to learn from and a dev split to choose the best epoch by",
        )
    return examples


def _starting_encoder(
    encoder: str, work: Path, config: TeachConfig, texts: Sequence[str], progress: Progress
) -> str:
    """The folder or name that fine-tuning starts from: as given, or made and pre-trained in `work`."""
    if encoder.startswith("new"):
        if not (work / "encoder").exists():
            new_encoder(
                size_named(encoder), texts, work / "encoder", max_length=config.max_length, seed=config.seed
            )
        encoder = str(work / "encoder")
    if config.pretrain_epochs:
        if not (work / "pretrained").exists():
            schedule = Schedule(
                epochs=config.pretrain_epochs,
                batch_size=config.pretrain_batch_size,
                learning_rate=config.pretrain_learning_rate,
                precision=config.precision,
                seed=config.seed,
            )
            pretrain(
                encoder,
                texts,
                work / "pretrained",
                max_length=config.max_length,
                schedule=schedule,
                progress=progress,
            )
        encoder = str(work / "pretrained")
    return encoder


def _identity(dataset: Dataset, encoder: str, config: TeachConfig, texts: Sequence[str]) -> dict[str, Any]:
    """What makes two calls the same run."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return {
        "encoder": encoder,
        "data": dataset.fingerprint(),
        "texts": digest.hexdigest()[:16],
        **asdict(config),
    }


def _begin(work: Path, identity: dict[str, Any]) -> None:
    """Write down what this run is, or check that it is the one begun before."""
    note = work / "run.json"
    if note.exists():
        _require_same(read_json(note, TeacherError), identity, work.parent)
    else:
        write_json(note, identity)


def _require_same(saved: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    differences = [
        f"{key} was {saved.get(key)!r} and is now {wanted.get(key)!r}"
        for key in sorted({*saved, *wanted})
        if saved.get(key) != wanted.get(key)
    ]
    if differences:
        raise TeacherError(
            f"{folder} holds a teacher or a run with other settings or data: {'; '.join(differences)}",
            expected="the settings and the data it was started with",
            fix="repeat the first command to go on, or choose another --out to start anew",
        )
