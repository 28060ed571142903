"""What every part of edgekd passes around: examples, spans, predictions, label sets, data sets."""

from __future__ import annotations

import enum
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgekd.errors import LabelError


class Task(enum.StrEnum):
    """What is predicted for a text."""

    CLASSIFICATION = "classification"  # one label
    MULTILABEL = "multilabel"  # any number of labels
    TAGGING = "tagging"  # slots only
    JOINT = "joint"  # one intent, and slots

    @property
    def has_labels(self) -> bool:
        return self is not Task.TAGGING

    @property
    def has_slots(self) -> bool:
        return self in (Task.TAGGING, Task.JOINT)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A slot: `text[start:end]` in code points, end exclusive."""

    start: int
    end: int
    slot: str


UNNAMED = "und"
"""The language of a text that comes without one (ISO 639-3: undetermined)."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text.

    Attributes:
        labels: one label for classification and joint tasks, any number for multi-label, none for tagging.
        spans: the slots, sorted, not overlapping; empty where the task has none.
    """

    text: str
    language: str = UNNAMED
    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a teacher or a student says of a text; comparable with an Example's labels and spans."""

    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class LabelSet:
    """The names behind the numbers of a model's outputs; order matters.

    Attributes:
        labels: classes or intents.
        slots: slot kinds; `tags` are their BIO tags, "O" first, then B- and I- of each slot.
    """

    labels: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()

    @functools.cached_property
    def tags(self) -> tuple[str, ...]:
        return ("O", *(f"{prefix}-{slot}" for slot in self.slots for prefix in "BI")) if self.slots else ()

    @classmethod
    def of(cls, examples: Iterable[Example]) -> LabelSet:
        """Every label and slot of the examples, sorted."""
        labels: set[str] = set()
        slots: set[str] = set()
        for example in examples:
            labels.update(example.labels)
            slots.update(span.slot for span in example.spans)
        return cls(tuple(sorted(labels)), tuple(sorted(slots)))

    def require(self, other: LabelSet, *, ours: str, theirs: str) -> None:
        """Raise LabelError unless every label and slot of `other` is known here."""
        unknown = sorted(set(other.labels) - set(self.labels)) + sorted(set(other.slots) - set(self.slots))
        if unknown:
            shown = ", ".join(repr(name) for name in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            raise LabelError(
                f"{theirs} has {len(unknown)} labels that {ours} does not know: {shown}",
                expected=f"labels among the {len(self.labels)} classes and {len(self.slots)} slots of {ours}",
                fix="correct or drop those examples, or train the teacher on data that has these labels",
            )


@dataclass(frozen=True)
class Dataset:
    """Named splits of examples of one task.

    Attributes:
        name: a short name for reports.
        splits: usually "train", "dev" and "test"; in the order in which they were read.
        labels: of the train split (of all splits where there is no train split).
        skipped: what the reader left out and why, a count by reason.
    """

    name: str
    task: Task
    splits: Mapping[str, Sequence[Example]]
    labels: LabelSet
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({example.language for split in self.splits.values() for example in split}))

    def fingerprint(self) -> str:
        """A hash over every split's examples, in order: the same for the same data, wherever it lies."""
        digest = hashlib.sha256(self.task.encode())
        for name, examples in sorted(self.splits.items()):
            digest.update(f"\0{name}\0".encode())
            for example in examples:
                digest.update(repr(example).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]
