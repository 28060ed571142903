"""What each part of the pipeline is worth: arms that differ in their recipes, over data sets and seeds.

    python -m bench.ablation bench/ablation.yaml --work WORK \
        --data SNIPS=DATA --teacher SNIPS=TEACHER --texts SNIPS=TEXTS --path read=PRETRAINED ...

The file has `seeds` and `arms`, by name the fields of the recipe that an arm changes, as those of
`edgekd distill --set`; and beside them

    extends: NAME     start from another arm
    texts: true       let the teacher label the data set's texts, too
    several: true     learn from the teachers of `--several NAME=A+B`, in place of that of `--teacher`
    labels: 0.1       of the labelled texts only this share
    student: NAME     the preset of this name
    control: true     train the control as well; those that extend this arm do not

`{name}` in a value stands for what `--path` gives. With `--run` the runs are made that are missing,
seed by seed, so that there is a table early. They are kept in WORK, and their figures in the file of
`--json`; what either has is not run again: the same command goes on where it was interrupted, and a study may
grow, on another machine too. Without `--run`, prints what is there: on dev the mean over seeds,
its deviation, and the difference to the first arm, seed by seed.

`--train-languages NAME=en-US` leaves labels in these languages alone; the table by language then begins with
the means of those with labels and of those without.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import shutil
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.autodistiller.problems import by_hash
from edgekd.cli import run
from edgekd.data.examples import Dataset
from edgekd.data.load import load_dataset, read_texts
from edgekd.data.readers.reading import is_wanted
from edgekd.data.splits import drop_unknown_labels, with_train_languages
from edgekd.errors import EdgekdError, RunError, UsageError
from edgekd.files import read_json, read_yaml, write_json
from edgekd.recipe import PRESETS, Recipe

_OPTIONS = ("data", "teacher", "several", "texts", "languages", "train_languages", "path")
_RUNS_A_PROCESS = 8
_NOT_FIELDS = ("extends", "texts", "several", "labels", "control")


@dataclass(frozen=True)
class Arm:
    """One way to distil.

    Attributes:
        recipe: without its seed.
        texts: whether the teacher labels given texts.
        several: whether there are several teachers.
        labels: share of the labelled texts that there are.
        control: whether the control is trained.
    """

    recipe: Recipe
    texts: bool
    several: bool
    labels: float
    control: bool


@dataclass(frozen=True)
class Source:
    """A data set with its teacher, several in its place, and texts to label."""

    data: str
    teacher: str
    several: str | None
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    train_languages: tuple[str, ...]

    def dataset(self, labels: float) -> Dataset:
        """The data, with labels in some languages alone if that is asked for.

        Args:
            labels: share of the labelled texts, chosen by their hashes; each label and slot at least once.
        """
        data = load_dataset(self.data, languages=self.languages or None)
        data = drop_unknown_labels(with_train_languages(data, self.train_languages or data.languages))
        if labels == 1:
            return data
        kept, known = [], set()
        for example in sorted(data.splits["train"], key=by_hash):
            names = {*example.labels, *(span.slot for span in example.spans)}
            if len(kept) < labels * len(data.splits["train"]) or not names <= known:
                kept.append(example)
                known |= names
        return replace(data, splits={**data.splits, "train": kept})


def read_arms(path: Path, paths: Mapping[str, str]) -> tuple[list[int], dict[str, Arm]]:
    """Seeds and arms of a study.

    Raises:
        UsageError: it cannot be read, or an arm changes what no recipe has.
    """
    content = read_yaml(path, "study")
    try:
        described: dict[str, dict[str, Any]] = content["arms"]
        seeds = [int(seed) for seed in content["seeds"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no study: {error}", expected="YAML with seeds and arms") from None

    def whole(name: str) -> dict[str, Any]:
        own = described[name] or {}
        base = own.get("extends")
        if base is not None and base not in described:
            raise UsageError(f"the arm {name!r} extends {base!r}, which is not there")
        return {**(whole(base) if base else {}), "control": False, **own}

    arms = {}
    for name in described:
        settings = whole(name)
        fields = {
            field: _filled(value, paths) for field, value in settings.items() if field not in _NOT_FIELDS
        }
        if isinstance(fields.get("student"), str) and fields["student"] in PRESETS:
            fields["student"] = PRESETS[fields["student"]].model_dump(mode="json")
        recipe = Recipe().changed(fields, where=f"the arm {name!r}")
        share = float(settings.get("labels", 1))
        texts, several, control = (bool(settings.get(key)) for key in ("texts", "several", "control"))
        arms[name] = Arm(recipe, texts, several, share, control)
    return seeds, arms


def _filled(value: Any, paths: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, paths) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return value.format(**paths)
    except KeyError as error:
        raise UsageError(
            f"nothing says what {error} in {value!r} is", fix="give it by --path NAME=PATH"
        ) from None


def distilled(source: Source, arm: Arm, seed: int, folder: Path, labels: Path) -> None:
    """Run one arm; of its folder the recipe and the metrics stay."""
    from edgekd.cli.console import progress
    from edgekd.distill.pipeline import distil
    from edgekd.teachers import load_teacher
    from edgekd.teachers.store import stored_labels

    teacher = load_teacher((arm.several and source.several) or source.teacher, "auto")
    distil(
        source.dataset(arm.labels),
        teacher,
        arm.recipe.changed({"training.seed": seed}),
        folder,
        texts=[pair for path in source.texts if arm.texts for pair in read_texts(path)],
        control=arm.control,
        label=stored_labels(labels, progress, whole=teacher),
        progress=progress,
    )
    for path in folder.iterdir():
        if path.name not in ("metrics.json", "recipe.yaml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


Figures = dict[str, dict[str, dict[str, Any]]]
"""Metrics on dev by data set, arm and seed: "teacher", "student" and, where there is one, "control"."""


def results(
    work: Path, names: Sequence[str], arms: Sequence[str], seeds: Sequence[int], before: Figures
) -> Figures:
    """The figures of all runs that are finished, in WORK or in those of `before`."""
    found: Figures = {}
    for name in names:
        for arm in arms:
            for seed in seeds:
                path = _folder(work, name, arm, seed) / "metrics.json"
                if path.exists():
                    figures = _figures(read_json(path, RunError)["splits"]["dev"])
                else:
                    figures = before.get(name, {}).get(arm, {}).get(str(seed))
                if figures:
                    found.setdefault(name, {}).setdefault(arm, {})[str(seed)] = figures
    return found


def _figures(dev: Mapping[str, Any]) -> dict[str, Any]:
    """What the tables need of a run's metrics."""
    return {
        model: {
            "overall": _rounded(dev[model]["overall"]),
            "by_language": {name: _rounded(one) for name, one in dev[model]["by_language"].items()},
        }
        for model in ("teacher", "student", "control")
        if model in dev
    }


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in metrics.items()}


def teachers(by_arm: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Who taught, by name: the first arm's teacher, and those of arms that have another; its metrics."""
    first = None
    for arm, by_seed in by_arm.items():
        one = next(iter(by_seed.values()))["teacher"]
        if first is None:
            first = one
            yield "teacher", one
        elif one != first:
            yield f"{arm}: teacher", one


def rows(by_arm: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What was trained, by name: for each seed its metrics."""
    for arm, by_seed in by_arm.items():
        for model in ("student", "control"):
            runs = {seed: models[model] for seed, models in by_seed.items() if model in models}
            if runs:
                yield arm if model == "student" else f"{arm}: control", runs


def table(name: str, by_arm: Mapping[str, Any]) -> Table:
    """Of one data set: each arm's metrics, and what it is above the first arm on the seeds that both have."""
    teacher, base = _first(by_arm)
    metrics = list(teacher["overall"])
    shown = Table("", "seeds", *metrics, "above the first", title=name, title_justify="left")
    for row, one in teachers(by_arm):
        shown.add_row(row, "", *(f"{100 * one['overall'][metric]:.1f}" for metric in metrics), "")
    for row, runs in rows(by_arm):
        gains = [
            one["overall"][metrics[-1]] - base[seed]["overall"][metrics[-1]]
            for seed, one in runs.items()
            if seed in base
        ]
        values = ([one["overall"][metric] for one in runs.values()] for metric in metrics)
        shown.add_row(row, str(len(runs)), *map(_spread, values), _spread(gains, sign="+") if gains else "")
    return shown


def table_by_language(name: str, by_arm: Mapping[str, Any], labelled: Sequence[str] = ()) -> Table:
    """Of one data set: the last metric of each arm, by language.

    Args:
        labelled: languages with labels, if not all; the means over them and over the others come first.
    """
    teacher, _ = _first(by_arm)
    metric, languages = list(teacher["overall"])[-1], list(teacher["by_language"])
    groups = {language: [language] for language in languages}
    if labelled:
        seen = [language for language in languages if is_wanted(language, labelled)]
        unseen = [language for language in languages if language not in seen]
        groups = {"with labels": seen, "without": unseen, **groups}
    shown = Table("", *groups, title=f"{name}, {metric}", title_justify="left")

    def cells(models: Collection[Mapping[str, Any]]) -> list[str]:
        return [
            _spread([statistics.mean(one["by_language"][each][metric] for each in some) for one in models])
            for some in groups.values()
        ]

    for row, one in teachers(by_arm):
        shown.add_row(row, *cells([one]))
    for row, runs in rows(by_arm):
        shown.add_row(row, *cells(runs.values()))
    return shown


def _first(by_arm: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The metrics of the teacher, and of the first arm's student by seed."""
    first = next(iter(by_arm.values()))
    _, teacher = next(teachers(by_arm))
    return teacher, {seed: one["student"] for seed, one in first.items()}


def _spread(shares: Sequence[float], sign: str = "") -> str:
    values = [100 * share for share in shares]
    mean = f"{statistics.mean(values):{sign}.1f}"
    return f"{mean} ± {statistics.stdev(values):.1f}" if len(values) > 1 else mean


def _folder(work: Path, name: str, arm: str, seed: int) -> Path:
    return work / name / arm.replace("/", "-") / str(seed)


def main() -> None:
    """Run what is missing, or show what there is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", action="store_true", help="make the runs that are missing")
    parser.add_argument("--json", type=Path, help="file that keeps the figures")
    parser.add_argument("--arms", help="only these, by commas")
    parser.add_argument("--seeds", help="only these, by commas")
    for option in _OPTIONS:
        parser.add_argument(
            f"--{option.replace('_', '-')}", action="append", default=[], metavar="NAME=VALUE"
        )
    given = parser.parse_args()

    pairs = {option: [one.partition("=")[::2] for one in getattr(given, option)] for option in _OPTIONS}
    seeds, arms = read_arms(given.study, dict(pairs["path"]))
    chosen = given.arms.split(",") if given.arms else list(arms)
    if unknown := [name for name in chosen if name not in arms]:
        raise UsageError(f"the study has no arm {unknown[0]!r}", expected=", ".join(arms))
    seeds = [int(seed) for seed in given.seeds.split(",")] if given.seeds else seeds
    before: Figures = read_json(given.json, RunError) if given.json and given.json.exists() else {}
    names = [name for name, _ in pairs["data"]] or list(before)
    if given.run:
        sources = {
            name: Source(
                data,
                dict(pairs["teacher"])[name],
                dict(pairs["several"]).get(name),
                *(
                    tuple(value for other, value in pairs[option] if other == name)
                    for option in ("texts", "languages", "train_languages")
                ),
            )
            for name, data in pairs["data"]
        }
        run_missing(sources, {name: arms[name] for name in chosen}, seeds, given.work, before)
    found = results(given.work, names, chosen, seeds, before)
    if given.json:
        for name, by_arm in found.items():
            for arm, by_seed in by_arm.items():
                before.setdefault(name, {}).setdefault(arm, {}).update(by_seed)
        write_json(given.json, before)
    console = Console(highlight=False)
    for name, by_arm in found.items():
        console.print(table(name, by_arm))
        if len(_first(by_arm)[0]["by_language"]) > 1:
            labelled = [language for other, language in pairs["train_languages"] if other == name]
            console.print(table_by_language(name, by_arm, labelled))


def run_missing(
    sources: Mapping[str, Source],
    arms: Mapping[str, Arm],
    seeds: Sequence[int],
    work: Path,
    before: Figures,
) -> None:
    """Make the runs that are not there yet, seed by seed.

    In a process of their own, so that they share what is compiled, and a new one now and then, so that what
    runs leave in memory does not pile up.

    Raises:
        UsageError: an arm wants several teachers, and a data set has one.
        RunError: a run failed.
    """
    for (arm_name, arm), (name, source) in itertools.product(arms.items(), sources.items()):
        if arm.several and not source.several:
            raise UsageError(f"{arm_name} wants several teachers of {name}", fix=f"give --several {name}=A+B")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=_RUNS_A_PROCESS) as process:
        for seed, (arm_name, arm), (name, source) in itertools.product(seeds, arms.items(), sources.items()):
            folder = _folder(work, name, arm_name, seed)
            known = str(seed) in before.get(name, {}).get(arm_name, {})
            if known or (folder / "metrics.json").exists():
                continue
            Console(stderr=True).print(f"{name}, {arm_name}, seed {seed}", highlight=False)
            try:
                process.submit(distilled, source, arm, seed, folder, work / name / "soft_labels").result()
            except (EdgekdError, BrokenExecutor) as error:
                raise RunError(f"the run {folder} failed: {error}") from error


if __name__ == "__main__":
    run(main)
