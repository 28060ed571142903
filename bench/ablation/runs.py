"""The runs of a study, one for each arm, data set and seed, and the figures that they leave."""

from __future__ import annotations

import itertools
import multiprocessing
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.ablation.arms import Arm, Source
from edgekd.data.load import read_texts
from edgekd.errors import EdgekdError, RunError, UsageError
from edgekd.files import read_json

_RUNS_A_PROCESS = 8

Figures = dict[str, dict[str, dict[str, Any]]]
"""Metrics on dev by data set, arm and seed: "teacher", "student" and, where there is one, "control"."""


def distilled(source: Source, arm: Arm, seed: int, folder: Path, shared: Path) -> None:
    """Run one arm; of its folder the recipe and the metrics stay. What the teacher says is shared."""
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
        label=stored_labels(shared / "soft_labels", progress, whole=teacher),
        states=shared / "states",
        progress=progress,
    )
    for path in folder.iterdir():
        if path.name not in ("metrics.json", "recipe.yaml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


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
                process.submit(distilled, source, arm, seed, folder, work / name).result()
            except (EdgekdError, BrokenExecutor) as error:
                raise RunError(f"the run {folder} failed: {error}") from error


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
    """What the tables need of a run's metrics: languages only where there are several."""
    found = {}
    for model in ("teacher", "student", "control"):
        if model in dev:
            found[model] = {"overall": _rounded(dev[model]["overall"])}
            by_language = dev[model]["by_language"]
            if len(by_language) > 1:
                found[model]["by_language"] = {name: _rounded(one) for name, one in by_language.items()}
    return found


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in metrics.items()}


def _folder(work: Path, name: str, arm: str, seed: int) -> Path:
    return work / name / arm.replace("/", "-") / str(seed)
