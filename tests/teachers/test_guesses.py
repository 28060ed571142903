"""Guesses of masked language models: each word masked once, told apart by classes, mixed, and stored."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgekd.errors import TeacherError, UsageError
from edgekd.recipe import Pretraining, Words
from edgekd.teachers.guess_store import GuessStore
from edgekd.teachers.guesses import Guesser
from edgekd.teachers.masked_lm import load_masked_lm, logits_at
from edgekd.teachers.subwords import encode, pad
from edgekd.teachers.word_classes import NONE, WordClasses

TEXTS = ["fly me to Paris today", "weather in กรุงเทพ on Monday", "weather", "", "Grönland?"]
COUNT = 40


@pytest.fixture(scope="module")
def model(encoder):
    torch.manual_seed(3)
    network, tokenizer = load_masked_lm(encoder, head=False)
    # Weights as large as those of a model that has learnt something: its guesses are far from alike.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(4)
    return network.float(), tokenizer


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    monkeypatch.setattr("edgekd.teachers.guesses.weights_for", lambda *_: torch.float32)


@pytest.fixture(scope="module")
def classes(model, toy):
    texts = [example.text for example in toy.splits["train"]]
    return WordClasses.frequent(model[1], texts, COUNT, 64)


def guesser(models, classes, masked=0.25, whole_words=True, **settings):
    return Guesser(models, classes, Words(**settings), masked=masked, whole_words=whole_words)


def by_class(guesses):
    """Probabilities in the order of the classes."""
    found = np.zeros(guesses.shares.shape)
    np.put_along_axis(found, guesses.classes, guesses.shares.astype(np.float64), axis=1)
    return found


def by_hand(model, classes, text, turns, whole_words):
    """Softmax over the classes in the place of each unit, all sub-words of each so-many-th unit masked."""
    network, tokenizer = model
    (one,) = encode(tokenizer, [text], 64, whole_words=whole_words)
    numbers = classes.of(tokenizer, network.config.vocab_size)
    ends = [*one.subwords[1:], len(one.ids) - 1]
    rows = np.zeros((len(one.units), classes.count))
    for turn in range(turns):
        ids = list(one.ids)
        for unit in range(turn, len(one.units), turns):
            for place in range(one.subwords[unit], ends[unit]):
                ids[place] = tokenizer.mask_token_id
        with torch.no_grad():
            logits = network(input_ids=torch.tensor([ids])).logits[0].double().numpy()
        for unit in range(turn, len(one.units), turns):
            for number, logit in enumerate(logits[one.subwords[unit]]):
                if numbers[number] != NONE:
                    rows[unit, numbers[number]] += np.exp(logit)
    return one, rows / rows.sum(axis=1, keepdims=True), numbers


@pytest.mark.parametrize("whole_words", [True, False])
@pytest.mark.parametrize("hashed", [True, False])
def test_guesses_are_those_of_a_loop(model, classes, whole_words, hashed):
    classes = WordClasses(COUNT) if hashed else classes
    made = guesser([model], classes, whole_words=whole_words, top=COUNT)
    for text, said in zip(TEXTS, made.guesses(TEXTS), strict=True):
        one, expected, numbers = by_hand(model, classes, text, 4, whole_words)
        np.testing.assert_array_equal(said.units, one.units)
        assert said.right.tolist() == [numbers[one.ids[subword]] for subword in one.subwords]
        np.testing.assert_allclose(by_class(said), expected, atol=2e-5)
        assert (np.diff(said.shares, axis=1) <= 0).all()


def test_the_likeliest_make_one_together(model, classes):
    whole = list(guesser([model], classes, top=COUNT).guesses(TEXTS[:2]))
    some = list(guesser([model], classes, top=3).guesses(TEXTS[:2]))
    for one, other in zip(whole, some, strict=True):
        np.testing.assert_array_equal(one.classes[:, :3], other.classes)
        np.testing.assert_allclose(other.shares.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(
            other.shares, one.shares[:, :3] / one.shares[:, :3].sum(axis=1, keepdims=True), atol=1e-6
        )


def test_what_is_in_the_text_needs_no_model_that_guesses(model, classes):
    (said,) = guesser([model], classes, learn_from="text").guesses(TEXTS[:1])
    assert said.classes[:, 0].tolist() == np.maximum(said.right, 0).tolist()
    assert said.shares[:, 0].tolist() == (said.right != NONE).tolist()
    assert (said.right != NONE).any()


def test_the_surer_model_is_followed(model, classes):
    dull = load_masked_lm(model[1].name_or_path, head=False)
    with torch.no_grad():
        for parameter in dull[0].parameters():
            parameter.mul_(0.0)  # every word alike

    def of(models, weights):
        return list(guesser(models, classes, top=COUNT, teacher_weights=weights).guesses(TEXTS[:2]))

    alone, other, both, mean = (
        of([model], "mean"),
        of([dull], "mean"),
        of([model, dull], "confidence"),
        of([model, dull], "mean"),
    )
    for one, two, sure, plain in zip(alone, other, both, mean, strict=True):
        shares = np.stack([by_class(one), by_class(two)])
        # By what they give the word that is there; where that has no class, by their entropies.
        of_right = np.take_along_axis(shares, np.maximum(one.right, 0)[None, :, None], axis=2)[..., 0]
        sureness = np.where(one.right >= 0, of_right, np.exp((shares * np.log(shares)).sum(axis=2)))
        for found, weights in ((sure, sureness / sureness.sum(axis=0)), (plain, np.full((2, 1), 0.5))):
            expected = np.prod(shares ** weights[..., None], axis=0)
            np.testing.assert_allclose(
                by_class(found), expected / expected.sum(axis=1, keepdims=True), atol=1e-4
            )
    for one, other in zip(alone, of([model, dull], "1,0"), strict=True):
        np.testing.assert_allclose(one.shares, other.shares, atol=1e-5)
    with pytest.raises(TeacherError, match="3 weights for 2 teachers"):
        guesser([model, dull], classes, teacher_weights="1,2,3")
    with pytest.raises(UsageError, match="plain text has no labels"):
        Pretraining.parse({"words": {"teacher_weights": "dev"}}, where="the test")


def test_logits_are_of_the_chosen_alone(model):
    network, tokenizer = model
    ids, mask = pad([one.ids for one in encode(tokenizer, TEXTS[:2], 64)], tokenizer.pad_token_id)
    chosen = torch.zeros(ids.shape, dtype=torch.bool)
    chosen[0, 2] = chosen[1, [1, 3]] = True
    with torch.no_grad():
        every = network(input_ids=ids, attention_mask=mask).logits
        np.testing.assert_allclose(logits_at(network, ids, mask, chosen), every[chosen], atol=1e-4)
        np.testing.assert_array_equal(network(input_ids=ids, attention_mask=mask).logits, every)


def test_tokenizers_meet_in_what_their_sub_words_say(model, classes, toy):
    network, tokenizer = model
    numbers = classes.of(tokenizer, network.config.vocab_size)
    assert set(numbers) == {NONE, *range(classes.count)}
    weather = classes.numbers["weather"]
    (number,) = (i for i in np.flatnonzero(numbers == weather) if tokenizer.decode([i]).strip() == "weather")
    assert numbers[number] == weather
    assert all(numbers[special] == NONE for special in tokenizer.all_special_ids)
    hashed = WordClasses(COUNT).of(tokenizer, len(tokenizer))
    assert hashed.max() < COUNT and (hashed != NONE).sum() == len(tokenizer) - len(tokenizer.all_special_ids)


def test_questions_are_about_hidden_words_and_come_with_what_is_expected(model, classes, tmp_path):
    made = guesser([model], classes, top=5)
    store = GuessStore(tmp_path / "guesses", made)
    store.compute(TEXTS)
    spans = [np.array([(0, 3), (4, 6), (7, 9), (10, 15)], np.int32), np.array([(0, 7), (5, 7)], np.int32)]
    spans += [np.zeros((0, 2), np.int32)] * (len(TEXTS) - 2)
    guesses = store.on_tokens(TEXTS, spans)
    source = np.array([[0, 1, 2, 3], [4, 5, 0, 0]])
    hidden = np.array([[False, True, False, True], [True, True, False, False]])
    found = guesses.questions(hidden, source, 0.3)
    first, second = list(made.guesses(TEXTS[:2]))
    assert found.tokens.shape == (2, 2)  # 1.5 times 0.3 of four tokens
    assert found.tokens[0].tolist() == [1, 3] and found.tokens[1, 0] == 0
    np.testing.assert_array_equal(found.classes[0], first.classes[[1, 3]])
    np.testing.assert_allclose(found.shares[0], first.shares[[1, 3]], atol=1e-3)
    np.testing.assert_array_equal(found.classes[1, 0], second.classes[0])
    assert found.right[0].tolist() == first.right[[1, 3]].tolist()
    # No word begins with the second token of the second text.
    assert found.shares[1, 1].tolist() == [0] * 5 and found.right[1, 1] == NONE
    with pytest.raises(TeacherError, match="another teacher"):
        GuessStore(tmp_path / "guesses", guesser([model], classes, top=6))
    nothing = GuessStore(tmp_path / "none", made)
    nothing.compute(["", " "])
    with pytest.raises(TeacherError, match="no word"):
        nothing.on_tokens(["", " "], spans[2:4])
