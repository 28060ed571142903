from __future__ import annotations

import numpy as np
import pytest

from edgekd.bench.bootstrap import intervals, retention_of
from edgekd.metrics import Tallies


def tallies(right: np.ndarray, languages: np.ndarray | None = None) -> Tallies:
    """Examples of one metric that are right or not."""
    languages = np.full(len(right), "en") if languages is None else languages
    return Tallies(languages, {"accuracy": right.astype(float)}, {"accuracy": np.ones(len(right))})


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    right = np.arange(1000) < 800
    low, high = intervals(lambda one: one, [tallies(right)])["all"]["accuracy"]
    deviation = np.sqrt(0.8 * 0.2 / 1000)
    assert low == pytest.approx(0.8 - 1.96 * deviation, abs=0.003)
    assert high == pytest.approx(0.8 + 1.96 * deviation, abs=0.003)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        low, high = intervals(lambda one: one, [tallies(rng.random(300) < 0.7)])["all"]["accuracy"]
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 200 <= 0.99


def test_sides_are_resampled_together() -> None:
    """A student that is right exactly where its teacher is keeps all of it in every resampling."""
    right = np.random.default_rng(0).random(500) < 0.6
    both = intervals(retention_of, [tallies(right), tallies(right)])["all"]["accuracy"]
    assert both == (1.0, 1.0)
    other = np.random.default_rng(1).random(500) < 0.6
    low, high = intervals(retention_of, [tallies(right), tallies(other)])["all"]["accuracy"]
    assert high - low > 0.15


def test_languages_are_resampled_each_by_itself() -> None:
    languages = np.array(["de"] * 50 + ["en"] * 950)
    right = np.array([False] * 50 + [True] * 950)
    found = intervals(lambda one: one, [tallies(right, languages)])
    assert found["de"]["accuracy"] == (0.0, 0.0)
    assert found["en"]["accuracy"] == (1.0, 1.0)
    assert found["all"]["accuracy"] == (0.95, 0.95)  # as many of each language in every resampling


def test_a_teacher_that_scores_nothing_gives_no_interval() -> None:
    right = np.ones(20, bool)
    assert intervals(retention_of, [tallies(right), tallies(~right)])["all"]["accuracy"] is None


def test_f1_is_a_ratio_of_sums() -> None:
    hits, of = np.tile([2.0, 0.0], 200), np.tile([3.0, 1.0], 200)
    one = Tallies(np.full(400, "en"), {"span_f1": hits}, {"span_f1": of})
    low, high = intervals(lambda value: value, [one])["all"]["span_f1"]
    assert low < 0.5 < high
    assert high - low < 0.15
