"""A teacher's labels brought into those of the data, by a file that says which is which.

    labels:
      PlayMusic: music
      AddToPlaylist: music     # several to one
      RateBook: null           # none of the data's: left out
    slots:
      track: song

YAML or JSON, by the teacher's names. A name that is not in the file stays as it is.

Logits are known up to a constant, so pooling and leaving out need no normalisation. Labels of which one is
right are pooled by log-sum-exp, which adds their probabilities; to leave one out is to take the others'
probabilities given that it is not the one. Where a text may have several labels, the pooled one is there if
any of them is, taken as independent: p = 1 - prod (1 - p_t). Tags are pooled by log-sum-exp too, and a slot
that is left out becomes O.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import LabelError, UsageError
from edgekd.files import read_yaml
from edgekd.teachers.teacher import SoftLabels

Names = Mapping[str, str | None]


@dataclass(frozen=True)
class LabelMap:
    """The data's name for each of a teacher's labels and slots; None leaves it out."""

    labels: Names = field(default_factory=dict)
    slots: Names = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> LabelMap:
        """Read a mapping from YAML or JSON.

        Raises:
            UsageError: the file is missing or is not such a mapping.
        """
        content = read_yaml(path, "mapping of labels")
        if not _is_mapping(content):
            raise UsageError(
                f"{path} is not a mapping of labels",
                expected='"labels" and "slots", each with names of the teacher and for each the name of the '
                "data, or null to leave it out",
            )
        return cls(**content)

    def require(self, labels: LabelSet, *, where: str, teacher: str) -> None:
        """Raise LabelError unless the teacher has every label and slot that is mapped."""
        for kind, mapped, known in (
            ("label", self.labels, labels.labels),
            ("slot", self.slots, labels.slots),
        ):
            unknown = sorted(set(mapped) - set(known))
            if unknown:
                close = difflib.get_close_matches(unknown[0], known, n=1)
                raise LabelError(
                    f"{where} maps {len(unknown)} {kind}s that {teacher} does not have, such as "
                    f"{unknown[0]!r}",
                    expected=f"names among the teacher's {len(known)} {kind}s",
                    fix=f"did you mean {close[0]!r}?" if close else "",
                )

    def target(self, labels: LabelSet) -> LabelSet:
        """The teacher's labels by their new names, sorted."""

        def renamed(mapped: Names, names: Sequence[str]) -> tuple[str, ...]:
            return tuple(sorted({new for name in names if (new := mapped.get(name, name)) is not None}))

        return LabelSet(renamed(self.labels, labels.labels), renamed(self.slots, labels.slots))

    def key(self) -> str:
        """The same for the same mapping."""
        return json.dumps([self.labels, self.slots], sort_keys=True)


class Translation:
    """A teacher's soft labels in the labels of an ensemble, NaN for those that it has no opinion on.

    Args:
        mapping: as `LabelMap.require` and `target` have found it right.
        own: the teacher's labels.
        target: the ensemble's.
    """

    def __init__(self, mapping: LabelMap, own: LabelSet, target: LabelSet, task: Task) -> None:
        label_place = {name: number for number, name in enumerate(target.labels)}
        tag_place = {name: number for number, name in enumerate(target.tags)}
        new_labels = [mapping.labels.get(name, name) for name in own.labels]
        new_slots = {slot: mapping.slots.get(slot, slot) for slot in own.slots}
        new_tags = [f"{tag[:2]}{new_slots[tag[2:]]}" if new_slots.get(tag[2:]) else "O" for tag in own.tags]
        self._several = task is Task.MULTILABEL
        self._labels = _Pool(
            [None if name is None else label_place[name] for name in new_labels], label_place
        )
        self._tags = _Pool([tag_place[name] for name in new_tags], tag_place)
        self.complete = self._labels.complete and self._tags.complete

    def __call__(self, said: SoftLabels) -> SoftLabels:
        """The same with float64 logits (labels,) and tag logits (units, tags) of the ensemble."""
        return SoftLabels(
            None if said.logits is None else self._labels(said.logits, several=self._several),
            said.units,
            None if said.tag_logits is None else self._tags(said.tag_logits),
        )


class _Pool:
    """Columns of logits added up to others.

    Args:
        columns: where each goes; None leaves it out.
        names: of the columns that come out.
    """

    def __init__(self, columns: Sequence[int | None], names: Collection[str]) -> None:
        kept = sorted((new, old) for old, new in enumerate(columns) if new is not None)
        self._order = np.array([old for _, old in kept], np.int64)
        self._known, self._starts = np.unique(np.array([new for new, _ in kept], np.int64), return_index=True)
        self._width = len(names)
        self.complete = len(self._known) == self._width

    def __call__(self, logits: NDArray[np.floating], *, several: bool = False) -> NDArray[np.float64]:
        """Pooled logits (..., names), NaN where there is no opinion.

        Args:
            logits: (..., columns).
            several: any number of them may be right at once; else one is.
        """
        ordered = logits[..., self._order].astype(np.float64)
        if several:
            none_log_p = np.add.reduceat(-np.logaddexp(0, ordered), self._starts, axis=-1)
            pooled = np.log(-np.expm1(none_log_p)) - none_log_p
        else:
            pooled = np.logaddexp.reduceat(ordered, self._starts, axis=-1)
        result = np.full((*logits.shape[:-1], self._width), np.nan)
        result[..., self._known] = pooled
        return result


def _is_mapping(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and bool(content)
        and set(content) <= {"labels", "slots"}
        and all(isinstance(names, dict) for names in content.values())
        and all(
            isinstance(name, str) and (new is None or isinstance(new, str))
            for names in content.values()
            for name, new in names.items()
        )
    )
