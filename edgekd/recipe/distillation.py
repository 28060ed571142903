"""What the teacher adds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from edgekd.recipe.settings import Settings, by_name
from edgekd.teachers.weights import Weighting


class Intermediate(Settings):
    """A loss on what is inside student and teacher.

    Attributes:
        objective: "mse" and "cosine" through a learned matrix where the widths differ; "pkd" likewise, on
            states of length 1; "rkd_distance", "rkd_angle" and "mi" (mutual information) whatever the widths.
            On scores of attention in place of states, "attention", of a transformer with the teacher's number
            of heads.
        of: each token's states, or their mean over a text ("pooled").
        weight: of the loss; with `balance_losses`, its share of the pull at the student.
        layers: how many of the student take part, the last ones; 0 compares the embeddings, below all layers.
        layer_map: which layers of the teacher they are compared with (`distill.objectives.layer_maps`).
        alpha: of mutual information.
    """

    objective: Literal["mse", "cosine", "pkd", "rkd_distance", "rkd_angle", "mi", "attention"]
    of: Literal["tokens", "pooled"] = "tokens"
    weight: float = Field(1.0, gt=0)
    layers: int = Field(1, ge=0)
    layer_map: Literal["last", "skip", "emd"] = "last"
    alpha: float = Field(0.9, ge=0, le=1)

    @model_validator(mode="after")
    def _fits(self) -> Intermediate:
        if self.objective == "attention" and (self.of == "pooled" or not self.layers):
            raise ValueError("attention is of the tokens of a layer: of is tokens, and layers at least 1")
        return self


LossesInside = Annotated[dict[str, Intermediate], BeforeValidator(by_name("objective"))]
"""By name; one whose objective is not said has that of its name."""


class Distillation(Settings):
    """What the teacher adds.

    Attributes:
        objective: "kl" on tempered probabilities, "ce" likewise, or "mse" on logits.
        temperature: of the probabilities.
        soft_weight, hard_weight: of the teacher's labels and of the data's.
        teacher_weights: how several teachers are weighed: mean, dev, confidence, or a number for each
            (`edgekd.teachers.weights`).
        intermediate: losses on what is inside, by name.
        layers_first: this part of the epochs has the losses on what is inside alone, and the rest all others
            (Jiao et al., 2020, "TinyBERT", section 3.2); 0 has them together throughout.
        balance_losses: let weights follow from gradients, so that each loss pulls by its weight's share.
        unlabelled_share: part of each pass that is drawn from texts only the teacher has labelled (given or
            made).
        least_confidence: that the teacher must have in a text which only it has labelled.
        balance_labels: of these texts, no label keeps more than its share in the data.
        mixup: parameter of the Beta distribution by which texts are mixed; 0 mixes none.
        pretrained: start from this student, which `edgekd pretrain` made: a folder, or a name in the store.
        stage: where the student hears its teacher: in "fine-tuning", wherever it starts from; or only in the
            "pre-training" that it starts from, after which it has the data's labels and nothing else.
        control: what the student without a teacher learns from: the labelled texts ("labelled"), or also
            those that augmentation makes, with the labels of their origin ("augmented"). It always starts
            from random weights.
    """

    objective: Literal["kl", "ce", "mse"] = "kl"
    temperature: float = Field(1.0, gt=0)
    soft_weight: float = Field(1.0, ge=0)
    hard_weight: float = Field(1.0, ge=0)
    teacher_weights: str = "mean"
    intermediate: LossesInside = Field(default_factory=dict)
    layers_first: float = Field(0.0, ge=0, lt=1)
    balance_losses: bool = False
    unlabelled_share: float = Field(0.5, ge=0, lt=1)
    least_confidence: float = Field(0.0, ge=0, lt=1)
    balance_labels: bool = False
    mixup: float = Field(0.0, ge=0)
    pretrained: str | None = None
    stage: Literal["fine-tuning", "pre-training"] = "fine-tuning"
    control: Literal["labelled", "augmented"] = "labelled"

    @field_validator("teacher_weights")
    @classmethod
    def _spelt_right(cls, spelling: str) -> str:
        Weighting.parse(spelling)
        return spelling

    @model_validator(mode="after")
    def _something_to_learn(self) -> Distillation:
        if not self.soft_weight and not self.hard_weight:
            raise ValueError("soft_weight and hard_weight are both 0: there is nothing to learn from")
        if self.layers_first and not self.intermediate:
            raise ValueError("layers_first without intermediate losses: there is nothing to come first")
        if self.stage == "pre-training" and self.pretrained is None:
            raise ValueError(
                "stage is pre-training, and pretrained does not say what the student starts from"
            )
        return self
