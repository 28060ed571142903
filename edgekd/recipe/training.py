"""How a network is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgekd.recipe.settings import Settings


class Training(Settings):
    """How a student is trained; the control without the teacher is trained alike.

    Attributes:
        epochs: passes, of as many texts as the labelled train split has (so that the control, which has no
            other texts, takes as many steps).
        least_texts: of a pass; a train split that has fewer is gone through several times in one. Of plain
            text, a pass is one.
        learning_rate: peak of AdamW; linear warm-up over a share `warmup` of the steps, then a cosine to 0.
        weight_decay: of AdamW, on matrices.
        clip_norm: bound on the norm of all gradients together.
        ema: decay of the running mean of the weights, which is what is kept.
        label_smoothing: of hard labels.
        typing_noise: probability that a token is misspelt: a third delete, a third move, a third insert a
            character.
        qat: train the weights for this quantization of the exported file; without it, in float.
        qat_share: last part of the epochs in which the products see quantized weights.
    """

    epochs: int = Field(30, ge=1)
    least_texts: int = Field(10_000, ge=1)
    batch_size: int = Field(128, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    warmup: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    clip_norm: float = Field(1.0, gt=0)
    ema: float = Field(0.999, ge=0, lt=1)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    typing_noise: float = Field(0.1, ge=0, le=1)
    qat: Literal["int8", "int4"] | None = None
    qat_share: float = Field(0.3, gt=0, le=1)
    seed: int = 1
