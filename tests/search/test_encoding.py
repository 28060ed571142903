"""Distances of recipes, by hand."""

import numpy as np
import pytest

from edgekd.recipe import Recipe
from edgekd.search.encoding import distances


def recipes(*changes):
    return [Recipe().changed(one).model_dump(mode="json") for one in changes]


def apart(*changes):
    made = recipes(*changes)
    return distances(made, made)


def test_equal_recipes_are_at_one_place_whatever_their_seed():
    assert apart({}, {"training.seed": 9}).tolist() == [[0, 0], [0, 0]]


def test_choices_count_one_each():
    found = apart(
        {}, {"distillation.objective": "mse"}, {"distillation.objective": "mse", "training.qat": "int8"}
    )
    assert found[0].tolist() == [0, 1, 2]
    assert np.array_equal(found, found.T)


def test_numbers_count_by_their_range_and_by_logarithm_where_that_is_wide():
    found = apart({"student.dropout": 0.0}, {"student.dropout": 0.1}, {"student.dropout": 0.4})
    assert found[0] == pytest.approx([0, 0.25, 1])
    rates = apart(*({"training.learning_rate": rate} for rate in (0.001, 0.01, 0.1)))
    assert rates[0] == pytest.approx([0, 0.5, 1])


def test_the_parts_of_a_nested_field_count_as_one():
    typing = {"augmentation": {"typing": {"times": 1}}}
    found = apart({"augmentation": {}}, typing, {"augmentation": {"typing": {"times": 3}}})
    assert found[0] == pytest.approx([0, 1, 1])
    assert 0 < found[1][2] < 1


def test_of_some_towards_others():
    found = distances(recipes({}), recipes({}, {"training.qat": "int8"}))
    assert found.tolist() == [[0, 1]]
