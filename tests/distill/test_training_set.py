"""Targets on the student's tokens, and batches that hold each text once."""

import numpy as np
import pytest

from edgekd.data import Example, LabelSet, Span, Task
from edgekd.distill.batching import batches_of
from edgekd.distill.token_table import TokenTable
from edgekd.distill.training_set import TrainingSet
from edgekd.teachers.state_store import StateStore
from edgekd.teachers.states import WordStates
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.projection import FrontEnd

FRONT_END = FrontEnd(token_features=16, ngram_features=16, ngram_groups=1, max_tokens=8, max_chars=64)
LABELS = LabelSet(("music", "wake"), ("time",))
EXAMPLES = [
    Example("wake me at half past 7", "en", ("wake",), (Span(11, 22, "time"),)),
    Example("play queen", "en", ("music",)),
    Example("only the teacher saw this", "en"),
]


def training_set(own=EXAMPLES[:2], others=EXAMPLES[2:], soft=None, task=Task.JOINT, **more):
    table = TokenTable((example.text for example in (*own, *others)), FRONT_END, misspell=True, seed=1)
    return TrainingSet(own, others, table, task, LABELS, soft or {}, **more)


def batches(data, **kwargs):
    return list(data.batches(np.random.default_rng(0), 2, **kwargs))


def test_hard_targets():
    (batch,) = batches(training_set())
    by_length = dict(zip((batch.numbers > 0).sum(1).tolist(), range(2), strict=True))
    wake, play = by_length[6], by_length[2]
    assert batch.tags[wake, :6].tolist() == [0, 0, 0, 1, 2, 2]
    assert batch.tags[play].tolist() == [0, 0, -1, -1, -1, -1]
    assert batch.labels[[wake, play]].tolist() == [[0, 1], [1, 0]]
    assert batch.labelled.tolist() == [1, 1]


def test_soft_targets_are_handed_over_by_characters():
    tag_logits = np.array([[3, 0, 0], [0, 3, 1]], np.float32)
    half_past_7 = np.array([[0, 4], [11, 22]], np.int32)  # "me" and "at" are in no unit
    soft = {
        "wake me at half past 7": SoftLabels(np.array([1, 2], np.float32), half_past_7, tag_logits),
        "play queen": SoftLabels(np.array([2, 1], np.float32), np.zeros((0, 2), np.int32), tag_logits[:0]),
        "only the teacher saw this": SoftLabels(
            np.array([0, 0], np.float32), half_past_7[:0], tag_logits[:0]
        ),
    }
    (batch,) = batches(training_set(soft=soft))
    wake = int((batch.numbers > 0).sum(1).argmax())
    assert batch.soft_known[wake, :6].tolist() == [1, 0, 0, 1, 1, 1]
    assert batch.soft_tags[wake, 3].tolist() == [0, 3, 1]
    # Inside the unit B- becomes I-: log(e^3 + e^1) = 3.127.
    np.testing.assert_allclose(batch.soft_tags[wake, 4], [0, 0, 3.127], atol=2e-3)
    assert batch.soft_labels[wake].tolist() == [1, 2]


def test_a_pass_is_as_long_as_the_labelled_texts_and_mixes_in_the_share():
    examples = [Example(f"text {i}", "en", ("wake",)) for i in range(20)]
    others = [Example(f"other {i}", "en") for i in range(30)]
    data = training_set(examples, others)
    for share, labelled in ((0.0, 20), (0.5, 10), (0.9, 2)):
        drawn = np.concatenate([batch.labelled for batch in batches(data, others_share=share)])
        assert (len(drawn), drawn.sum()) == (20, labelled)


def test_the_others_come_in_turn():
    examples = [Example(f"text {i}", "en", ("wake",)) for i in range(20)]
    others = [Example(f"other {i}", "en") for i in range(40)]
    data = training_set(examples, others, least=40)

    def drawn(number):
        """The tokens that tell the others apart, in two rounds of ten."""
        passed = batches(data, others_share=0.5, number=number)
        return sorted(
            n for b in passed for n, own in zip(b.numbers[:, 1], b.labelled, strict=True) if not own
        )

    first, second = drawn(0), drawn(1)
    assert len({*first, *second}) == len(first) + len(second) == len(others)
    assert drawn(2) == first


def test_a_pass_over_few_texts_goes_through_them_several_times():
    examples = [Example(f"text {i}", "en", ("wake",)) for i in range(20)]
    others = [Example(f"other {i}", "en") for i in range(30)]
    data = training_set(examples, others, least=50)
    assert data.texts_per_pass == 60
    for share, labelled in ((0.0, 60), (0.5, 30)):
        drawn = np.concatenate([batch.labelled for batch in batches(data, others_share=share)])
        assert (len(drawn), drawn.sum()) == (60, labelled)
    assert training_set(examples, others, least=20).texts_per_pass == 20
    (batch,) = list(data.batches(np.random.default_rng(0), 60))
    texts, times = np.unique(batch.numbers[:, 1], return_counts=True)
    assert len(texts) == 20 and set(times) == {3}
    assert data.usual_shape(60) == batch.numbers.shape


def test_each_text_comes_once_and_differently_each_pass():
    examples = [Example(f"w{i}", "en", ("wake",)) for i in range(32)]
    data = training_set(examples, [])
    rng = np.random.default_rng(0)
    passes = [[int(n) for batch in data.batches(rng, 4) for n in batch.numbers[:, 0]] for _ in range(2)]
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(1, 33))
    assert passes[0] != passes[1]


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_typing_noise_takes_misspelt_variants(noise):
    data = training_set()
    numbers = np.concatenate([batch.numbers.reshape(-1) for batch in batches(data, typing_noise=noise)])
    assert (numbers[numbers > 0] > data.table.size).all() == bool(noise)
    assert (numbers[numbers > 0] > data.table.size).any() == bool(noise)


def test_spans_that_no_token_can_express_are_counted():
    examples = [Example("wake me", "en", ("wake",), (Span(1, 4, "time"),))]
    assert training_set(examples, []).unreachable_spans == 1


def test_others_with_labels_count_as_labelled():
    others = [Example("wake her at noon", "en", ("wake",), (Span(12, 16, "time"),))]
    data = training_set(EXAMPLES[1:2], others, others_labelled=True)
    (batch,) = batches(data, others_share=0.9)
    assert batch.labelled.tolist() == [1] and batch.labels.tolist() == [[0, 1]]
    assert batch.tags[0, :4].tolist() == [0, 0, 0, 1]


class TwoWords:
    """A stand-in for an encoder: the first two words of a text, with their lengths as states."""

    width, layers, fingerprint = 2, (1,), "two words"

    def states(self, texts):
        for text in texts:
            ends = [len(" ".join(text.split()[: n + 1])) for n in range(2)]
            starts = [end - len(word) for end, word in zip(ends, text.split(), strict=False)]
            units = np.array(list(zip(starts, ends, strict=True)), np.int32)
            states = np.array([[end - start, 1] for start, end in units], np.float32)
            # How a word looks at another, in steps of a byte: ten times its number less the other's.
            scores = 10 * np.subtract.outer(np.arange(2), np.arange(2))
            yield WordStates(units, states, scores[..., None].astype(np.int8))


def test_states_stand_at_their_tokens(tmp_path):
    store = StateStore(tmp_path, TwoWords())
    texts = [example.text for example in EXAMPLES]
    store.compute(texts)
    data = training_set(states=store.read(texts))
    (batch,) = batches(data)
    wake = int((batch.numbers > 0).sum(1).argmax())
    assert batch.states.known[wake].tolist() == [1, 1, 0, 0, 0, 0]
    states, scores = batch.states.states, batch.states.scores
    assert states.shape == (2, 6, 2) and states.dtype == np.int8
    # "wake" has four letters, "me" two, and "play queen" four and five.
    assert states[wake, 0, 0] == states[1 - wake, 0, 0] > states[wake, 1, 0]
    assert scores.shape == (2, 6, 6, 1) and scores.dtype == np.int8
    assert scores[:, :2, :2, 0].tolist() == [[[0, -10], [10, 0]]] * 2


def test_mixing_is_drawn_for_each_batch_or_not_at_all():
    (batch,) = batches(training_set(), mixup=0.4)
    assert sorted(batch.mix.partner.tolist()) == [0, 1] and 0 <= batch.mix.share <= 1
    (batch,) = batches(training_set())
    assert batch.mix.partner.shape == (0,)


@pytest.mark.parametrize("count, sizes", [(1, [1]), (4, [4]), (5, [4, 4]), (8, [4, 4]), (9, [4, 4, 4])])
def test_batches_have_as_many_texts_and_miss_none(count, sizes):
    data = training_set([Example(f"w{i}", "en", ("wake",)) for i in range(count)], [])
    found = [batch.numbers[:, 0].tolist() for batch in data.batches(np.random.default_rng(0), 4)]
    assert [len(one) for one in found] == sizes and len(sizes) == batches_of(count, 4)
    assert {number for one in found for number in one} == set(range(1, count + 1))


def test_the_usual_shape_is_that_of_a_text_of_median_length():
    assert training_set(others=[]).usual_shape(128) == (2, 6)
    assert training_set(EXAMPLES[1:2], []).usual_shape(128) == (1, 4)
    texts = [Example(" ".join("word" for _ in range(length)), "en", ("wake",)) for length in (1, 2, 3, 5, 8)]
    assert training_set(texts, []).usual_shape(2) == (2, 6)
    assert training_set(texts, []).usual_shape(3) == (3, 4)
