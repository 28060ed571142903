"""What a study varies: arms, which differ in their recipes; and on what: data sets with their teachers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.autodistiller.problems import by_hash
from edgekd.data.examples import Dataset
from edgekd.data.load import load_dataset
from edgekd.data.splits import drop_unknown_labels, with_train_languages
from edgekd.errors import UsageError
from edgekd.files import read_yaml
from edgekd.recipe import PRESETS, Recipe

_NOT_FIELDS = ("extends", "texts", "several", "labels", "control")


@dataclass(frozen=True)
class Arm:
    """One way to distil.

    Attributes:
        recipe: without its seed.
        texts: whether the teacher labels given texts.
        several: whether there are several teachers.
        labels: share of the labelled texts that there are.
        control: whether the control is trained.
    """

    recipe: Recipe
    texts: bool
    several: bool
    labels: float
    control: bool


@dataclass(frozen=True)
class Source:
    """A data set with its teacher, several in its place, and texts to label."""

    data: str
    teacher: str
    several: str | None
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    train_languages: tuple[str, ...]

    def dataset(self, labels: float) -> Dataset:
        """The data, with labels in some languages alone if that is asked for.

        Args:
            labels: share of the labelled texts, chosen by their hashes; each label and slot at least once.
        """
        data = load_dataset(self.data, languages=self.languages or None)
        data = drop_unknown_labels(with_train_languages(data, self.train_languages or data.languages))
        if labels == 1:
            return data
        kept, known = [], set()
        for example in sorted(data.splits["train"], key=by_hash):
            names = {*example.labels, *(span.slot for span in example.spans)}
            if len(kept) < labels * len(data.splits["train"]) or not names <= known:
                kept.append(example)
                known |= names
        return replace(data, splits={**data.splits, "train": kept})


def read_arms(path: Path, paths: Mapping[str, str]) -> tuple[list[int], dict[str, Arm]]:
    """Seeds and arms of a study.

    Raises:
        UsageError: it cannot be read, or an arm changes what no recipe has.
    """
    content = read_yaml(path, "study")
    try:
        described: dict[str, dict[str, Any]] = content["arms"]
        seeds = [int(seed) for seed in content["seeds"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no study: {error}", expected="YAML with seeds and arms") from None

    def whole(name: str) -> dict[str, Any]:
        own = described[name] or {}
        base = own.get("extends")
        if base is not None and base not in described:
            raise UsageError(f"the arm {name!r} extends {base!r}, which is not there")
        return {**(whole(base) if base else {}), "control": False, **own}

    arms = {}
    for name in described:
        if "," in name:
            raise UsageError(
                f"the arm {name!r} has a comma in its name", expected="none: --arms has many by commas"
            )
        settings = whole(name)
        fields = {
            field: _filled(value, paths) for field, value in settings.items() if field not in _NOT_FIELDS
        }
        if isinstance(fields.get("student"), str) and fields["student"] in PRESETS:
            fields["student"] = PRESETS[fields["student"]].model_dump(mode="json")
        recipe = Recipe().changed(fields, where=f"the arm {name!r}")
        share = float(settings.get("labels", 1))
        texts, several, control = (bool(settings.get(key)) for key in ("texts", "several", "control"))
        arms[name] = Arm(recipe, texts, several, share, control)
    return seeds, arms


def _filled(value: Any, paths: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, paths) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return value.format(**paths)
    except KeyError as error:
        raise UsageError(
            f"nothing says what {error} in {value!r} is", fix="give it by --path NAME=PATH"
        ) from None
