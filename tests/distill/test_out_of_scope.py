"""The out-of-scope rule: which label, which threshold, and what the figures count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgekd.data import Dataset, Example, LabelSet, Task
from edgekd.distill.out_of_scope import MOST_REFUSED, auroc, best_threshold, choose, find_label
from edgekd.errors import LabelError, UsageError


def dataset(*labels: str, task: Task = Task.CLASSIFICATION) -> Dataset:
    splits = {"train": [Example(label, "en", (label,)) for label in labels]}
    return Dataset("small", task, splits, LabelSet(labels))


@pytest.mark.parametrize("name", ["oos", "OOS", "out_of_scope", "out-of-scope", "Out of scope"])
def test_a_customary_label_is_found(name: str) -> None:
    assert find_label(dataset("alarm", name), None) == name


def test_another_label_is_found_only_where_it_is_named() -> None:
    data = dataset("alarm", "none of these")
    assert find_label(data, None) is None
    assert find_label(data, "none of these") == "none of these"
    with pytest.raises(LabelError, match="no label 'oos'"):
        find_label(data, "oos")


@pytest.mark.parametrize("task", [Task.MULTILABEL, Task.TAGGING])
def test_a_task_without_one_label_has_no_such_thing(task: Task) -> None:
    data = replace(dataset("alarm", "oos"), task=task)
    assert find_label(data, None) is None
    with pytest.raises(UsageError, match=task.value):
        find_label(data, "oos")


def test_the_threshold_is_best_for_both_kinds_alike() -> None:
    inside = np.array([True] * 90 + [False] * 10)
    scores = np.concatenate([np.linspace(0.0, 0.5, 90), np.linspace(0.4, 0.9, 10)])
    found = best_threshold(scores, inside)

    def worth(threshold: float) -> float:
        return (scores[inside] <= threshold).mean() + (scores[~inside] > threshold).mean()

    assert worth(found) == max(worth(threshold) for threshold in [*scores, 0.0, 1.0])
    assert found not in scores


def test_without_texts_out_of_scope_few_are_refused() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(400)
    threshold = best_threshold(scores, np.ones(400, bool))
    assert (scores > threshold).mean() == MOST_REFUSED
    assert best_threshold(np.array([0.3, 0.3, 0.3]), np.ones(3, bool)) == 1.0
    assert best_threshold(np.array([]), np.ones(0, bool)) == 1.0


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(2)
    lower, higher = rng.integers(0, 20, 50), rng.integers(5, 25, 30)
    difference = higher[:, None] - lower
    expected = np.mean((difference > 0) + 0.5 * (difference == 0))
    assert auroc(higher.astype(float), lower.astype(float)) == pytest.approx(expected)


def test_the_label_for_such_texts_is_not_in_scope() -> None:
    """A text that is surely of that label has a high score, and the figures count it as found."""
    logits = np.array([[9.0, 0, 0], [0, 9, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9], [0, 0, 9]])
    truth = logits.argmax(axis=1)
    rule = choose(logits, truth, ("a", "b", "oos"), "oos")
    assert 0.1 < rule.threshold < 0.9
    assert (rule.recall, rule.in_scope_refused, rule.auroc) == (1.0, 0.0, 1.0)
    assert rule.accuracy == rule.accuracy_with_rejection == 1.0
    without = choose(logits[:4], truth[:4], ("a", "b", "oos"), None)
    assert (without.label, without.recall, without.threshold) == (None, None, 1.0)
    assert choose(logits[4:], truth[4:], ("a", "b", "oos"), "oos") is None


def test_figures_are_of_texts_that_the_threshold_was_not_chosen_on() -> None:
    """The odd ones' threshold refuses none of the even texts, which are surer, and theirs all odd ones."""
    best = 1 - np.stack([np.linspace(0.01, 0.19, 50), np.linspace(0.21, 0.39, 50)], axis=1).ravel()
    logits = np.stack([np.log(best), np.log(1 - best)], axis=1)
    rule = choose(logits, np.zeros(100, int), ("a", "b"), None)
    assert rule.in_scope_refused == 0.5
    assert (1 - best > rule.threshold).mean() == MOST_REFUSED
