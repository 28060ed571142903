"""Finished runs, those that differ in their seeds alone taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from edgekd.distill.run_folder import RunFolder
from edgekd.errors import DataError, RunError, UsageError
from edgekd.files import read_json
from edgekd.recipe import Recipe

_SEED = "training.seed"


@dataclass(frozen=True)
class Way:
    """Runs that differ in their seeds alone.

    Attributes:
        name: as given, or of the first folder.
        settings: in which the ways that are compared differ, by dotted name.
        seeds: of its runs.
        labelled: languages of the labels that it had.
        taught: further languages in which it had texts with the teacher's labels.
        judged: of each seed what metrics.json has of the split.
    """

    name: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    labelled: frozenset[str]
    taught: frozenset[str]
    judged: tuple[Mapping[str, Any], ...]

    def values(self, model: str, metric: str, languages: Sequence[str]) -> list[float]:
        """Of each seed the mean over languages, each counting alike; nothing where there is no such model."""
        return [
            mean(one[model]["by_language"][language][metric] for language in languages)
            for one in self.judged
            if model in one
        ]


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes:
        metric: the main one of the task.
        metrics: all of them.
        counts: examples by language.
        ways: in the order in which they were given.
    """

    split: str
    metric: str
    metrics: tuple[str, ...]
    counts: Mapping[str, int]
    ways: tuple[Way, ...]

    @property
    def sources(self) -> list[str]:
        """Languages in which every way had labels."""
        return [one for one in self.counts if all(one in way.labelled for way in self.ways)]

    @property
    def targets(self) -> list[str]:
        """Languages in which some way had none."""
        return [one for one in self.counts if one not in self.sources]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Sources and targets by name, where there are both; else all languages."""
        if not (self.sources and self.targets):
            return {"all languages": list(self.counts)}
        return {"with labels": self.sources, "without labels": self.targets}


def read_comparison(sources: Sequence[str], split: str) -> Comparison:
    """Read runs.

    Args:
        sources: folders of finished runs, each also as NAME=FOLDER.
        split: that they are compared on.

    Raises:
        RunError: a run is not finished, or lacks the split.
        DataError: they were not judged on the same examples.
        UsageError: there is nothing to compare.
    """
    runs = [_read(source, split) for source in sources]
    if len(runs) < 2:
        raise UsageError(f"{len(runs)} run to compare", expected="two runs or more")
    first = runs[0]
    for run in runs[1:]:
        if (run.metrics["task"], run.counts) != (first.metrics["task"], first.counts):
            raise DataError(
                f"{first.folder} and {run.folder} were judged on other examples: "
                f"{_counted(first.counts)}, and {_counted(run.counts)}",
                expected=f"the same {split} split",
            )
    together: dict[str, list[_Run]] = {}
    for run in runs:
        together.setdefault(repr((run.settings, run.given_name)), []).append(run)
    alike = {
        name for name in first.settings if all(run.settings.get(name) == first.settings[name] for run in runs)
    }
    ways = []
    for some in together.values():
        one, languages = some[0], some[0].metrics.get("languages", {})
        labelled = frozenset(languages.get("labelled", one.counts))
        ways.append(
            Way(
                one.given_name or one.folder.name,
                {name: value for name, value in one.settings.items() if name not in alike},
                tuple(run.seed for run in some),
                labelled,
                frozenset(languages.get("labelled_by_teacher_only", ())) - labelled,
                tuple(run.metrics["splits"][split] for run in some),
            )
        )
    return Comparison(
        split, first.metrics["main_metric"], tuple(first.judged["overall"]), first.counts, tuple(ways)
    )


@dataclass(frozen=True)
class _Run:
    folder: Path
    given_name: str
    metrics: Mapping[str, Any]
    settings: Mapping[str, Any]
    seed: int
    split: str

    @property
    def judged(self) -> Mapping[str, Any]:
        return self.metrics["splits"][self.split]["student"]

    @property
    def counts(self) -> Mapping[str, int]:
        return self.judged["counts"]


def _read(source: str, split: str) -> _Run:
    name, _, path = source.rpartition("=")
    folder = RunFolder(Path(path))
    if not folder.metrics.exists():
        raise RunError(
            f"{path} is no finished run", expected="a folder of `edgekd distill` with metrics.json"
        )
    metrics = read_json(folder.metrics, RunError)
    if split not in metrics["splits"]:
        raise RunError(
            f"the run {path} has no split {split!r}", expected=f"one of {', '.join(metrics['splits'])}"
        )
    settings = dict(_flat(Recipe.load(folder.recipe).model_dump(mode="json")))
    inputs = read_json(folder.inputs, RunError) if folder.inputs.exists() else {}
    settings["teacher"] = inputs.get("teacher") or metrics["fingerprints"]["teacher"]
    settings["labels in"] = ", ".join(metrics.get("languages", {}).get("labelled", ()))
    settings["texts"] = ", ".join(inputs.get("texts") or ())
    return _Run(Path(path), name, metrics, settings, settings.pop(_SEED), split)


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} of {language}" for language, count in counts.items())
