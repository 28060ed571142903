"""The options of a recipe, which the verbs that train a student share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from edgekd.recipe import Pretraining, Recipe

_Kind = TypeVar("_Kind", "Recipe", "Pretraining")


def recipe(
    kind: type[_Kind],
    path: Path | None,
    student: str,
    options: Mapping[str, Any],
    changes: Sequence[str],
) -> _Kind:
    """The recipe that options ask for.

    Args:
        kind: of recipe.
        path: of a YAML file to start from, in place of `student`.
        student: the name of a preset.
        options: by field, as "training.epochs"; those that are None change nothing.
        changes: "FIELD=VALUE" each, of `--set`; the last words.

    Raises:
        UsageError: no such student, field or value.
    """
    import yaml

    from edgekd.errors import UsageError
    from edgekd.recipe import PRESETS

    presets = {"pqrnn": PRESETS["pqrnn-1m"], **PRESETS}
    if student not in presets:
        raise UsageError(f"there is no student {student!r}", expected=f"one of {', '.join(presets)}")
    base = kind.load(path) if path else kind(student=presets[student])
    content = base.model_dump(mode="json")
    wanted = [(name, value) for name, value in options.items() if value is not None]
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise _no_change(change, content)
        try:
            wanted.append((name, yaml.safe_load(value)))
        except yaml.YAMLError:
            raise _no_change(change, content) from None
    for name, value in wanted:
        section, _, field = name.rpartition(".")
        place = content.get(section) if section else content
        if not isinstance(place, dict) or (place is content and field not in content):
            raise _no_change(name, content)
        place[field] = value
    return kind.parse(content, where="the recipe")


def _no_change(given: str, content: Mapping[str, Any]) -> Exception:
    from edgekd.errors import UsageError

    names = [name for name, value in content.items() if isinstance(value, dict)]
    return UsageError(
        f"--set {given!r} is not a change of a recipe",
        expected=f"SECTION.FIELD=VALUE with a section of {', '.join(names)}",
    )
