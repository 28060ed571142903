"""What a teacher is, and what it says of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgekd.data.align import spans_from_tags
from edgekd.data.decode import best_tags
from edgekd.data.examples import LabelSet, Prediction, Task

TEXTS_AT_ONCE = 2048
"""Texts that a network sorts by length together, and that make a shard of a store. Being the same ones, they
make a shard the same, bit for bit, whatever was labelled before it and wherever."""


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """A teacher's outputs for one text.

    Attributes:
        logits: float32 (labels,), in the order of LabelSet.labels; None for tagging.
        units: int32 (units, 2), the start and end of each unit in code points, sorted; a unit is one or more
            whole tokens (`edgekd.teachers.units`). Text past the teacher's length has no units.
        tag_logits: float32 (units, tags), in the order of LabelSet.tags; None where the task has no slots.
    """

    logits: NDArray[np.float32] | None
    units: NDArray[np.int32]
    tag_logits: NDArray[np.float32] | None

    def decode(self, labels: LabelSet, task: Task) -> Prediction:
        """The hard decision: the best label (multi-label: all above one half), the best tags of the units."""
        names: tuple[str, ...] = ()
        if self.logits is not None:
            if task is Task.MULTILABEL:
                names = tuple(
                    name for name, logit in zip(labels.labels, self.logits, strict=True) if logit > 0
                )
            else:
                names = (labels.labels[int(self.logits.argmax())],)
        if self.tag_logits is None:
            return Prediction(names)
        tags = [labels.tags[best] for best in best_tags(self.tag_logits)]
        return Prediction(names, spans_from_tags(tags, [(int(start), int(end)) for start, end in self.units]))


class Teacher(Protocol):
    """Anything that gives soft labels for texts.

    Attributes:
        task: what it was trained for.
        labels: the names behind its logits.
        fingerprint: changes whenever its outputs may: weights, tokenizer, labels, length.
        any_text: it answers any text, so that new ones can be made for it; not so for stored logits.
    """

    task: Task
    labels: LabelSet
    fingerprint: str
    any_text: bool

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """The soft labels of each text, in order. Any string is allowed: empty, very long, ill-formed."""
        ...


def well_formed(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD, which UTF-8 can hold; offsets stay as they are."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text
