"""The retention gate: did the student keep enough of its teacher, over all and in every language?

The rule for few examples: a language is judged from 100 examples on. Below that a single example moves the
figure by more than a point, so the language is shown but does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from edgekd.errors import UsageError
from edgekd.metrics import Scores, retention

FEWEST_EXAMPLES = 100
OVERALL = "all"


class Status(StrEnum):
    """How one check came out; the last two decide nothing."""

    PASSED = "passed"
    FAILED = "failed"
    TOO_FEW = "too few examples"
    UNDEFINED = "the teacher scores nothing"


@dataclass(frozen=True)
class Check:
    """One retention against the bar.

    Attributes:
        language: a language, or "all".
        retention: student / teacher; None where the teacher scores nothing.
    """

    runtime: str
    metric: str
    language: str
    examples: int
    student: float
    teacher: float
    retention: float | None
    status: Status


@dataclass(frozen=True)
class Verdict:
    """The checks and what follows from them."""

    min_retention: float
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status is Status.FAILED)

    @property
    def passed(self) -> bool:
        """Nothing failed, and something was judged."""
        return not self.failures and self.weakest is not None

    @property
    def weakest(self) -> Check | None:
        """The judged check with the lowest retention."""
        judged = [check for check in self.checks if check.status in (Status.PASSED, Status.FAILED)]
        return min(judged, key=lambda check: check.retention, default=None)

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        return {
            "passed": self.passed,
            "min_retention": self.min_retention,
            "fewest_examples": FEWEST_EXAMPLES,
            "checks": [asdict(check) for check in self.checks],
        }


def judge(
    students: dict[str, Scores],
    teacher: Scores,
    *,
    metrics: Sequence[str],
    min_retention: float,
    every_language: bool = True,
) -> Verdict:
    """Hold the student's scores in each runtime against its teacher's.

    Args:
        students: scores by runtime.
        metrics: those that count.
        min_retention: the bar, 0.95 for 95 %.
        every_language: judge each language by itself too, which is where distilling fails first.

    Raises:
        UsageError: a metric is not one of the task's.
    """
    unknown = sorted(set(metrics) - set(teacher.overall))
    if unknown:
        raise UsageError(
            f"there is no metric {unknown[0]!r} for this task", expected=", ".join(teacher.overall)
        )
    languages = sorted(teacher.counts) if every_language and len(teacher.counts) > 1 else []
    total = sum(teacher.counts.values())
    checks = []
    for runtime, student in students.items():
        for metric in metrics:
            # Over all is the whole test set: it decides however small it is.
            checks.append(
                _check(runtime, metric, OVERALL, total, student.overall, teacher.overall, min_retention)
            )
            for language in languages:
                ours, theirs = student.by_language[language], teacher.by_language[language]
                count = teacher.counts[language]
                checks.append(_check(runtime, metric, language, count, ours, theirs, min_retention))
    return Verdict(min_retention, tuple(checks))


def _check(
    runtime: str,
    metric: str,
    language: str,
    examples: int,
    student: dict[str, float],
    teacher: dict[str, float],
    min_retention: float,
) -> Check:
    kept = retention(student[metric], teacher[metric])
    if kept is None:
        status = Status.UNDEFINED
    elif language != OVERALL and examples < FEWEST_EXAMPLES:
        status = Status.TOO_FEW
    else:
        status = Status.PASSED if kept >= min_retention else Status.FAILED
    return Check(runtime, metric, language, examples, student[metric], teacher[metric], kept, status)
