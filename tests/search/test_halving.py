"""Successive halving: who goes on, and what it costs."""

import math

import pytest

from edgekd.search.halving import RUNGS, affordable, halve


class Trainer:
    """Candidates are numbers, worth what they are; what was trained is not trained again."""

    def __init__(self):
        self.shares, self.rungs = {}, []

    def __call__(self, candidate, share):
        self.shares[candidate] = max(share, self.shares.get(candidate, 0.0))
        self.rungs.append((candidate, share))
        return candidate * share


def test_the_better_third_goes_on():
    train = Trainer()
    assert halve(range(9), train) == [(8, 8.0)]
    assert [candidate for candidate, share in train.rungs if share == RUNGS[1]] == [8, 7, 6]
    assert sorted(train.shares.values()) == [1 / 9] * 6 + [1 / 3] * 2 + [1.0]


def test_the_last_rung_is_sorted():
    assert halve(range(27), Trainer()) == [(26, 26.0), (25, 25.0), (24, 24.0)]


def test_of_equals_the_earlier_goes_on():
    found = halve(["a", "b", "c", "d"], lambda candidate, share: share)
    assert found[0][0] == "a"


@pytest.mark.parametrize("budget", [1, 2, 3, 5, 10, 20, 50])
def test_what_is_affordable_is_just_within_the_budget(budget):
    def cost(count):
        train = Trainer()
        halve(range(count), train)
        return sum(train.shares.values())

    count = affordable(budget)
    assert cost(count) <= budget + 1e-9
    assert cost(count + 1) > budget
    assert count >= budget


def test_one_candidate_is_trained_to_the_end():
    train = Trainer()
    assert halve([5], train) == [(5, 5.0)]
    assert math.isclose(train.shares[5], 1.0)
