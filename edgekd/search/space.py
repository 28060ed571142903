"""What a search may change: fields of a recipe by their dotted names, and the values that each may take.

    training.learning_rate: {low: 0.001, high: 0.01, log: true}
    training.epochs: {low: 10, high: 40, step: 10}
    distillation.objective: [kl, mse]
    distillation.temperature: {low: 1, high: 4, when: {distillation.objective: [kl]}}
    augmentation:
      - {}
      - {recombination: {times: 4}}

A list holds choices, which may be whole sections. A mapping holds a range, or `choices` with a condition:
`when` names fields that stand before, and their choices for which this field is searched at all; otherwise it
stays as in the recipe that the search starts from.
"""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

import yaml
from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from edgekd.errors import UsageError
from edgekd.files import read_yaml
from edgekd.recipe import Recipe
from edgekd.recipe.settings import Settings

DEFAULT = "the default space"


class Suggests(Protocol):
    """What proposes values: an Optuna trial."""

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any: ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int: ...

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float: ...


class _Field(Settings):
    """The values of a field.

    Attributes:
        when: fields that stand before, by name, with the choices for which this one is searched.
    """

    when: dict[str, tuple[Any, ...]] = Field(default_factory=dict)

    @abstractmethod
    def suggest(self, name: str, trial: Suggests) -> Any:
        """One value."""

    @abstractmethod
    def proposing(self, name: str, recipe: Recipe) -> dict[str, Any]:
        """What a trial would propose for the value that a recipe has; nothing where there is none."""

    @abstractmethod
    def samples(self) -> tuple[Any, ...]:
        """Values enough to see whether the recipe takes all."""


class Choices(_Field):
    """Values one by one."""

    choices: tuple[Any, ...] = Field(min_length=1)

    def suggest(self, name: str, trial: Suggests) -> Any:
        by_name = {_named(value): value for value in self.choices}
        return by_name[trial.suggest_categorical(name, list(by_name))]

    def samples(self) -> tuple[Any, ...]:
        return self.choices

    def proposing(self, name: str, recipe: Recipe) -> dict[str, Any]:
        same = [value for value in self.choices if recipe.changed({name: value}) == recipe]
        return {name: _named(same[0])} if same else {}


class Range(_Field):
    """Values from `low` to `high`, both included: whole numbers where both are."""

    low: int | float
    high: int | float
    step: int | float | None = Field(None, gt=0)
    log: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.log and (self.low <= 0 or self.step):
            raise ValueError("a logarithmic range starts above 0 and has no step")
        return self

    def suggest(self, name: str, trial: Suggests) -> Any:
        if self._whole:
            return trial.suggest_int(name, self.low, self.high, step=self.step or 1, log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def proposing(self, name: str, recipe: Recipe) -> dict[str, Any]:
        value: Any = recipe.model_dump(mode="json")
        for section in name.split("."):
            value = value.get(section) if isinstance(value, Mapping) else None
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            return {}
        steps = (value - self.low) / self.step if self.step else 0
        return {name: value} if math.isclose(steps, round(steps)) else {}

    def samples(self) -> tuple[Any, ...]:
        between = () if self._whole else (self.low + 0.37 * (self.high - self.low),)
        return self.low, *between, self.high

    @property
    def _whole(self) -> bool:
        return all(isinstance(one, int) for one in (self.low, self.high, self.step or 1))


def _kind(content: Any) -> str:
    return "choices" if isinstance(content, Mapping) and "choices" in content else "range"


_FIELDS = TypeAdapter(
    dict[
        str,
        Annotated[Annotated[Choices, Tag("choices")] | Annotated[Range, Tag("range")], Discriminator(_kind)],
    ]
)


@dataclass(frozen=True)
class Space:
    """Fields in their order."""

    fields: Mapping[str, Choices | Range]

    @classmethod
    def load(cls, path: Path | None, base: Recipe) -> Space:
        """Read a space, or the one that edgekd comes with.

        Args:
            path: a YAML file; None for the default.
            base: the recipe that is changed.

        Raises:
            UsageError: it is empty, names a field that recipes do not have or values that the field does not
                take, or its conditions are on fields that do not stand before.
        """
        content = read_yaml(path, "space") if path else yaml.safe_load(_default())
        return cls.parse(content, base, where=str(path or DEFAULT))

    @classmethod
    def parse(cls, content: Any, base: Recipe, *, where: str) -> Space:
        """As `load`, from nested values."""
        if not content or not isinstance(content, Mapping):
            raise UsageError(
                f"{where} names no field to search", expected="FIELD: [choices] or {low: ..., high: ...}"
            )
        lists = {
            name: {"choices": values} if isinstance(values, list) else values
            for name, values in content.items()
        }
        try:
            space = cls(_FIELDS.validate_python(lists))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
            )
            raise UsageError(
                f"{where} is not a space: {problems}",
                expected="FIELD: [choices], {choices: [...], when: {...}} or {low: ..., high: ...}",
            ) from None
        space._check(base, where)
        return space

    def choose(self, trial: Suggests) -> dict[str, Any]:
        """The changes of a recipe that a trial proposes, for `Recipe.changed`."""
        changes: dict[str, Any] = {}
        for name, field in self.fields.items():
            if all(changes.get(other) in allowed for other, allowed in field.when.items()):
                changes[name] = field.suggest(name, trial)
        return changes

    def proposing(self, recipe: Recipe) -> dict[str, Any]:
        """What a trial would propose to leave the recipe as it is, where the space has its value."""
        proposed: dict[str, Any] = {}
        for name, field in self.fields.items():
            proposed |= field.proposing(name, recipe)
        return proposed

    def content(self) -> dict[str, Any]:
        """As JSON values."""
        return {name: field.model_dump(mode="json") for name, field in self.fields.items()}

    def _check(self, base: Recipe, where: str) -> None:
        before: dict[str, Choices | Range] = {}
        for name, field in self.fields.items():
            for other, allowed in field.when.items():
                choices = before[other].samples() if isinstance(before.get(other), Choices) else ()
                if not allowed or any(value not in choices for value in allowed):
                    raise UsageError(
                        f"{where}: {name} is searched when {other} is one of {list(allowed)}",
                        expected=f"choices of a field that stands before {name}",
                    )
            for value in field.samples():
                base.changed({**self._met(name), name: value}, where=f"{where}: {name} {_named(value)}")
            before[name] = field

    def _met(self, name: str) -> dict[str, Any]:
        """Values for which a field is searched."""
        met: dict[str, Any] = {}
        for other, allowed in self.fields[name].when.items():
            met |= {**self._met(other), other: allowed[0]}
        return met


def _default() -> str:
    return files("edgekd.search").joinpath("default_space.yaml").read_text("utf-8")


def _named(value: Any) -> Any:
    """A value as Optuna can store it."""
    return value if isinstance(value, str | int | float | None) else json.dumps(value, sort_keys=True)
