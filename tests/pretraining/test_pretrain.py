"""Whole runs: what is learnt, interruption, parts, and refusal of what does not fit."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from edgekd.data.examples import LabelSet
from edgekd.errors import DataError, RunError
from edgekd.pretraining import pretrain as module
from edgekd.pretraining.pretrain import pretrain
from edgekd.pretraining.reader import Reader, squared_error
from edgekd.students.network import build
from edgekd.students.pretrained import load_pretrained
from edgekd.teachers.state_store import TeacherStates
from tests.pretraining.conftest import SHAPE, RuleStates, sentences


def test_a_student_learns_what_the_teacher_makes_of_words(tmp_path, teacher, settings):
    card = pretrain(sentences(800), [teacher], settings, tmp_path)
    assert card["explained"][0] > 0.9  # the word alone tells 80 %
    kept = json.loads((tmp_path / "pretrained.json").read_text())
    assert kept == {**kept, **card}
    loaded = load_pretrained(str(tmp_path))
    assert {key.partition("/")[0] for key in loaded.weights} == {"bottleneck", "bottleneck_norm", "qrnn_1"}


def test_two_teachers(tmp_path, settings):
    card = pretrain(sentences(800), [RuleStates(6), RuleStates(9, seed=1)], settings, tmp_path)
    assert len(card["explained"]) == 2
    assert min(card["explained"]) > 0.8


def test_hidden_words_are_harder(tmp_path, teacher, settings):
    texts = sentences(400)
    seen = pretrain(texts, [teacher], settings, tmp_path / "seen")
    hidden = pretrain(texts, [teacher], settings.model_copy(update={"hidden": 0.5}), tmp_path / "hidden")
    # On texts in which nothing is hidden it still tells most.
    assert 0.4 < hidden["explained"][0] < seen["explained"][0]


def test_it_goes_on_where_it_stopped(tmp_path, teacher, settings, monkeypatch):
    texts = sentences(300)
    whole = pretrain(texts, [teacher], settings, tmp_path / "whole")
    save = Reader._save

    def save_then_die(self, figures):
        save(self, figures)
        if int(self._epoch) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Reader, "_save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        pretrain(texts, [teacher], settings, tmp_path / "cut")
    monkeypatch.setattr(Reader, "_save", save)
    teacher.read = 0
    cut = pretrain(texts, [teacher], settings, tmp_path / "cut")
    assert teacher.read == 0
    assert cut["explained"] == pytest.approx(whole["explained"], abs=1e-4)


def test_students_share_what_the_teacher_makes_of_texts(tmp_path, teacher, settings):
    texts, shared = sentences(300), tmp_path / "shared"
    first = pretrain(texts, [teacher], settings, tmp_path / "first", shared=shared)
    teacher.read = 0
    second = pretrain(texts, [teacher], settings, tmp_path / "second", shared=shared)
    assert teacher.read == 0
    assert second["explained"] == pytest.approx(first["explained"], abs=1e-4)
    assert not (tmp_path / "second" / "states").exists()
    # Another teacher's states, or those of other texts, are not taken for these.
    other = pretrain(texts, [RuleStates(9, seed=1)], settings, tmp_path / "other", shared=shared)
    assert other["explained"][0] > 0.8
    pretrain(sentences(300, seed=5), [teacher], settings, tmp_path / "texts", shared=shared)
    assert teacher.read > 0


def test_texts_that_do_not_fit_into_memory_are_read_in_parts(tmp_path, teacher, settings, monkeypatch):
    texts = sentences(400)
    whole = pretrain(texts, [teacher], settings, tmp_path / "whole")
    monkeypatch.setattr(module.text_shards, "TEXTS_PER_SHARD", 50)
    monkeypatch.setattr(module, "_SHARDS_IN_MEMORY", 2)
    parts = pretrain(texts, [RuleStates()], settings, tmp_path / "parts")
    assert parts["explained"][0] == pytest.approx(whole["explained"][0], abs=0.1)


def test_held_out_texts_are_not_read(tmp_path, teacher, settings, monkeypatch):
    read = []
    init = Reader.__init__
    monkeypatch.setattr(
        Reader,
        "__init__",
        lambda self, a, b, parts, *rest: (read.extend(parts), init(self, a, b, parts, *rest))[1],
    )
    texts = sentences(300)
    card = pretrain(texts, [teacher], settings, tmp_path)
    seen = {text for part in read for text in part}
    assert card["texts"] == len(seen)
    assert 0 < len(set(texts) - seen) <= 4


def test_the_same_folder_for_other_texts_is_refused(tmp_path, teacher, settings):
    short = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})
    pretrain(sentences(200), [teacher], short, tmp_path)
    with pytest.raises(RunError, match="fingerprints"):
        pretrain(sentences(300, seed=5), [teacher], short, tmp_path)
    with pytest.raises(RunError, match="recipe"):
        pretrain(sentences(200), [teacher], settings, tmp_path)


def test_too_few_texts(tmp_path, teacher, settings):
    with pytest.raises(DataError, match="2 texts"):
        pretrain(["wake me up", "call me", "call me", " "], [teacher], settings, tmp_path)


def test_the_error_is_of_known_words_only():
    predicted = np.array([[[1.0, 0.0], [5.0, 5.0]]], np.float32)
    states, scores = np.zeros((1, 2, 3), np.int8), np.zeros((1, 2, 2, 0), np.int8)
    teacher = TeacherStates(states, np.array([[1.0, 0.0]], np.float32), scores)
    error, count = squared_error(predicted, teacher)
    assert (float(error), float(count)) == (0.5, 1.0)


def test_a_student_starts_from_what_was_read(tmp_path, teacher, settings):
    pretrain(sentences(200), [teacher], settings, tmp_path)
    loaded = load_pretrained(str(tmp_path))
    labels = LabelSet(("a", "b"), ("slot",))
    keras.utils.set_random_seed(1)
    network = build(SHAPE, labels)
    heads = [weight.numpy() for weight in network.get_layer("tag_head").weights]
    loaded.start(network, SHAPE)
    np.testing.assert_array_equal(
        network.get_layer("bottleneck").get_weights()[0], loaded.weights["bottleneck/0"]
    )
    for before, after in zip(heads, network.get_layer("tag_head").weights, strict=True):
        np.testing.assert_array_equal(before, after)
