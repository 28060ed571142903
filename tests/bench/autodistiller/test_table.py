"""The table: its data sets, its candidates, and that it goes on."""

import pytest

from bench.autodistiller.problems import DEV_TEXTS, PROBLEMS, Problem
from bench.autodistiller.table import chosen, draw, fill
from edgekd.data import Dataset, Example, LabelSet, Task
from edgekd.errors import RunError, UsageError
from edgekd.recipe import Recipe
from edgekd.search.runs import FinishedRun, RunStore
from edgekd.search.space import Space

BASE = Recipe().changed({"training.epochs": 2})
SPACE = Space.parse({"student.dropout": {"low": 0.0, "high": 0.6}}, BASE, where="test")


def examples(split, count):
    return [
        Example(f"{split} {language} {label} {number}", language, (label,))
        for language in ("en-US", "de-DE")
        for label in ("alarm_set", "play_music", "email_send")
        for number in range(count)
    ]


WHOLE = Dataset(
    "whole",
    Task.CLASSIFICATION,
    {"train": examples("train", 200), "dev": examples("dev", 300), "test": examples("test", 5)},
    LabelSet(("alarm_set", "email_send", "play_music")),
)


def test_a_part_by_language_domain_and_size():
    part = Problem("small", "massive", 50, "en-US", ("alarm_", "play_")).cut(WHOLE)
    assert part.name == "small" and set(part.splits) == {"train", "dev"}
    assert len(part.splits["train"]) == 50 and len(part.splits["dev"]) == DEV_TEXTS
    assert part.languages == ("en-US",)
    assert part.labels.labels == ("alarm_set", "play_music")
    assert (
        part.fingerprint()
        == Problem("small", "massive", 50, "en-US", ("alarm_", "play_")).cut(WHOLE).fingerprint()
    )


def test_a_smaller_part_is_inside_the_larger_and_dev_has_no_label_that_train_lacks():
    parts = [Problem("x", "massive", texts).cut(WHOLE) for texts in (2, 100)]
    small, large = ({example.text for example in part.splits["train"]} for part in parts)
    assert small < large
    assert {label for one in parts[0].splits["dev"] for label in one.labels} == set(parts[0].labels.labels)


def test_the_data_sets():
    assert len(PROBLEMS) >= 8 and len({problem.name for problem in PROBLEMS}) == len(PROBLEMS)
    assert {problem.source for problem in PROBLEMS} == {"massive", "mtop", "snips", "clinc"}
    assert [problem.name for problem in chosen(["snips-300"])] == ["snips-300"]
    assert chosen(None) == list(PROBLEMS)
    with pytest.raises(UsageError, match="no data set 'snips-3'"):
        chosen(["snips-3"])


def test_candidates_stay_as_they_are_when_there_are_to_be_more(tmp_path):
    few = draw(SPACE, BASE, 3, tmp_path)
    assert few[0] == BASE and len({one.student.dropout for one in few}) == 3
    assert draw(SPACE, BASE, 5, tmp_path)[:3] == few
    assert draw(SPACE, BASE, 2, tmp_path) == few[:2]
    with pytest.raises(RunError, match="other candidates"):
        draw(SPACE, BASE.changed({"training.epochs": 3}), 3, tmp_path)


class CountingRunner:
    """As `search.runner.Runner`; killed after some trainings."""

    metric = "accuracy"

    def __init__(self, folder, dataset, lives=99):
        self.folder, self.dataset, self.teacher = folder / dataset.name, dataset, Teacher
        self.lives, self.trained = lives, []

    def quality(self, recipe, folder, watch):
        folder.mkdir(parents=True)
        if len(self.trained) == self.lives:
            raise KeyboardInterrupt
        self.trained.append((recipe.student.dropout, recipe.training.seed))
        for epoch in (1, 2):
            watch(epoch, {"dev/accuracy": epoch / 4})
        return 0.5

    def finished(self, recipe, quality, curve):
        data = self.dataset
        return FinishedRun(data.name, data.fingerprint(), "t", {}, recipe, self.metric, quality, curve)


class Teacher:
    fingerprint = "t"


def test_what_is_lacking_is_trained_and_nothing_twice(tmp_path):
    parts = [Problem(name, "massive", texts).cut(WHOLE) for name, texts in (("a", 20), ("b", 40))]
    runners = [CountingRunner(tmp_path, parts[0]), CountingRunner(tmp_path, parts[1], lives=1)]
    candidates, store = draw(SPACE, BASE, 3, tmp_path), RunStore(tmp_path / "runs")
    with pytest.raises(KeyboardInterrupt):
        fill(runners, candidates, 2, store)
    assert [len(runner.trained) for runner in runners] == [2, 1]
    runners[1].lives = 99
    fill(runners, candidates, 2, store)
    for runner in runners:
        assert len(runner.trained) == len(set(runner.trained)) == 6
        assert {seed for _, seed in runner.trained} == {1, 2}
    runs = store.runs()
    assert len(runs) == 12
    assert all(run.curve == {1: 0.25, 2: 0.5} for run in runs)
    fill(runners, candidates, 2, store)
    assert len(store.runs()) == 12 and len(runners[0].trained) == 6
