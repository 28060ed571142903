"""Tag names of other people's models, brought into the order of LabelSet.tags."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.data.examples import LabelSet
from edgekd.errors import TeacherError


def bio_columns(names: Sequence[str], owner: str) -> tuple[tuple[str, ...], list[int]]:
    """The slots behind BIO tag names, sorted, and where each of our tags stands among the names.

    A tag that is missing (I- of slots that are always one word, B- in the IO scheme) points one past the last
    name: append the smallest logit of each row there, and index.

    Raises:
        TeacherError: a name is not O, B-slot or I-slot, or there is no O.
    """
    strange = [name for name in names if name != "O" and (name[:2] not in ("B-", "I-") or not name[2:])]
    if strange or "O" not in names or len(set(names)) < len(names):
        shown = ", ".join(map(repr, strange[:5])) or ", ".join(map(repr, list(names)[:5]))
        raise TeacherError(
            f"the tags of {owner} are not BIO: {shown}",
            expected="O once, and for each slot B-slot and I-slot, in any order",
            fix="name them so in the model's id2label",
        )
    slots = tuple(sorted({name[2:] for name in names if name != "O"}))
    place = {name: index for index, name in enumerate(names)}
    return slots, [place.get(tag, len(names)) for tag in LabelSet(slots=slots).tags]


def label_columns(names: Sequence[str], owner: str) -> tuple[tuple[str, ...], list[int]]:
    """The labels sorted, and where each stands among the names."""
    if len(set(names)) < len(names):
        raise TeacherError(f"{owner} has the same label more than once", expected="a name for each label")
    order = sorted(range(len(names)), key=lambda index: names[index])
    return tuple(names[index] for index in order), order
