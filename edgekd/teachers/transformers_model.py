"""Bring your own: a sequence- or token-classification model of transformers as a teacher."""

from __future__ import annotations

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
)

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import TeacherError
from edgekd.teachers.encoder import NetworkTeacher, best_device, most_subwords
from edgekd.teachers.precision import weights_for
from edgekd.teachers.source import not_loaded, require_loadable
from edgekd.teachers.subwords import first_line, load_tokenizer
from edgekd.teachers.tags import bio_columns, label_columns

_MAX_LENGTH = 128


class _Columns(nn.Module):
    """A classification model whose logits come in the order of a LabelSet, as TeacherNetwork's do."""

    def __init__(self, model: PreTrainedModel, columns: list[int], tagging: bool) -> None:
        super().__init__()
        self.model = model
        self.tagging = tagging
        self.register_buffer("columns", torch.tensor(columns))

    @property
    def encoder(self) -> PreTrainedModel:
        return self.model.base_model

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        logits = self.model(input_ids=ids, attention_mask=mask).logits
        logits = torch.cat([logits, logits.min(-1, keepdim=True).values], dim=-1)[..., self.columns]
        return (None, logits) if self.tagging else (logits, None)


def load_transformers_teacher(source: str, precision: str = "float32") -> NetworkTeacher:
    """The teacher in a transformers folder or on the hub, in a precision (`weights_for`); its id2label names
    the labels.

    Raises:
        UsageError: there is no such precision.
        TeacherError: it does not exist, is neither a sequence- nor a token-classification model, is a
            regression model, has pickled weights only, or tags that are not BIO.
    """
    device = best_device()
    weights = weights_for(precision, device)
    expected = (
        "a folder that `edgekd teach` wrote, a transformers model (folder or hub name), a .parquet file of "
        "logits, or several joined by +"
    )
    require_loadable(source, expected)
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise TeacherError(not_loaded(source, "a teacher", error), expected=expected) from error
    task = _task(config, source)
    names = [config.id2label[index] for index in range(len(config.id2label))]
    if task is Task.TAGGING:
        slots, columns = bio_columns(names, source)
        labels, loader = LabelSet(slots=slots), AutoModelForTokenClassification
    else:
        classes, columns = label_columns(names, source)
        labels, loader = LabelSet(labels=classes), AutoModelForSequenceClassification
    try:
        model = loader.from_pretrained(source, use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # transformers, safetensors and torch each raise errors of their own
        raise TeacherError(
            f"the weights of {source} cannot be loaded: {first_line(error)}",
            expected="whole safetensors weights",
        ) from error
    tokenizer = load_tokenizer(source)
    network = _Columns(model.to(weights), columns, tagging=task is Task.TAGGING).to(device)
    return NetworkTeacher(network, tokenizer, task, labels, min(most_subwords(config), _MAX_LENGTH))


def _task(config: PretrainedConfig, source: str) -> Task:
    architecture = (config.architectures or ["none"])[0]
    if architecture.endswith("ForTokenClassification"):
        return Task.TAGGING
    if not architecture.endswith("ForSequenceClassification"):
        raise TeacherError(
            f"{source} is a {architecture}, which gives no labels",
            expected="a model ForSequenceClassification or ForTokenClassification",
            fix="fine-tune it first: edgekd teach --data DATA --encoder " + source,
        )
    if config.num_labels == 1 or config.problem_type == "regression":
        raise TeacherError(
            f"{source} is a regression model: it gives one number, not labels",
            expected="a model with two labels or more",
        )
    return Task.MULTILABEL if config.problem_type == "multi_label_classification" else Task.CLASSIFICATION
