"""What a run is: validated, frozen, and saved beside what it made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgekd.errors import UsageError
from edgekd.files import write_text
from edgekd.text.projection import FrontEnd


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PQRNN(_Settings):
    """The shape of a pQRNN student.

    Attributes:
        front_end: lengths and widths of the features; lengths of 0 are chosen from the training texts.
        bottleneck: width between the features and the first recurrent layer.
        units: state of each direction of a layer.
        layers: bidirectional recurrent layers.
        kernel: tokens under the convolution of a layer.
        dropout: between layers, in training.
        zoneout: of the last layer; it grows linearly from zero below the first.
    """

    kind: Literal["pqrnn"] = "pqrnn"
    token_features: int = 256
    ngram_features: int = 256
    ngram_groups: int = 4
    ngrams: tuple[int, ...] = (3,)
    max_tokens: int = Field(0, ge=0, le=512)
    max_chars: int = Field(0, ge=0, le=4096)
    bottleneck: int = Field(192, ge=1)
    units: int = Field(144, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(2, ge=1, le=5)
    dropout: float = Field(0.2, ge=0, lt=1)
    zoneout: float = Field(0.1, ge=0, lt=1)

    @property
    def front_end(self) -> FrontEnd:
        """The text front end of this student, once its lengths are known."""
        return FrontEnd(
            self.token_features,
            self.ngram_features,
            self.ngram_groups,
            self.ngrams,
            self.max_tokens,
            self.max_chars,
        )


PRESETS: dict[str, PQRNN] = {
    "pqrnn-0.2m": PQRNN(token_features=192, ngram_features=192, bottleneck=112, units=56),
    "pqrnn-0.5m": PQRNN(bottleneck=144, units=104),
    "pqrnn-1m": PQRNN(),
    "pqrnn-2m": PQRNN(bottleneck=272, units=216),
}
"""Students by number of parameters (without the heads, whose size depends on the labels)."""


class Training(_Settings):
    """How a student is trained; the control without the teacher is trained alike.

    Attributes:
        epochs: passes, of as many texts as the labelled train split has (so that the control, which has no
            other texts, takes as many steps).
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


class Distillation(_Settings):
    """What the teacher adds.

    Attributes:
        objective: "kl" on tempered probabilities or "mse" on logits.
        temperature: of the probabilities.
        soft_weight, hard_weight: of the teacher's labels and of the data's.
        recombine: how many new texts to make from each labelled one by swapping slot values among texts of
            the same language, for the teacher to label; none for a teacher of stored logits.
        substitute: how many to make by swapping words for random ones of the language, likewise.
        unlabelled_share: part of each pass that is drawn from texts only the teacher has labelled (given or
            made).
        pretrained: start from this student, which `edgekd pretrain` made: a folder, or a name in the store.
            The control starts from random weights.
    """

    objective: Literal["kl", "mse"] = "kl"
    temperature: float = Field(1.0, gt=0)
    soft_weight: float = Field(1.0, ge=0)
    hard_weight: float = Field(1.0, ge=0)
    recombine: int = Field(4, ge=0)
    substitute: int = Field(0, ge=0)
    unlabelled_share: float = Field(0.5, ge=0, lt=1)
    pretrained: str | None = None

    @model_validator(mode="after")
    def _something_to_learn(self) -> Distillation:
        if not self.soft_weight and not self.hard_weight:
            raise ValueError("soft_weight and hard_weight are both 0: there is nothing to learn from")
        return self


class _Recipe(_Settings):
    """Settings that are kept in a file."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a recipe from YAML, or raise UsageError naming the fields that are wrong."""
        try:
            content = yaml.safe_load(Path(path).read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(f"there is no recipe {path}") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{path} is not readable YAML: {error}") from None
        return cls.parse(content or {}, where=str(path))

    @classmethod
    def parse(cls, content: Any, *, where: str) -> Self:
        """Validate nested settings, or raise UsageError naming the fields that are wrong."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'recipe'}: {problem['msg']}"
                for problem in error.errors()
            )
            raise UsageError(
                f"{where} is not a recipe: {problems}", expected=f"the fields of edgekd.recipe.{cls.__name__}"
            ) from None

    def save(self, path: str | Path) -> None:
        """Write the recipe as YAML."""
        write_text(path, yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False))


class Recipe(_Recipe):
    """A student, how to train it, and what the teacher adds."""

    student: PQRNN = PRESETS["pqrnn-1m"]
    training: Training = Training()
    distillation: Distillation = Distillation()


class Pretraining(_Recipe):
    """How a student reads plain text.

    Attributes:
        layers: of the teacher whose states it is to tell, side by side: 0 is the embeddings, -1 the last.
        hidden: probability that a token is hidden, so that its state must be told from its neighbours.
    """

    student: PQRNN = PRESETS["pqrnn-1m"]
    training: Training = Training(epochs=5)
    layers: tuple[int, ...] = (-1,)
    hidden: float = Field(0.1, ge=0, lt=1)
