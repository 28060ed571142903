"""One split of a data set, read again by teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgekd.audit.disagreements import Disagreement, disagreements, doubts_of
from edgekd.audit.shares import Share, shares
from edgekd.data.examples import Dataset, LabelSet, Task
from edgekd.errors import LabelError, UsageError
from edgekd.progress import Progress, silent
from edgekd.teachers.answers import Mixture, answers
from edgekd.teachers.teacher import SoftLabels, Teacher

_TEXTS_AT_ONCE = 1024


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        data, split: what was read.
        teacher: as it was named.
        task: of data and teacher.
        examples: in the split.
        languages: of them.
        disagreements: the surest first.
        shares: estimates by label and slot.
    """

    data: str
    split: str
    teacher: str
    task: Task
    examples: int
    languages: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]
    shares: tuple[Share, ...]


def audit(dataset: Dataset, split: str, teacher: Teacher, *, name: str, progress: Progress = silent) -> Audit:
    """Let a teacher, or the mean of an ensemble, read a split, and compare.

    Args:
        name: of the teacher, for the report.

    Raises:
        UsageError: there is no such split.
        LabelError: the teacher is for another task, or does not know every label of the split.
    """
    if not dataset.splits.get(split):
        raise UsageError(
            f"{dataset.name} has no split {split!r}",
            expected=f"--split with one of {', '.join(dataset.splits)}",
        )
    if teacher.task is not dataset.task:
        raise LabelError(
            f"{name} is for {teacher.task.value}, and {dataset.name} is read as {dataset.task.value}",
            expected="the same task",
            fix=f"read the data with --task {teacher.task.value}, or take another teacher",
        )
    examples = dataset.splits[split]
    teacher.labels.require(LabelSet.of(examples), ours=name, theirs=f"{dataset.name} {split}")

    def label(one: Teacher, texts: Sequence[str]) -> Mapping[str, SoftLabels]:
        said = {}
        with progress("reading", len(texts)) as advance:
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                some = texts[start : start + _TEXTS_AT_ONCE]
                said.update(zip(some, one.label(some), strict=True))
                advance(len(some))
        return said

    soft = answers(teacher, examples, label)
    found = disagreements(examples, soft, teacher.labels, dataset.task)
    if isinstance(soft, Mixture):
        found = [replace(one, **_votes(soft, one)) for one in found]
    return Audit(
        dataset.name,
        split,
        name,
        dataset.task,
        len(examples),
        tuple(sorted({example.language for example in examples})),
        tuple(found),
        tuple(shares(examples, soft, teacher.labels, dataset.task)),
    )


def _votes(soft: Mixture, one: Disagreement) -> dict[str, int]:
    """How many teachers by themselves have the surest doubt of their mean, of how many."""
    labels, task = soft.ensemble.labels, soft.ensemble.task
    votes = [
        one.doubts[0].key in {doubt.key for doubt in doubts_of(one.example, alone, labels, task)}
        for alone in soft.alone(one.example.text)
    ]
    return {"agreeing": sum(votes), "asked": len(votes)}
