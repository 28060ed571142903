"""Recipes: saved and read back, and refused with the name of the field."""

from pathlib import Path

import pytest
import yaml

from edgekd.errors import UsageError
from edgekd.recipe import PRESETS, Recipe, Training

MODELS = Path(__file__).parent.parent / "models"


@pytest.mark.parametrize("preset", PRESETS)
def test_saved_and_read_back(tmp_path, preset):
    recipe = Recipe(student=PRESETS[preset], training=Training(epochs=3, seed=7))
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe
    assert yaml.safe_load((tmp_path / "recipe.yaml").read_text())["training"]["seed"] == 7


def test_what_is_left_out_is_the_default(tmp_path):
    (tmp_path / "recipe.yaml").write_text("training: {epochs: 3}")
    assert Recipe.load(tmp_path / "recipe.yaml") == Recipe(training=Training(epochs=3))
    (tmp_path / "recipe.yaml").write_text("")
    assert Recipe.load(tmp_path / "recipe.yaml") == Recipe()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("training: {epochs: 0}", "training.epochs"),
        ("training: {epocs: 3}", "training.epocs"),
        ("student: {kind: lstm}", "student.kind"),
        ("student: {units: 0}", r"student\.units"),
        ("student: {kind: transformer, units: 5}", r"student\.units"),
        ("student: {kind: transformer, width: 100, heads: 3}", "student: .*3 heads"),
        ("distillation: {soft_weight: 0, hard_weight: 0}", "nothing to learn"),
        ("- a list", "recipe"),
        ("training: [", "YAML"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_a_wrong_recipe_is_explained(tmp_path, content, named):
    (tmp_path / "recipe.yaml").write_text(content)
    with pytest.raises(UsageError, match=named):
        Recipe.load(tmp_path / "recipe.yaml")


def test_a_missing_recipe_is_explained(tmp_path):
    with pytest.raises(UsageError, match="no recipe"):
        Recipe.load(tmp_path / "recipe.yaml")


def test_recipes_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Recipe().training.epochs = 5


def test_steps_are_of_the_method_of_their_name_unless_they_say_otherwise(tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        "augmentation: {typing: {times: 2}, more: {method: swap, reads: [typing]}, recombination: null}"
    )
    steps = Recipe.load(tmp_path / "recipe.yaml").augmentation
    assert [(name, step.method, step.times) for name, step in steps.items()] == [
        ("typing", "typing", 2),
        ("more", "swap", 1),
    ]


def test_changes_are_named_with_dots():
    changed = Recipe().changed({"training.epochs": 3, "augmentation.swap.times": 2})
    assert changed.training.epochs == 3 and Recipe().training.epochs != 3
    assert list(changed.augmentation) == ["recombination", "substitution", "swap"]
    assert not changed.changed({"augmentation": {}}).augmentation


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"training.epocs": 3}, "training.epocs"),
        ({"training.epochs.more": 3}, "has no field"),
        ({"augmentation.shuffle.times": 3}, "shuffle"),
        ({"distillation.intermediate.l7.weight": 3}, "l7"),
    ],
)
def test_a_wrong_change_is_explained(change, named):
    with pytest.raises(UsageError, match=named):
        Recipe().changed(change)


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_that_are_shipped_are_recipes(path):
    assert Recipe.load(path) != Recipe()


def test_there_are_recipes():
    assert list(MODELS.rglob("*.yaml"))
