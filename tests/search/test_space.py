"""Spaces: what they propose, and refusal before anything is trained."""

import optuna
import pytest

from edgekd.errors import UsageError
from edgekd.recipe import Recipe
from edgekd.search.space import Space

SPACE = {
    "training.learning_rate": {"low": 0.001, "high": 0.01, "log": True},
    "training.epochs": {"low": 10, "high": 40, "step": 10},
    "distillation.objective": ["kl", "mse"],
    "distillation.temperature": {"low": 1.0, "high": 4.0, "when": {"distillation.objective": ["kl"]}},
    "augmentation": [{}, {"typing": {"times": 3}}],
    "training.qat": [None, "int8"],
}


def parsed(content, base=None):
    return Space.parse(content, base or Recipe(), where="space.yaml")


def proposals(space, count=60):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.choose(study.ask()) for _ in range(count)]


def test_what_is_proposed_makes_recipes_inside_the_space():
    space = parsed(SPACE)
    found = proposals(space)
    recipes = [Recipe().changed(changes) for changes in found]
    rates = [recipe.training.learning_rate for recipe in recipes]
    assert all(0.001 <= rate <= 0.01 for rate in rates)
    # Half of a logarithmic range lies below its geometric mean.
    assert 15 < sum(rate < 0.001**0.5 * 0.01**0.5 for rate in rates) < 45
    assert {recipe.training.epochs for recipe in recipes} == {10, 20, 30, 40}
    assert {tuple(recipe.augmentation) for recipe in recipes} == {(), ("typing",)}
    assert {recipe.training.qat for recipe in recipes} == {None, "int8"}


def test_a_field_is_searched_only_under_its_condition():
    for changes in proposals(parsed(SPACE)):
        assert ("distillation.temperature" in changes) == (changes["distillation.objective"] == "kl")
    chained = {**SPACE, "distillation.mixup": {"choices": [0.1], "when": {"training.qat": ["int8"]}}}
    with pytest.raises(UsageError, match="stands before"):
        parsed({"distillation.mixup": chained["distillation.mixup"], **SPACE})
    for changes in proposals(parsed(chained)):
        assert ("distillation.mixup" in changes) == (changes["training.qat"] == "int8")


def test_the_recipe_itself_is_proposed_where_the_space_has_it():
    space = parsed(SPACE)
    base = Recipe().changed({"augmentation": {"typing": {"times": 3}}, "training.epochs": 30})
    assert space.proposing(base) == {
        "training.learning_rate": base.training.learning_rate,
        "training.epochs": 30,
        "distillation.objective": "kl",
        "distillation.temperature": 1.0,
        "augmentation": '{"typing": {"times": 3}}',
        "training.qat": None,
    }
    study = optuna.create_study()
    study.enqueue_trial(space.proposing(base))
    assert base.changed(space.choose(study.ask())) == base
    assert "training.epochs" not in space.proposing(base.changed({"training.epochs": 35}))


def test_the_default_space_fits_the_default_recipe():
    space = Space.load(None, Recipe())
    for changes in proposals(space, 20):
        Recipe().changed(changes)
    assert set(space.proposing(Recipe())) == set(space.fields)


def test_content_is_read_back():
    space = parsed(SPACE)
    assert parsed(space.content()) == space


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "names no field"),
        (["training.epochs"], "names no field"),
        ({"training.epocs": [3]}, "training.epocs"),
        ({"training.epochs.more": [3]}, "has no field"),
        ({"training.epochs": [3, 0]}, "epochs 0.*greater than or equal to 1"),
        ({"training.epochs": {"low": 0, "high": 3}}, "epochs 0"),
        ({"training.epochs": {"low": 1.0, "high": 3.0}}, "valid integer"),
        ({"training.epochs": {"low": 3, "high": 1}}, "low 3 is above high 1"),
        ({"training.dropout": [0.1]}, "training.dropout"),
        ({"student.dropout": {"low": 0, "high": 0.5, "log": True}}, "starts above 0"),
        ({"student.dropout": {"low": 0.0}}, "high: Field required"),
        ({"student.dropout": {"low": 0.0, "high": 0.1, "setp": 1}}, "setp"),
        ({"student.dropout": []}, "choices"),
        ({"student.dropout": 0.1}, "student.dropout"),
        ({"augmentation": [{"shuffle": {}}]}, "shuffle"),
        ({**SPACE, "distillation.mixup": {"choices": [1], "when": {"training.qat": ["int4"]}}}, "int4"),
    ],
)
def test_a_bad_space_is_explained(content, said):
    with pytest.raises(UsageError, match=said) as error:
        parsed(content)
    assert "space.yaml" in str(error.value)


def test_a_space_that_is_not_there_or_no_yaml(tmp_path):
    with pytest.raises(UsageError, match="there is no space"):
        Space.load(tmp_path / "none.yaml", Recipe())
    (tmp_path / "bad.yaml").write_text("training: [")
    with pytest.raises(UsageError, match="YAML"):
        Space.load(tmp_path / "bad.yaml", Recipe())
