from __future__ import annotations

import json

import numpy as np
import pytest

from edgekd.data.examples import LabelSet
from edgekd.errors import RunError, UsageError
from edgekd.recipe import PQRNN
from edgekd.students.network import build, build_for_states
from edgekd.students.pretrained import WEIGHTS, load_pretrained, save_body
from edgekd.students.store import CARD, names, store

SHAPE = PQRNN(token_features=64, ngram_features=64, bottleneck=24, units=12, layers=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = store() / "small"
    save_body(folder, build_for_states(SHAPE, [5]), SHAPE, {"texts": 7})
    return folder


def test_a_student_reads_without_noise():
    config = SHAPE.model_copy(update={"dropout": 0.5, "zoneout": 0.5})
    network = build_for_states(config, [5])
    features = np.random.default_rng(1).normal(size=(2, 3, 128)).astype(np.float32)
    once, again = (network([features, np.ones((2, 3))], training=True)["states_0"] for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_by_folder_and_by_name(folder):
    assert names() == ["small"]
    by_name, by_folder = load_pretrained("small"), load_pretrained(str(folder))
    assert by_name.fingerprint == by_folder.fingerprint
    assert by_name.card["texts"] == 7


def test_lengths_and_noise_may_differ(folder):
    other = SHAPE.model_copy(update={"max_tokens": 32, "dropout": 0.5, "zoneout": 0.0})
    load_pretrained("small").start(build(other, LabelSet(("a", "b"), ())), other)


@pytest.mark.parametrize("change", [{"units": 16}, {"layers": 2}, {"ngrams": (3, 4)}, {"bottleneck": 32}])
def test_another_shape_is_refused(folder, change):
    (name,) = change
    with pytest.raises(UsageError, match=name):
        load_pretrained("small").require_shape(SHAPE.model_copy(update=change))


def test_an_unknown_name_is_told_the_known_ones(folder):
    with pytest.raises(RunError, match="small"):
        load_pretrained("large")


def test_weights_of_another_run_are_refused(folder):
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b"\0")
    with pytest.raises(RunError, match="cannot be read"):
        load_pretrained("small")


def test_another_front_end_is_refused(folder):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, "front_end_version": 1}))
    with pytest.raises(RunError, match="version 1"):
        load_pretrained("small")
