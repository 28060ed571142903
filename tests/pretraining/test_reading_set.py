from __future__ import annotations

import numpy as np
import pytest

from edgekd.pretraining.reading_set import HIDDEN, ReadingSet
from edgekd.teachers.state_store import StateStore
from edgekd.text.tokens import tokenize
from tests.pretraining.conftest import SHAPE, RuleStates, sentences

FRONT_END = SHAPE.model_copy(update={"max_tokens": 32, "max_chars": 200}).front_end()


def reading_set(folder, texts, *teachers, misspell=False):
    stores = [StateStore(folder / one.fingerprint, one) for one in teachers]
    for store in stores:
        store.compute(texts)
    return ReadingSet(texts, stores, FRONT_END, misspell=misspell, seed=0), stores


def test_each_token_has_the_state_of_its_word(tmp_path, teacher):
    texts = ["wake me", "กรุงเทพ noon", "call my mother up"]
    data, (store,) = reading_set(tmp_path, [*texts, ""], teacher)
    states = store.read([*texts, ""])
    (batch,) = data.batches(np.random.default_rng(0), 8)
    assert len(batch.numbers) == 3  # the empty text is left out
    lengths = (batch.numbers > 0).sum(axis=1)
    for number, text in enumerate(texts):
        (row,) = [row for row in range(3) if lengths[row] == len(tokenize(text))]
        found, known = batch.targets[0].states[row], batch.targets[0].known[row]
        units = states.units[states.bounds[number] : states.bounds[number + 1]]
        for place, (start, _) in enumerate(tokenize(text)):
            word = next(index for index, (first, last) in enumerate(units) if first <= start < last)
            np.testing.assert_array_equal(found[place], states.states[states.bounds[number] + word])
            assert known[place] == 1
        assert not known[len(tokenize(text)) :].any()


def test_every_text_comes_once(tmp_path, teacher):
    texts = sentences(100)
    data, _ = reading_set(tmp_path, texts, teacher)
    seen = sum(len(batch.numbers) for batch in data.batches(np.random.default_rng(0), 16, fill=False))
    assert seen == 100


def test_several_teachers_give_several_targets(tmp_path):
    data, _ = reading_set(tmp_path, sentences(20), RuleStates(6), RuleStates(9, seed=1))
    (batch,) = data.batches(np.random.default_rng(0), 64)
    assert [one.states.shape[-1] for one in batch.targets] == [6, 9]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_hidden_tokens_are_neither_padding_nor_themselves(tmp_path, teacher, share):
    texts = sentences(300)
    data, _ = reading_set(tmp_path, texts, teacher)
    hidden = tokens = 0
    for batch in data.batches(np.random.default_rng(0), 32, hidden=share, fill=False):
        hidden += int((batch.numbers == HIDDEN).sum())
        tokens += int((batch.numbers != 0).sum())
        assert (batch.targets[0].known[batch.numbers == HIDDEN] == 1).all()
    assert tokens == sum(len(tokenize(text)) for text in texts)
    assert abs(hidden / tokens - share) < 0.05


def test_what_the_teacher_did_not_reach_is_not_known(tmp_path, teacher):
    states = teacher.states
    teacher.states = lambda texts: [
        type(one)(one.units[:1], one.states[:1], one.scores) for one in states(texts)
    ]
    data, _ = reading_set(tmp_path, ["wake me up", "call my mother"], teacher)
    (batch,) = data.batches(np.random.default_rng(0), 8)
    np.testing.assert_array_equal(batch.targets[0].known.sum(axis=1), [1, 1])
