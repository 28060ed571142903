from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from edgekd.errors import TeacherError
from edgekd.teachers import text_shards
from edgekd.teachers.state_store import DEVIATIONS, StateStore
from tests.pretraining.conftest import RuleStates, sentences


@pytest.fixture
def teacher() -> RuleStates:
    return RuleStates()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(text_shards, "TEXTS_PER_SHARD", 10)


def test_what_is_read_is_what_the_teacher_said(tmp_path, teacher):
    texts = [*sentences(34), "", "  "]
    store = StateStore(tmp_path, teacher)
    store.compute(texts)
    found = store.read(texts)
    said = list(RuleStates().states(texts))
    np.testing.assert_array_equal(np.diff(found.bounds), [len(one.units) for one in said])
    np.testing.assert_array_equal(found.units, np.concatenate([one.units for one in said]))
    every = np.concatenate([one.states for one in said])
    standardised = (every - every.mean(axis=0)) / every.std(axis=0)
    assert found.states.dtype == np.int8
    # Half a step of rounding; nothing here is far enough out to be cut.
    np.testing.assert_allclose(found.states * (DEVIATIONS / 127), standardised, atol=0.51 * DEVIATIONS / 127)


def test_a_sample_gives_mean_and_deviation_whatever_else_is_read(tmp_path, teacher):
    texts = sentences(34)
    sample = texts[:7]
    StateStore(tmp_path, teacher).compute(texts[20:], sample=sample)
    # A store keeps those it began with.
    StateStore(tmp_path, teacher).compute(sample, sample=texts)
    said = np.concatenate([one.states for one in RuleStates().states(sample)])
    standardised = (said - said.mean(axis=0)) / said.std(axis=0)
    found = StateStore(tmp_path, teacher).read(sample).states * (DEVIATIONS / 127)
    np.testing.assert_allclose(found, standardised, atol=0.51 * DEVIATIONS / 127)


def test_a_part_is_read_by_itself(tmp_path, teacher):
    texts = sentences(34)
    store = StateStore(tmp_path, teacher)
    store.compute(texts)
    whole, last = store.read(texts), store.read(texts[20:])
    np.testing.assert_array_equal(last.states, whole.states[whole.bounds[20] :])
    np.testing.assert_array_equal(last.bounds, whole.bounds[20:] - whole.bounds[20])


def test_no_text_is_computed_twice_even_if_others_join(tmp_path, teacher):
    texts = sentences(40)
    StateStore(tmp_path, teacher).compute(texts[:30])
    before = teacher.read
    StateStore(tmp_path, teacher).compute(texts[:30])
    assert teacher.read == before
    StateStore(tmp_path, teacher).compute(texts)
    assert teacher.read == before + 10


def test_two_that_compute_at_once_share_the_work(tmp_path):
    texts, teachers, both = sentences(40), [RuleStates(), RuleStates()], Barrier(2)

    def compute(teacher):
        store = StateStore(tmp_path, teacher)
        both.wait()
        store.compute(texts)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compute, teachers))
    # Each text for mean and deviation, and then itself; by one of the two.
    assert sorted(teacher.read for teacher in teachers) == [0, 80]


def test_what_was_finished_survives_a_crash(tmp_path, teacher):
    texts = sentences(40)
    states = teacher.states

    def fail_in_the_third_shard(some):
        if texts[25] in some and len(some) == 10:
            raise RuntimeError("killed")
        return states(some)

    teacher.states = fail_in_the_third_shard
    with pytest.raises(RuntimeError):
        StateStore(tmp_path, teacher).compute(texts)
    teacher.states, teacher.read = states, 0
    StateStore(tmp_path, teacher).compute(texts)
    assert teacher.read == 20


def test_a_dimension_that_never_varies_is_not_blown_up(tmp_path, teacher):
    states = teacher.states

    def nearly_constant(texts):
        for one in states(texts):
            one.states[:, 0] = 7 + 1e-6 * one.states[:, 0]
            yield one

    teacher.states = nearly_constant
    store = StateStore(tmp_path, teacher)
    store.compute(sentences(30))
    assert np.abs(store.read(sentences(30)).states[:, 0]).max() <= 1


def test_another_teacher_is_refused(tmp_path, teacher):
    StateStore(tmp_path, teacher).compute(sentences(10))
    with pytest.raises(TeacherError, match="another teacher"):
        StateStore(tmp_path, RuleStates(seed=1))


def test_a_damaged_shard_is_named(tmp_path, teacher):
    store = StateStore(tmp_path, teacher)
    store.compute(sentences(10))
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TeacherError, match=path.name):
        store.read(sentences(10))


def test_texts_without_words(tmp_path, teacher):
    with pytest.raises(TeacherError, match="no word"):
        StateStore(tmp_path, teacher).compute(["", " "])
