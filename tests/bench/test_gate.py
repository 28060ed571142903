from __future__ import annotations

import pytest

from edgekd.bench.gate import FEWEST_EXAMPLES, Status, judge
from edgekd.errors import UsageError
from edgekd.metrics import Scores


def scores(**by_language: tuple[float, int]) -> Scores:
    total = sum(count for _, count in by_language.values())
    overall = sum(value * count for value, count in by_language.values()) / total
    return Scores(
        {"accuracy": overall},
        {language: {"accuracy": value} for language, (value, _) in by_language.items()},
        {language: count for language, (_, count) in by_language.items()},
    )


TEACHER = scores(en=(0.9, 1000), de=(0.8, 1000), sw=(0.5, FEWEST_EXAMPLES - 1))


def verdict(student: Scores, bar: float = 0.95, **more):
    return judge({"litert": student}, TEACHER, metrics=["accuracy"], min_retention=bar, **more)


def test_enough_everywhere_passes() -> None:
    found = verdict(scores(en=(0.88, 1000), de=(0.78, 1000), sw=(0.5, 99)))
    assert found.passed
    assert [check.language for check in found.checks] == ["all", "de", "en", "sw"]
    assert found.weakest.language == "de"
    assert found.weakest.retention == pytest.approx(0.975)


def test_one_weak_language_fails_though_all_together_pass() -> None:
    student = scores(en=(0.9, 1000), de=(0.75, 1000), sw=(0.5, 99))
    found = verdict(student)
    assert [check.language for check in found.failures] == ["de"]
    assert verdict(student, every_language=False).passed


def test_exactly_the_bar_passes() -> None:
    assert verdict(TEACHER, bar=1.0).passed


def test_too_few_examples_are_shown_and_do_not_decide() -> None:
    found = verdict(scores(en=(0.9, 1000), de=(0.8, 1000), sw=(0.1, 99)))
    assert found.passed
    weak = next(check for check in found.checks if check.language == "sw")
    assert weak.status is Status.TOO_FEW
    assert weak.retention == pytest.approx(0.2)


def test_over_all_decides_however_few() -> None:
    teacher, student = scores(en=(0.9, 5)), scores(en=(0.1, 5))
    assert not judge({"litert": student}, teacher, metrics=["accuracy"], min_retention=0.9).passed


def test_a_gate_that_can_judge_nothing_does_not_pass() -> None:
    found = judge(
        {"litert": scores(en=(0.5, 500))}, scores(en=(0.0, 500)), metrics=["accuracy"], min_retention=0.9
    )
    assert [check.status for check in found.checks] == [Status.UNDEFINED]
    assert found.weakest is None
    assert not found.passed


def test_each_runtime_is_judged() -> None:
    students = {"litert": TEACHER, "onnxruntime": scores(en=(0.1, 1000), de=(0.8, 1000), sw=(0.5, 99))}
    found = judge(students, TEACHER, metrics=["accuracy"], min_retention=0.95)
    assert {check.runtime for check in found.failures} == {"onnxruntime"}


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(UsageError, match="no metric 'bleu'"):
        judge({"litert": TEACHER}, TEACHER, metrics=["bleu"], min_retention=0.9)
