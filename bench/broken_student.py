"""Does the gate catch a student that is broken? Two ways to break one, and the verdict on each.

    python bench/broken_student.py weights  --run RUN --data DATA --teacher TEACHER [--languages L]
    python bench/broken_student.py language --language th-TH --data DATA --teacher TEACHER [--languages L]

`weights` adds noise to the weights of a trained student until its exact match on dev has dropped by 3 points.
`language` distils anew, with the labels of one language shuffled among its training texts, in the data and in
what the teacher says, as a misaligned file would have them. The bundle as it should be sets the gate, each
language's bar being the lower end of its own interval: it must pass, and the broken one fail.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from edgekd.bench.baseline import compare
from edgekd.bench.run import BenchConfig, bench
from edgekd.bench.runner.measure import Rules
from edgekd.bench.verdict import first_runtime, headline
from edgekd.cli import run
from edgekd.cli.console import progress
from edgekd.data.examples import Dataset, Example
from edgekd.data.load import load_dataset
from edgekd.distill.pipeline import distil
from edgekd.errors import RunError
from edgekd.export.bundle import export
from edgekd.metrics import MAIN_METRIC, score
from edgekd.quantize.schemes import SCHEMES
from edgekd.recipe import PRESETS, Recipe
from edgekd.students.student import Student
from edgekd.teachers import Teacher, load_teacher
from edgekd.teachers.teacher import SoftLabels

DROP = 0.03


def main() -> int:
    """Break a student, bench it beside the whole one; 1 if the gate lets it pass."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("how", choices=("weights", "language"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--languages", help="of the data, by commas; all if not given")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--run", type=Path, help="a run of `edgekd distill` (for `weights`)")
    parser.add_argument("--language", help="whose labels are shuffled (for `language`)")
    parser.add_argument("--student", default="pqrnn-0.2m", choices=PRESETS, help="(for `language`)")
    parser.add_argument("--epochs", type=int, default=60, help="(for `language`)")
    parser.add_argument("--work", type=Path, default=Path("build/broken_student"))
    given = parser.parse_args()

    console = Console(highlight=False, soft_wrap=True)
    dataset = load_dataset(given.data, languages=given.languages and given.languages.split(","))
    whole, broken = given.work / "whole", given.work / f"broken-{given.how}"
    if given.how == "weights":
        if given.run is None:
            parser.error("weights needs --run")
        console.print(perturbed(given.run, dataset, broken))
        whole = given.run
    else:
        if given.language not in dataset.languages:
            parser.error(f"--language is one of {', '.join(dataset.languages)}")
        teacher = load_teacher(given.teacher)
        recipe = Recipe(student=PRESETS[given.student])
        recipe = recipe.model_copy(
            update={"training": recipe.training.model_copy(update={"epochs": given.epochs})}
        )
        distil(dataset, teacher, recipe, whole, progress=progress)
        shuffled = with_shuffled_labels(dataset, given.language)
        texts = {one.text for one in dataset.splits["train"] if one.language == given.language}
        distil(shuffled, Misaligned(teacher, texts), recipe, broken, progress=progress)

    reports = {}
    for name, folder in (("whole", whole), ("broken", broken)):
        bundle = given.work / f"bundle-{name}"
        export(folder, bundle, {"tflite": SCHEMES["int8"]})
        bars = own_bars(reports["whole"]) if reports else ()
        config = BenchConfig(min_retention=bars, rules=Rules(200, 0.5, 2.0))
        store = given.work / "soft-labels"
        reports[name] = bench(bundle, dataset, "dev", given.teacher, config, store, "", progress)
    passes = bench(
        given.work / "bundle-whole",
        dataset,
        "dev",
        given.teacher,
        BenchConfig(min_retention=own_bars(reports["whole"]), rules=Rules(200, 0.5, 2.0)),
        given.work / "soft-labels",
        "",
        progress,
    )
    for name, report in (("as it should be", passes), ("broken", reports["broken"])):
        console.print(f"{name}: {' '.join(headline(report)[1:])}")
    worse = compare(reports["broken"], passes).regressions
    console.print(
        "against the baseline: " + "; ".join(f"{one.name}" for one in worse if one.what == "quality")
    )
    return 0 if (headline(passes)[0], headline(reports["broken"])[0]) == ("pass", "fail") else 1


def perturbed(folder: Path, dataset: Dataset, out: Path) -> str:
    """Save the student of a run with noise in its weights, so that the main metric on dev drops by DROP.

    Raises:
        RunError: no noise does it.
    """
    student = Student.load(folder)
    examples = dataset.splits["dev"]
    weights = [weight.copy() for weight in student.network.get_weights()]
    rng = np.random.default_rng(0)
    noise = [weight.std() * rng.standard_normal(weight.shape) for weight in weights]

    def quality(scale: float) -> float:
        student.network.set_weights(
            [weight + scale * one for weight, one in zip(weights, noise, strict=True)]
        )
        predictions = [
            soft.decode(student.labels, student.task)
            for soft in student.label([one.text for one in examples])
        ]
        return score(student.task, examples, predictions).overall[MAIN_METRIC[student.task]]

    before, low, high = quality(0.0), 0.0, 0.5
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (middle, high) if before - quality(middle) < DROP else (low, middle)
    after = quality(high)
    if before - after < DROP:
        raise RunError("noise does not break this student", expected=f"a drop by {DROP:.0%}")
    student.save(out)
    return f"noise of {high:.3f} standard deviations: {before:.1%} -> {after:.1%} on dev"


def with_shuffled_labels(dataset: Dataset, language: str) -> Dataset:
    """The data with the labels of one language dealt out anew among its training texts."""
    train = list(dataset.splits["train"])
    places = [place for place, one in enumerate(train) if one.language == language]
    order = np.random.default_rng(0).permutation(places)
    moved: dict[int, Example] = {
        place: replace(train[place], labels=train[other].labels)
        for place, other in zip(places, order, strict=True)
    }
    return replace(
        dataset,
        splits={
            **dataset.splits,
            "train": [moved.get(place, one) for place, one in enumerate(train)],
        },
    )


class Misaligned:
    """A teacher whose labels of some texts belong to others of them."""

    def __init__(self, teacher: Teacher, texts: set[str]) -> None:
        self.any_text, self.task, self.labels = teacher.any_text, teacher.task, teacher.labels
        self.fingerprint = f"misaligned-{teacher.fingerprint}"
        self._teacher = teacher
        known = sorted(texts)
        order = np.random.default_rng(1).permutation(len(known))
        self._other = {text: known[place] for text, place in zip(known, order, strict=True)}

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """As the teacher, with the label logits of another text."""
        others = self._teacher.label([self._other.get(text, text) for text in texts])
        for own, other in zip(self._teacher.label(texts), others, strict=True):
            yield replace(own, logits=other.logits)


def own_bars(report: dict[str, Any]) -> tuple[str, ...]:
    """A gate that this very bundle passes: each language's bar is the lower end of its own interval."""
    _, runtime = first_runtime(report)
    metric = next(iter(reversed(runtime["scores"]["overall"])))
    intervals = runtime["retention_intervals"]
    overall = intervals["overall"][metric][0]
    bars = [f"{metric}={_down(overall)}"]
    if len(intervals["by_language"]) > 1:
        bars += [
            f"{metric}/{language}={_down(one[metric][0])}"
            for language, one in intervals["by_language"].items()
        ]
    return tuple(bars)


def _down(bar: float) -> str:
    """Four decimals, none of them rounded up, so that the bar is not above the figure."""
    return f"{math.floor(bar * 1e4) / 1e4:.4f}"


if __name__ == "__main__":
    run(main)
