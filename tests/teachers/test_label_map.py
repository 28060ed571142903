from __future__ import annotations

import json

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import LabelError, UsageError
from edgekd.runtime.decode import sigmoid, softmax
from edgekd.teachers.label_map import LabelMap, Translation
from edgekd.teachers.teacher import SoftLabels

OWN = LabelSet(("add", "book", "play", "rate"), ("place", "track", "tune"))
TARGET = LabelSet(("music", "rest", "weather"), ("city", "song"))
MAP = LabelMap(
    {"add": "music", "play": "music", "book": "rest", "rate": None},
    {"track": "song", "tune": "song", "place": None},
)


def said(units=2, seed=0):
    draw = np.random.default_rng(seed)
    places = np.array([[2 * unit, 2 * unit + 1] for unit in range(units)], np.int32).reshape(-1, 2)
    return SoftLabels(
        draw.normal(size=4).astype(np.float32), places, draw.normal(size=(units, 7)).astype(np.float32)
    )


def test_several_labels_to_one_add_up_and_what_is_left_out_is_out_of_the_question():
    given = said()
    read = Translation(MAP, OWN, TARGET, Task.JOINT)(given)
    p = softmax(given.logits.astype(np.float64))
    assert np.isnan(read.logits).tolist() == [False, False, True]
    np.testing.assert_allclose(
        softmax(read.logits[:2]), np.array([p[0] + p[2], p[1]]) / (1 - p[3]), rtol=1e-6
    )


def test_tags_add_up_and_a_slot_that_is_left_out_is_outside():
    given = said()
    read = Translation(MAP, OWN, TARGET, Task.JOINT)(given)
    # From O, B-place, I-place, B-track, I-track, B-tune, I-tune to O, B-city, I-city, B-song, I-song.
    p = softmax(given.tag_logits.astype(np.float64))
    wanted = np.stack([p[:, :3].sum(1), p[:, 3] + p[:, 5], p[:, 4] + p[:, 6]], axis=1)
    assert np.isnan(read.tag_logits).all(axis=0).tolist() == [False, True, True, False, False]
    np.testing.assert_allclose(softmax(read.tag_logits[:, [0, 3, 4]]), wanted, rtol=1e-6)
    np.testing.assert_array_equal(read.units, given.units)


def test_of_several_labels_at_once_any_will_do():
    logits = np.array([-2.0, 3.0, 0.5, 9.0], np.float32)
    given = SoftLabels(logits, np.zeros((0, 2), np.int32), None)
    names = LabelMap({"add": "music", "play": "music", "book": "rest", "rate": None})
    read = Translation(names, LabelSet(OWN.labels), LabelSet(("music", "rest")), Task.MULTILABEL)(given)
    p = sigmoid(logits.astype(np.float64))
    np.testing.assert_allclose(sigmoid(read.logits), [1 - (1 - p[0]) * (1 - p[2]), p[1]], rtol=1e-9)
    assert read.tag_logits is None


def test_names_that_are_not_mapped_stay_and_others_may_be_unknown():
    mapping = LabelMap({"add": "music"}, {"tune": "track"})
    target = mapping.target(OWN)
    assert target == LabelSet(("book", "music", "play", "rate"), ("place", "track"))
    assert Translation(mapping, OWN, target, Task.JOINT).complete
    assert not Translation(MAP, OWN, TARGET, Task.JOINT).complete


def test_a_text_without_units():
    read = Translation(MAP, OWN, TARGET, Task.JOINT)(said(units=0))
    assert read.tag_logits.shape == (0, 5)


def test_no_opinion_on_labels_at_all():
    mapping = LabelMap(dict.fromkeys(OWN.labels), {"place": "city", "track": "song", "tune": "song"})
    read = Translation(mapping, OWN, TARGET, Task.JOINT)(said())
    assert np.isnan(read.logits).all() and not np.isnan(read.tag_logits).any()


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_it_is_read_from_a_file(tmp_path, suffix):
    path = tmp_path / f"map.{suffix}"
    content = {"labels": {"add": "music", "rate": None}, "slots": {"tune": "song"}}
    yaml = "labels:\n  add: music\n  rate: null\nslots: {tune: song}\n"
    path.write_text(json.dumps(content) if suffix == "json" else yaml)
    assert LabelMap.load(path) == LabelMap(content["labels"], content["slots"])


@pytest.mark.parametrize(
    "content",
    ["", "labels", "labels: [a]", "classes: {a: b}", "labels: {a: [b]}", "labels: {1: b}", "a: {", "\xff"],
)
def test_what_is_no_mapping_is_explained(tmp_path, content):
    path = tmp_path / "map.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match=r"map\.yaml is not"):
        LabelMap.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="there is no mapping"):
        LabelMap.load(tmp_path / "map.yaml")


def test_labels_that_the_teacher_does_not_have_are_named():
    with pytest.raises(LabelError, match=r"1 labels that anna does not have, such as 'paly'(.|\n)*'play'"):
        LabelMap({"paly": "music"}).require(OWN, where="map.yaml", teacher="anna")
    with pytest.raises(LabelError, match="1 slots"):
        LabelMap({}, {"x": "song"}).require(OWN, where="map.yaml", teacher="anna")
    MAP.require(OWN, where="map.yaml", teacher="anna")
