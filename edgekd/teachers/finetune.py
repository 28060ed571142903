"""Fine-tuning an encoder into a teacher: the recipe, from labelled data to a teacher folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from edgekd.data.examples import Dataset, Example
from edgekd.data.splits import require_train_and_dev
from edgekd.errors import TeacherError, UsageError
from edgekd.files import read_json, sha256, write_json
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
)
from edgekd.teachers.fresh import new_encoder, size_named
from edgekd.teachers.labelling import soft_labels
from edgekd.teachers.loop import Precision, Schedule, run
from edgekd.teachers.masked_lm import train_masked_lm
from edgekd.teachers.objective import loss_function, unreachable_spans
from edgekd.teachers.subwords import encode, load_tokenizer
from edgekd.teachers.teacher import SoftLabels

_READ = "edgekd_read.json"  # beside an encoder that has read: how it was made
_ENCODER_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin")


@dataclass(frozen=True)
class TeachConfig:
    """How a teacher is trained.

    Attributes:
        epochs: at most; `patience` epochs without a better dev score end it sooner (0: never).
        learning_rate: the peak. Around 5e-5 for a pre-trained encoder, 1e-3 for a new one.
        max_length: sub-words of a text, special tokens included; the rest is cut.
        pooling: what the label head sees, "mean" over the sub-words or "cls", the first.
        word_dropout: the share of sub-words masked in training, so that slots are found by what is around
            them; 0.1 helps a new encoder, which has seen few words.
        pretrain_epochs: passes of masked-language-model training over all texts before.
        precision: "auto" takes bf16 where it is measured to be faster.
    """

    epochs: int = 8
    batch_size: int = 32
    learning_rate: float = 5e-5
    max_length: int = 64
    pooling: Pooling = "mean"
    word_dropout: float = 0.0
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
        if not 0 <= self.word_dropout < 1:
            raise UsageError(f"word_dropout is {self.word_dropout}", expected="0 or more and below 1")
        for name, allowed in (("pooling", ("mean", "cls")), ("precision", ("auto", "bf16", "float32"))):
            if getattr(self, name) not in allowed:
                raise UsageError(f"{name} is {getattr(self, name)!r}", expected=" or ".join(allowed))


@dataclass(frozen=True)
class Taught:
    """A finished teacher.

    Attributes:
        scores: of its best epoch, on dev.
        history: what was measured after each epoch.
        unreachable: spans of each split that the encoder's sub-words cannot express.
        seconds: of this call; a call that finds the teacher finished takes none.
    """

    folder: Path
    scores: Scores
    history: list[dict[str, Any]]
    unreachable: dict[str, int]
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
    require_train_and_dev(dataset)
    train, dev = dataset.splits["train"], dataset.splits["dev"]
    identity = _identity(dataset, encoder, config, texts)
    work = out / "training"
    if not (out / CARD).exists():
        _begin(work, identity)
        source = _starting_encoder(encoder, work, config, [*(one.text for one in train), *texts], progress)
        torch.manual_seed(config.seed)
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
            "unreachable_spans": _unreachable(tokenizer, max_length, dataset),
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
    return Taught(out, scores, card["history"], card["unreachable_spans"], time.monotonic() - started)


def read(
    texts: Sequence[str],
    encoder: str,
    out: str | os.PathLike[str],
    config: TeachConfig,
    *,
    progress: Progress = silent,
) -> Path:
    """Train an encoder on plain text alone, as a masked language model, and write it to `out`.

    Interrupted at any moment, the same call goes on after the last whole epoch. What comes out is an encoder
    to teach, a teacher whose states and guesses a student can learn (`edgekd pretrain`), and a model for
    contextual augmentation.

    Args:
        encoder: as for `teach`.
        config: of it what pre-training needs.

    Raises:
        UsageError: no pass is asked for.
        TeacherError: the encoder cannot be loaded, or `out` holds a run with other settings or texts.
    """
    if not config.pretrain_epochs:
        raise UsageError(
            "there is nothing to learn: no labelled data and no pass over plain text",
            expected="--data DATA, or --texts TEXTS --pretrain-epochs 5",
        )
    out, identity = Path(out), _identity(None, encoder, config, texts)
    card = out / _READ
    if card.exists():
        _require_same(read_json(card, TeacherError), identity, out)
        return out
    work = out.with_name(f"{out.name}-training")
    _begin(work, identity)
    found = Path(_starting_encoder(encoder, work, config, texts, progress))
    write_json(found / _READ, identity)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        found.rename(out)
    except OSError as error:
        raise TeacherError(f"{out} cannot be made: {error}", expected="a folder that is not there") from error
    shutil.rmtree(work)
    return out


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
    if config.word_dropout and tokenizer.mask_token_id is None:
        raise UsageError("the tokenizer has no mask for word dropout", fix="set word dropout to 0")

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
    loss_of = loss_function(network, tokenizer, dataset, train, encoded, config.word_dropout)
    return run(network, lengths, loss_of, evaluate, schedule, checkpoints, progress, "teaching")


def _unreachable(tokenizer: PreTrainedTokenizerBase, max_length: int, dataset: Dataset) -> dict[str, int]:
    return {
        name: unreachable_spans(examples, encode(tokenizer, [one.text for one in examples], max_length))
        for name, examples in dataset.splits.items()
    }


def _score(outputs: Iterable[SoftLabels], dataset: Dataset, examples: Sequence[Example]) -> Scores:
    predictions = [output.decode(dataset.labels, dataset.task) for output in outputs]
    return score(dataset.task, examples, predictions)


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
            train_masked_lm(
                encoder,
                texts,
                work / "pretrained",
                max_length=config.max_length,
                schedule=schedule,
                progress=progress,
            )
        encoder = str(work / "pretrained")
    return encoder


def _identity(
    dataset: Dataset | None, encoder: str, config: TeachConfig, texts: Sequence[str]
) -> dict[str, Any]:
    """What makes two calls the same run."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return {
        "encoder": encoder,
        "encoder_content": _content(Path(encoder)),
        "data": dataset.fingerprint() if dataset else None,
        "texts": digest.hexdigest()[:16],
        **asdict(config),
    }


def _content(encoder: Path) -> str | None:
    """A hash over the files of an encoder's folder; None for a name, behind which no other content comes."""
    if not encoder.is_dir():
        return None
    files = sorted(file for pattern in _ENCODER_FILES for file in encoder.glob(pattern))
    listed = "\n".join(f"{file.name} {sha256(file)}" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


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
