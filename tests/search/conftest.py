"""A runner that trains by formula, so that searches are tested in moments."""

from __future__ import annotations

import pytest

from edgekd.data import Dataset, Example, LabelSet, Task
from edgekd.errors import RunError
from edgekd.files import write_json
from edgekd.recipe import Recipe
from edgekd.search.space import Space

EPOCHS = 9


def quality_of(recipe: Recipe) -> float:
    """Best at a dropout of 0.3 and with wide students; seeds differ a little."""
    width = min(recipe.student.units / 200, 1)
    luck = 0.001 * (recipe.training.seed % 7)
    return round(0.9 - abs(recipe.student.dropout - 0.3) - 0.1 * (1 - width) + luck, 6)


class FormulaRunner:
    """As `search.runner.Runner`; quality grows with the epochs in a straight line.

    Attributes:
        trained: (folder's name, epoch) of each epoch, in order.
        dies_after: epochs after which the process is "killed", by KeyboardInterrupt.
    """

    metric = "accuracy"

    def __init__(self, folder):
        self.folder, self.trained, self.costed, self.dies_after = folder, [], [], None
        splits = {"train": [Example("a b", "en", ("x",))], "dev": [Example("c d", "en", ("x",))]}
        self.dataset = Dataset("formula", Task.CLASSIFICATION, splits, LabelSet(("x", "y")))

    def quality(self, recipe, folder, watch=None):
        if recipe.training.batch_size == 13:
            raise RunError("the loss is nan")
        checkpoint = folder / "training" / "checkpoint"
        done = int(checkpoint.read_text()) if checkpoint.exists() else 0
        for epoch in range(done + 1, recipe.training.epochs + 1):
            if self.dies_after is not None and len(self.trained) >= self.dies_after:
                raise KeyboardInterrupt
            self.trained.append((folder.name, epoch))
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.write_text(str(epoch))
            if watch:
                watch(epoch, {"dev/accuracy": quality_of(recipe) * epoch / recipe.training.epochs})
        (folder / "student.keras").write_text("weights")
        recipe.save(folder / "recipe.yaml")
        write_json(folder / "metrics.json", {"quality": quality_of(recipe)})
        return quality_of(recipe)

    def known_quality(self, folder):
        return 0.5 if (folder / "metrics.json").exists() else None

    def cost(self, recipe, kind):
        self.costed.append(recipe)
        return float(recipe.student.units)

    features = {"log_texts": 3.0, "overlap": 0.5}


@pytest.fixture
def runner(tmp_path):
    return FormulaRunner(tmp_path / "search")


@pytest.fixture(scope="session")
def formula_runner():
    return FormulaRunner


@pytest.fixture(scope="session")
def formula():
    return quality_of


@pytest.fixture(scope="session")
def base():
    return Recipe().changed({"training.epochs": EPOCHS})


@pytest.fixture(scope="session")
def space(base):
    content = {
        "student.units": [50, 100, 200],
        "student.dropout": {"low": 0.0, "high": 0.6},
    }
    return Space.parse(content, base, where="test")
