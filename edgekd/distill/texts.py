"""The texts that a student learns from beside the data's own: given, or made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgekd.data.examples import UNNAMED, Example
from edgekd.distill.augment import augment
from edgekd.distill.augment.filtering import filter_texts
from edgekd.distill.augment.steps import steps
from edgekd.distill.training_set import others_in_a_round, rounds
from edgekd.recipe import Distillation, Recipe
from edgekd.teachers.teacher import SoftLabels, Teacher


@dataclass(frozen=True)
class Texts:
    """What there is beside the data's own texts, in random order.

    Attributes:
        unlabelled: for the teacher to label: given, and made.
        gold: for the control: made, with the labels of their origin.
        report: how many each way of making texts has made, and how many were left out.
    """

    unlabelled: list[Example]
    gold: list[Example]
    report: dict[str, Any]


def gather(
    train: Sequence[Example],
    texts: Sequence[tuple[str, str]],
    held_back: Mapping[str, Sequence[Example]],
    recipe: Recipe,
    *,
    any_text: bool,
) -> Texts:
    """Texts that are given, and those that are made where the teacher takes any text.

    No more than the training has places for, unless some of them are left out by what the teacher says. Where
    the data name no language there is one only, whatever the given texts are called.

    Args:
        train: the data's labelled texts.
        texts: given, (text, language).
        held_back: splits of which no text may come out.
        any_text: the teacher can label what it has not seen.
    """
    exclude = {example.text for split in held_back.values() for example in split}
    known = exclude | {example.text for example in train}
    named = {example.language for example in train} != {UNNAMED}
    given = [
        Example(text, language if named else UNNAMED)
        for text, language in dict(texts).items()
        if text not in known
    ]
    made: Sequence[Example] = ()
    gold: Sequence[Example] = ()
    report: dict[str, Any] = {}
    if any_text:
        pipeline = steps(recipe.augmentation, [*train, *given])
        settings = {"exclude": exclude, "seed": recipe.training.seed}
        augmented = augment(train, pipeline, **settings)
        made, report["augmentation"] = augmented.examples, [vars(step) for step in augmented.report]
        if recipe.distillation.control == "augmented":
            gold = augment(train, pipeline, **settings, gold=True).examples
    every = _in_random_order(list({one.text: one for one in (*given, *made)}.values()), recipe)
    unlabelled = every[: _places(len(train), recipe)]
    report["without_place"] = len(every) - len(unlabelled)
    return Texts(unlabelled, _in_random_order(gold, recipe), report)


def _in_random_order(examples: Sequence[Example], recipe: Recipe) -> list[Example]:
    order = np.random.default_rng(recipe.training.seed).permutation(len(examples))
    return [examples[index] for index in order]


def _places(labelled: int, recipe: Recipe) -> int | None:
    """How many unlabelled texts all passes take; None where some are left out by what the teacher says."""
    training, settings = recipe.training, recipe.distillation
    if _leaves_some_out(settings):
        return None
    in_a_round = others_in_a_round(labelled, settings.unlabelled_share)
    return training.epochs * rounds(labelled, training.least_texts) * in_a_round


def _leaves_some_out(settings: Distillation) -> bool:
    return bool(settings.least_confidence or settings.balance_labels)


def filtered(
    texts: Texts, soft: Mapping[str, SoftLabels], train: Sequence[Example], teacher: Teacher, recipe: Recipe
) -> Texts:
    """Without those unlabelled texts that the recipe does not want, by what the teacher says of them."""
    settings = recipe.distillation
    if not _leaves_some_out(settings):
        return texts
    shares = Counter(label for example in train for label in example.labels)
    found = filter_texts(
        texts.unlabelled,
        soft,
        teacher.labels,
        teacher.task,
        threshold=settings.least_confidence,
        balance=shares if settings.balance_labels else None,
    )
    dropped = Counter(one.reason for one in found.dropped)
    return replace(texts, unlabelled=list(found.kept), report={**texts.report, "left_out": dict(dropped)})
