"""The texts beside the data's own: given, made, and left out."""

from dataclasses import replace

import numpy as np
import pytest

from edgekd.data import Example
from edgekd.distill.texts import filtered, gather
from edgekd.recipe import Distillation, Recipe
from edgekd.teachers.teacher import SoftLabels

EXTRA = Example("something else", "en")


@pytest.mark.parametrize(("data_language", "language"), [("und", "und"), ("en", "fr")])
def test_texts_are_of_the_one_language_where_the_data_name_none(dataset, data_language, language):
    train = [replace(example, language=data_language) for example in dataset.splits["train"]]
    recipe = Recipe(augmentation={"substitution": {"times": 20}})
    given = "quelquechose vraiment"
    made = gather(train, [(given, "fr")], {}, recipe, any_text=True).unlabelled
    assert {example.language for example in made} == {data_language, language}
    words = {word for example in made if example.text != given for word in example.text.split()}
    assert ("quelquechose" in words) == (language == data_language)


def test_no_text_of_a_split_that_is_held_back_comes_out(dataset):
    train, dev = dataset.splits["train"], dataset.splits["dev"]
    recipe = Recipe(augmentation={"recombination": {"times": 20}})
    free = {example.text for example in gather(train, [], {}, recipe, any_text=True).unlabelled}
    given = [(dev[0].text, "en")]
    held = gather(train, given, {"dev": dev}, recipe, any_text=True).unlabelled
    assert free & {example.text for example in dev}
    assert {example.text for example in held} == free - {example.text for example in dev}


def test_nothing_is_made_for_a_teacher_of_stored_logits(dataset):
    train = dataset.splits["train"]
    made = gather(train, [("a new text", "en")], {}, Recipe(), any_text=False)
    assert [example.text for example in made.unlabelled] == ["a new text"]


def test_no_more_than_the_passes_have_places_for(dataset):
    train = dataset.splits["train"]
    recipe = Recipe(augmentation={"substitution": {"times": 20}}).changed({"training.least_texts": 1})

    def made(changes):
        return gather(train, [], {}, recipe.changed(changes), any_text=True)

    every = made({"training.epochs": 100})
    assert every.report["without_place"] == 0
    in_a_pass = round(len(train) * recipe.distillation.unlabelled_share)
    for changes, passes in (
        ({"training.epochs": 2}, 2),
        ({"training.epochs": 5}, 5),
        ({"training.epochs": 2, "training.least_texts": len(train) + 1}, 4),
    ):
        some = made(changes)
        assert some.unlabelled == every.unlabelled[: passes * in_a_pass]
        assert some.report["without_place"] == len(every.unlabelled) - len(some.unlabelled) > 0
    assert made({"distillation.unlabelled_share": 0}).unlabelled == []
    # A filter chooses from all of them.
    filtering = {"training.epochs": 2, "distillation.least_confidence": 0.5}
    assert made(filtering).unlabelled == every.unlabelled


@pytest.mark.parametrize("control", ["labelled", "augmented"])
def test_the_control_may_have_what_was_made_with_the_labels_of_its_origin(dataset, control):
    recipe = Recipe(augmentation={"recombination": {"times": 4}}, distillation=Distillation(control=control))
    made = gather(dataset.splits["train"], [(EXTRA.text, "en")], {}, recipe, any_text=True)
    assert not any(example.labels or example.spans for example in made.unlabelled)
    if control == "labelled":
        assert made.gold == []
        return
    assert {example.text for example in (*made.gold, EXTRA)} == {example.text for example in made.unlabelled}
    for example in made.gold:
        assert example.labels
        for span in example.spans:
            values = {
                other.text[one.start : one.end]
                for other in dataset.splits["train"]
                for one in other.spans
                if one.slot == span.slot
            }
            assert example.text[span.start : span.end] in values


def test_what_the_teacher_is_not_sure_of_is_left_out(dataset, teacher):
    train = dataset.splits["train"]
    texts = gather(train, [("sure", "en"), ("unsure", "en")], {}, Recipe(augmentation={}), any_text=True)
    count = len(teacher.labels.labels)

    def said(logit):
        logits = np.zeros(count, np.float32)
        logits[0] = logit
        return SoftLabels(logits, np.zeros((0, 2), np.int32), None)

    soft = {"sure": said(9), "unsure": said(0.1)}
    for least, left in ((0.0, ["sure", "unsure"]), (0.9, ["sure"])):
        recipe = Recipe(distillation=Distillation(least_confidence=least))
        kept = filtered(texts, soft, train, teacher, recipe)
        assert [example.text for example in kept.unlabelled] == left
    assert kept.report["left_out"] == {"unsure": 1}


def test_no_label_keeps_more_than_its_share(dataset, teacher):
    train = dataset.splits["train"]
    given = [(f"text {number}", "en") for number in range(20)]
    texts = gather(train, given, {}, Recipe(augmentation={}), any_text=True)
    logits = np.eye(len(teacher.labels.labels), dtype=np.float32)[0] * 9
    soft = {text: SoftLabels(logits, np.zeros((0, 2), np.int32), None) for text, _ in given}
    recipe = Recipe(distillation=Distillation(balance_labels=True))
    kept = filtered(texts, soft, train, teacher, recipe).unlabelled
    share = np.mean([teacher.labels.labels[0] in example.labels for example in train])
    assert 0 < len(kept) == pytest.approx(20 * share, abs=1)
