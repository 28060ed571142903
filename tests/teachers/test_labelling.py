from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from edgekd.errors import UsageError
from edgekd.teachers import labelling, load_teacher
from edgekd.teachers.labelling import soft_labels
from edgekd.teachers.subwords import token_batches

TEXTS = ["fly me to Paris today", "weather", "", "weather in กรุงเทพ on Monday now please", "fly"] * 9


@pytest.fixture(scope="module")
def teacher(teacher_folder):
    return load_teacher(teacher_folder)


def logits_of(outputs):
    return np.concatenate([np.concatenate([one.logits, one.tag_logits.ravel()]) for one in outputs])


def test_the_logits_are_those_of_a_plain_loop(teacher):
    network, tokenizer = teacher.network, teacher.tokenizer
    for text, said in zip(TEXTS[:5], soft_labels(network, tokenizer, TEXTS, 48), strict=False):
        encoded = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
        with torch.inference_mode():
            label, tags = network(encoded["input_ids"], encoded["attention_mask"])
        np.testing.assert_allclose(said.logits, label[0], atol=1e-4)
        starts = [start for start, end in encoded["offset_mapping"][0].tolist() if start < end]
        for (start, _), row in zip(said.units, said.tag_logits, strict=True):
            where = 1 + max(index for index, one in enumerate(starts) if one <= start)
            np.testing.assert_allclose(row, tags[0, where], atol=1e-4)


def test_soft_labels_do_not_depend_on_what_was_labelled_before(teacher, monkeypatch):
    monkeypatch.setattr(labelling, "TEXTS_AT_ONCE", 7)
    together = list(teacher.label(TEXTS))
    by_sevens = [one for start in range(0, len(TEXTS), 7) for one in teacher.label(TEXTS[start : start + 7])]
    np.testing.assert_array_equal(logits_of(together), logits_of(by_sevens))


def test_texts_are_encoded_while_the_network_runs(teacher, monkeypatch):
    """The network waits for the encoding of what comes after it: without a thread it would wait for ever."""
    monkeypatch.setattr(labelling, "TEXTS_AT_ONCE", 3)
    begun, encode, run = [threading.Event() for _ in range(3)], labelling.encode, labelling._run
    encoded, labelled = iter(begun), iter(begun[1:])

    def announced(*arguments, **settings):
        next(encoded).set()
        return encode(*arguments, **settings)

    def waiting(*arguments):
        following = next(labelled, None)
        assert following is None or following.wait(timeout=20)
        return run(*arguments)

    monkeypatch.setattr(labelling, "encode", announced)
    monkeypatch.setattr(labelling, "_run", waiting)
    assert len(list(teacher.label(TEXTS[:9]))) == 9


def test_an_error_of_the_thread_is_the_callers(teacher, monkeypatch):
    def broken(*arguments, **settings):
        raise RuntimeError("no such text")

    monkeypatch.setattr(labelling, "encode", broken)
    with pytest.raises(RuntimeError, match="no such text"):
        list(teacher.label(TEXTS))


@pytest.mark.parametrize("tokens", [1, 10, 64])
def test_batches_hold_no_more_tokens_than_allowed(tokens):
    lengths = [3, 9, 1, 0, 5, 5, 30, 2, 4]
    batches = list(token_batches(lengths, tokens))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= tokens
    assert [lengths[index] for batch in batches for index in batch] == sorted(lengths, reverse=True)
    # No batch could have taken the text that follows it.
    for batch, following in zip(batches, batches[1:], strict=False):
        assert (len(batch) + 1) * lengths[batch[0]] > tokens or lengths[following[0]] == 0


def test_bf16_is_near_and_is_another_teacher(teacher, teacher_folder):
    other = load_teacher(teacher_folder, "bf16")
    assert other.fingerprint != teacher.fingerprint
    assert other.fingerprint == load_teacher(teacher_folder, "bf16").fingerprint
    wanted, found = logits_of(teacher.label(TEXTS)), logits_of(other.label(TEXTS))
    assert found.dtype == np.float32
    assert 0 < np.abs(wanted - found).max() < 0.02 * np.abs(wanted).max()


@pytest.mark.parametrize(("amx", "same_as"), [(True, "bf16"), (False, "float32")])
def test_auto_is_what_the_processor_is_fast_in(teacher_folder, monkeypatch, amx, same_as):
    if torch.cuda.is_available():
        pytest.skip("the device is a GPU here")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": amx, "avx512_bf16": True})
    chosen = load_teacher(teacher_folder, "auto").fingerprint
    assert chosen == load_teacher(teacher_folder, same_as).fingerprint


def test_a_precision_that_does_not_exist(teacher_folder):
    with pytest.raises(UsageError, match="int4"):
        load_teacher(teacher_folder, "int4")
