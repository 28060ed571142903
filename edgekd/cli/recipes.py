"""The options of a recipe, which the verbs that train a student share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from edgekd.recipe import Pretraining, Recipe

STUDENT_HELP = (
    "pqrnn, transformer, or pieces, a transformer with the teacher's word pieces; by size pqrnn-0.2m, -0.5m, "
    "-1m, -2m, -4m, transformer-0.5m to -4m, pieces-0.5m to -4m."
)

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

    presets = {**{kind: PRESETS[f"{kind}-1m"] for kind in ("pqrnn", "transformer", "pieces")}, **PRESETS}
    if student not in presets:
        raise UsageError(f"there is no student {student!r}", expected=f"one of {', '.join(presets)}")
    base = kind.load(path) if path else kind(student=presets[student])
    wanted = {name: value for name, value in options.items() if value is not None}
    for change in changes:
        name, equals, value = change.partition("=")
        try:
            wanted[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ""
        if not equals:
            raise UsageError(
                f"--set {change!r} is not a change of a recipe",
                expected="FIELD=VALUE, as in training.learning_rate=0.001",
            )
    return base.changed(wanted)
