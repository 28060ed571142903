from __future__ import annotations

import numpy as np
import pytest

from edgekd.teachers.choose import Decisions, choose, likeliest


def dev(accuracies, texts=600, choices=4, seed=0):
    """Teachers that hold the right choice for the likeliest so often, each by its own chance."""
    draw = np.random.default_rng(seed)
    right = draw.integers(choices, size=texts)
    logits = draw.normal(size=(len(accuracies), texts, choices))
    for teacher, accuracy in enumerate(accuracies):
        said = np.where(draw.random(texts) < accuracy, right, draw.integers(choices, size=texts))
        logits[teacher, np.arange(texts), said] += 3
    return Decisions(logits, right, np.arange(texts))


def test_the_likeliest_weights_of_all():
    kinds = [dev((0.9, 0.5, 0.7)), dev((0.6, 0.9, 0.3), choices=3, seed=1)]
    found = likeliest(kinds)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    grid = np.linspace(0, 1, 51)
    every = [np.array([a, b, 1 - a - b]) for a in grid for b in grid if a + b <= 1 + 1e-9]
    values = [sum(kind.log_p(weights).sum() for kind in kinds) for weights in every]
    assert sum(kind.log_p(found).sum() for kind in kinds) >= max(values) - 1e-3
    np.testing.assert_allclose(found, every[int(np.argmax(values))], atol=0.03)


def test_the_gradient_is_that_of_the_likelihood():
    decisions, weights = dev((0.9, 0.5), texts=50), np.array([0.3, 0.7])
    for teacher in range(2):
        step = np.zeros(2)
        step[teacher] = 1e-6
        rise = decisions.log_p(weights + step).sum() - decisions.log_p(weights - step).sum()
        assert decisions.gradient(weights)[teacher] == pytest.approx(rise / 2e-6, rel=1e-4)


def test_the_better_teacher_gets_more_weight_and_a_useless_one_none():
    choice = choose([dev((0.95, 0.7, 0.0))], 600)
    assert choice.gain > choice.standard_error
    assert choice.weights[0] > choice.weights[1] > choice.weights[2]
    assert choice.weights[2] < 0.02


@pytest.mark.parametrize("seed", range(5))
def test_where_dev_cannot_tell_the_weights_stay_equal(seed):
    choice = choose([dev((0.8, 0.8, 0.8), texts=40, seed=seed)], 40)
    assert choice.gain <= choice.standard_error
    np.testing.assert_array_equal(choice.weights, np.full(3, 1 / 3))
    np.testing.assert_array_equal(choice.of_halves, np.full((2, 3), 1 / 3))


def test_each_half_is_judged_by_the_other():
    decisions = dev((0.9, 0.4))
    even = decisions.text % 2 == 0
    # On the texts of odd number the teachers swap, so that what one half teaches misleads on the other.
    decisions.logits[:, ~even] = decisions.logits[::-1, ~even]
    choice = choose([decisions], 600)
    assert choice.gain < 0
    np.testing.assert_array_equal(choice.weights, [0.5, 0.5])


def test_one_text_is_not_enough():
    choice = choose([dev((1.0, 0.0), texts=1)], 1)
    np.testing.assert_array_equal(choice.weights, [0.5, 0.5])
