"""What is asked of trials: the best, the front, the hopeless."""

import json

import pytest

from edgekd.search.trial import Curve, State, Trial, front, is_hopeless, ranked


def trial(number, quality=None, cost=None, curve=None, epochs=10, state=State.COMPLETE):
    recipe = {"training": {"epochs": epochs}}
    return Trial(number, state, {"training.epochs": epochs}, recipe, Curve(curve or {}), quality, cost)


def numbers(trials):
    return [one.number for one in trials]


def test_ranked_by_quality_then_cost():
    trials = [trial(0, 0.8, 300), trial(1, 0.9, 500), trial(2, 0.9, 400), trial(3, state=State.PRUNED)]
    assert numbers(ranked(trials)) == [2, 1, 0]


def test_the_front():
    trials = [trial(0, 0.8, 300), trial(1, 0.9, 500), trial(2, 0.85, 500), trial(3, 0.7, 100)]
    trials += [trial(4, 0.8, 350), trial(5, 0.7, 90), trial(6, 0.99, 10, state=State.REFUSED)]
    assert numbers(front(trials)) == [1, 0, 5]


def test_the_front_without_costs_is_the_best():
    assert numbers(front([trial(0, 0.8), trial(1, 0.9), trial(2, 0.9)])) == [1]


def linear(top, epochs=10):
    return {epoch: top * epoch / epochs for epoch in range(1, epochs + 1)}


RIVALS = [trial(number, top, 100.0, linear(top)) for number, top in enumerate((0.6, 0.7, 0.8, 0.9))]


@pytest.mark.parametrize(
    ("curve", "epochs", "hopeless"),
    [
        ({5: 0.37}, 10, True),  # the median at epoch 5 is 0.375
        ({5: 0.38}, 10, False),
        ({4: 0.38, 5: 0.1}, 10, False),  # its best counts
        ({3: 0.01}, 10, False),  # too early
        ({5: 0.18}, 20, False),  # a quarter of its epochs
        ({10: 0.37}, 20, True),  # half of its epochs
        ({10: 0.38}, 20, False),
    ],
)
def test_the_median_rule(curve, epochs, hopeless):
    assert is_hopeless(Curve(curve), epochs, RIVALS) is hopeless


def test_only_enough_trials_that_are_no_dearer_are_rivals():
    curve = Curve({5: 0.01})
    assert is_hopeless(curve, 10, RIVALS, cost=100.0)
    assert not is_hopeless(curve, 10, RIVALS, cost=99.0)
    assert not is_hopeless(curve, 10, RIVALS[:3])
    running = trial(9, 0.9, 1.0, linear(0.9), state=State.PRUNED)
    assert not is_hopeless(curve, 10, [*RIVALS[:3], running])


def test_a_missing_epoch():
    curve = Curve({2: 0.2, 4: 0.4})
    assert [curve.at(epoch) for epoch in (1, 2, 3, 9)] == [0.2, 0.2, 0.2, 0.4]
    assert curve.best_until(1) == 0.2


def test_written_and_read():
    one = trial(3, 0.5, 10.0, {1: 0.25, 2: 0.5})
    assert Trial.from_json(json.loads(json.dumps(one.to_json()))) == one
