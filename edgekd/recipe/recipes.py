"""Recipes in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from edgekd.errors import UsageError
from edgekd.files import read_yaml, write_text
from edgekd.recipe.augmentation import Augmentation, Recombination, Substitution
from edgekd.recipe.distillation import Distillation, LossesInside
from edgekd.recipe.settings import Settings
from edgekd.recipe.student import PRESETS, AnyStudent
from edgekd.recipe.training import Training
from edgekd.recipe.words import Words


class _Recipe(Settings):
    """Settings that are kept in a file."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a recipe from YAML, or raise UsageError naming the fields that are wrong."""
        return cls.parse(read_yaml(path, "recipe") or {}, where=str(path))

    @classmethod
    def parse(cls, content: Any, *, where: str) -> Self:
        """Validate nested settings, or raise UsageError naming the fields that are wrong."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            problems = "; ".join(f"{_place(one['loc']) or 'recipe'}: {one['msg']}" for one in error.errors())
            raise UsageError(
                f"{where} is not a recipe: {problems}", expected=f"the fields of edgekd.recipe.{cls.__name__}"
            ) from None

    def changed(self, changes: Mapping[str, Any], *, where: str = "the recipe") -> Self:
        """This recipe with other values of some fields, which are named with dots: "training.epochs".

        Raises:
            UsageError: there is no such field, or it takes no such value.
        """
        content = self.model_dump(mode="json")
        for name, value in changes.items():
            *sections, field = name.split(".")
            place = content
            for section in sections:
                if not isinstance(place, dict):
                    break
                if place.get(section) is None:
                    place[section] = {}
                place = place[section]
            if not isinstance(place, dict):
                raise UsageError(
                    f"{where} has no field {name!r}",
                    expected=f"SECTION.FIELD with a section of {', '.join(_sections(content))}",
                )
            place[field] = value
        return self.parse(content, where=where)

    def save(self, path: str | Path) -> None:
        """Write the recipe as YAML."""
        write_text(path, yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False))


def _place(location: Sequence[str | int]) -> str:
    """Where a field is, without the kind that pydantic puts behind "student" where it is known."""
    if location[:1] == ("student",):
        location = [*location[:1], *(location[2:] if len(location) > 1 else ["kind"])]
    return ".".join(map(str, location))


def _sections(content: Mapping[str, Any]) -> list[str]:
    return [name for name, value in content.items() if isinstance(value, dict)]


class Recipe(_Recipe):
    """A student, how to train it, the texts that are made for the teacher, and what the teacher adds.

    Augmentation is left out for a teacher of stored logits, which has none for new texts.
    """

    student: AnyStudent = PRESETS["pqrnn-1m"]
    training: Training = Training()
    augmentation: Augmentation = {
        "recombination": Recombination(times=4, least=20_000),
        "substitution": Substitution(times=4, least=20_000),
    }
    distillation: Distillation = Distillation()


class Pretraining(_Recipe):
    """How a student reads plain text.

    Attributes:
        layers: of the teacher whose states it is to tell, side by side: 0 is the embeddings, -1 the last.
        hidden: probability that a token is hidden, so that its state must be told from its neighbours.
        intermediate: losses on what is inside, by name, as in distillation; of one teacher.
        words: what it is asked of hidden words, if anything.
    """

    student: AnyStudent = PRESETS["pqrnn-1m"]
    training: Training = Training(epochs=5)
    layers: tuple[int, ...] = (-1,)
    hidden: float = Field(0.1, ge=0, lt=1)
    intermediate: LossesInside = Field(default_factory=dict)
    words: Words | None = None

    @model_validator(mode="after")
    def _something_to_learn(self) -> Pretraining:
        if not (self.layers or self.intermediate or self.words):
            raise ValueError("no layers, no intermediate losses and no words: there is nothing to learn from")
        if self.words and not self.hidden:
            raise ValueError("words are to be guessed, and hidden is 0: none would be hidden")
        return self
