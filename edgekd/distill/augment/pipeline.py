"""Methods of augmentation in order, each reading what those before it made."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.errors import UsageError

GIVEN = "given"
"""The name of the examples that a pipeline is given."""

_STALE = 0.02
"""New texts for each that was known: a step that makes no more than that is not repeated."""


@dataclass(frozen=True)
class Step:
    """One method in a pipeline.

    Attributes:
        name: its own among the steps.
        augmenter: the method.
        reads: the names of the earlier steps whose new texts it changes, GIVEN for the examples themselves.
        least: new texts that it is to make. Where it made fewer it goes over the same texts again, as long as
            it still finds new ones.
    """

    name: str
    augmenter: Augmenter
    reads: tuple[str, ...] = (GIVEN,)
    least: int = 0


@dataclass(frozen=True)
class StepReport:
    """What a step made.

    Attributes:
        new: texts that nothing before had made.
        repeated: texts that were there already, given or made.
        held_back: texts that must not come out.
        sample: one of the new texts.
    """

    name: str
    new: int
    repeated: int
    held_back: int
    sample: str | None


@dataclass(frozen=True)
class Augmented:
    """The new examples in the order in which they were made, and a report of each step."""

    examples: tuple[Example, ...]
    report: tuple[StepReport, ...]


def augment(
    examples: Sequence[Example],
    steps: Sequence[Step],
    *,
    exclude: Collection[str],
    seed: int,
    gold: bool = False,
) -> Augmented:
    """Run the steps in order.

    Before that, each step is tried on one text of each language, so that a method that cannot do its work
    says so before others have worked for hours.

    Args:
        examples: labelled or not. A text that one of them has does not come out again.
        steps: with names that differ.
        exclude: texts that must not come out, such as those of the splits that are held back. No later step
            reads them either.
        seed: the same one gives the same examples. Each step draws by its own name, so that leaving out a
            step does not change what those do that do not read it.
        gold: let the new examples keep the labels of their origin, and its spans at their new places: the
            augmentation for a control without a teacher. Methods that do not follow spans then read only
            examples that have none. Otherwise the new examples have no labels, for the teacher to give them.

    Raises:
        UsageError: a name is given twice, or a step reads what is not there before it.
    """
    _check(steps)
    _try(steps, examples)
    made: dict[str, list[Example]] = {GIVEN: list(examples)}
    seen, held_back = {example.text for example in examples}, set(exclude)
    reports = []
    for step in steps:
        sources = [example for name in step.reads for example in made[name]]
        if gold and not step.augmenter.follows_spans:
            sources = [example for example in sources if not example.spans]
        new, counts, rng = [], Counter(), _generator(seed, step)
        while True:
            before, known = len(new), counts.total()
            for example in step.augmenter(sources, rng):
                if not example.text.strip():
                    continue
                if example.text in held_back:
                    counts["held back"] += 1
                elif example.text in seen:
                    counts["repeated"] += 1
                else:
                    seen.add(example.text)
                    new.append(example)
            if len(new) >= step.least or len(new) - before <= _STALE * (counts.total() - known):
                break
        made[step.name] = new
        sample = new[0].text if new else None
        reports.append(StepReport(step.name, len(new), counts["repeated"], counts["held back"], sample))
    every = [example for step in steps for example in made[step.name]]
    if not gold:
        every = [replace(example, labels=(), spans=()) for example in every]
    return Augmented(tuple(every), tuple(reports))


def _check(steps: Sequence[Step]) -> None:
    before = [GIVEN]
    for step in steps:
        if step.name in before:
            raise UsageError(
                f"two steps of the augmentation are called {step.name!r}",
                expected=f"names that differ from each other and from {GIVEN!r}",
            )
        unknown = [name for name in step.reads if name not in before]
        if unknown or not step.reads:
            raise UsageError(
                f"the step {step.name!r} of the augmentation reads {unknown[0]!r}"
                if unknown
                else f"the step {step.name!r} of the augmentation reads nothing",
                expected=f"the names of steps before it: {', '.join(before)}",
            )
        before.append(step.name)


def _try(steps: Sequence[Step], examples: Sequence[Example]) -> None:
    trial: dict[str, Example] = {}
    for example in examples:
        if any(map(str.isalpha, example.text)):
            trial.setdefault(example.language, example)
    for step in steps:
        for _ in step.augmenter(list(trial.values()), np.random.default_rng(0)):
            pass


def _generator(seed: int, step: Step) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(step.name.encode())])
