"""What else a student can learn from plain text: hidden words, and what is inside a teacher."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tensorflow.python.summary.summary_iterator import summary_iterator

from edgekd.errors import TeacherError, UsageError
from edgekd.pretraining.pretrain import pretrain
from edgekd.pretraining.teachers import load_teachers
from edgekd.recipe import Pretraining
from edgekd.students.pretrained import load_pretrained
from edgekd.teachers.fresh import Size, new_encoder
from edgekd.teachers.masked_lm import load_masked_lm
from tests.pretraining.conftest import SHAPE

PHRASES = ("wake me up at noon", "call my mother now", "the train goes to berlin", "play some loud music")


def phrases(count: int) -> list[str]:
    """Each word but those next to the middle follows from any other of its phrase."""
    draw = random.Random(0)
    return [f"{one} and {other}" for one, other in (draw.choices(PHRASES, k=2) for _ in range(count))]


def numbered(count: int) -> list[str]:
    return [f"{text} {number}" for number, text in enumerate(phrases(count))]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("encoder") / "bert"
    new_encoder(Size(16, 3, 2, 300), phrases(200), folder, max_length=32, seed=0)
    return str(folder)


@pytest.fixture(scope="module")
def masked_lm(encoder, tmp_path_factory) -> str:
    """It has not learnt anything, but that "noon" is likeliest, and then "music"."""
    folder = str(tmp_path_factory.mktemp("masked"))
    network, tokenizer = load_masked_lm(encoder, head=False)
    network.get_output_embeddings().bias.data[tokenizer.encode("noon music", add_special_tokens=False)] = 9
    network.get_output_embeddings().bias.data[tokenizer.encode("noon", add_special_tokens=False)] = 10
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def settings(**changes) -> Pretraining:
    training = {"epochs": 12, "batch_size": 16, "learning_rate": 0.02, "ema": 0.9, "typing_noise": 0}
    return Pretraining.parse(
        {"student": SHAPE.model_dump(), "training": training, "hidden": 0.2, **changes}, where="the test"
    )


def read(source, how, out, texts):
    teachers, guesser = load_teachers([source], how, texts)
    return pretrain(texts, teachers, how, out, guesser=guesser)


@pytest.mark.parametrize("told_apart", ["frequent", "hashed"])
def test_a_student_learns_what_stood_there(encoder, tmp_path, told_apart):
    words = {"learn_from": "text", "told_apart": told_apart, "count": 200}
    card = read(encoder, settings(layers=[], words=words), tmp_path, numbered(600))
    assert "explained" not in card and card["guessed"] > 0.8
    assert {key.partition("/")[0] for key in load_pretrained(str(tmp_path)).weights} == {
        "bottleneck", "bottleneck_norm", "qrnn_1"
    }  # fmt: skip


def test_a_student_learns_what_its_teacher_guesses_beside_its_states(masked_lm, tmp_path):
    how = settings(words={"count": 30, "top": 2})
    card = read(masked_lm, how, tmp_path / "read", numbered(200))
    assert card["guessed"] == 1.0  # noon, always
    assert len(card["explained"]) == 1
    again = read(masked_lm, how, tmp_path / "read", numbered(200))
    assert again == {**again, **card}


def test_what_does_not_guess_is_refused(encoder):
    with pytest.raises(TeacherError, match="no weights for predicting masked words"):
        load_teachers([encoder], settings(words={}), phrases(60))


def logged(folder, name):
    """What was logged after each epoch."""
    found = []
    for path in sorted((folder / "training" / "tensorboard").iterdir()):
        for event in summary_iterator(str(path)):
            found += [
                float(np.frombuffer(one.tensor.tensor_content, np.float32)[0])
                for one in event.summary.value
                if one.tag == name
            ]
    return found


def test_a_small_transformer_learns_layers_embeddings_and_attention_of_a_deeper_one(encoder, tmp_path):
    student = {"kind": "transformer", "width": 16, "layers": 2, "heads": 2, "feed_forward": 32, "dropout": 0}
    inside = {
        "embeddings": {"objective": "mse", "layers": 0},
        "mse": {"layers": 2, "layer_map": "skip"},
        "attention": {"layers": 2, "layer_map": "skip", "weight": 0.5},
    }
    how = settings(student=student, intermediate=inside, layers=[], hidden=0)
    how = how.changed({"training.epochs": 6, "training.learning_rate": 0.005})
    texts = numbered(300)
    (teacher,), guesser = load_teachers([encoder], how, texts)
    assert guesser is None
    assert (teacher.layers, teacher.attention) == ((0, 1, 3), (1, 3))
    pretrain(texts, [teacher], how, tmp_path)
    for name in inside:
        losses = logged(tmp_path, f"train/{name}")
        assert len(losses) == 6 and losses[-1] < 0.8 * losses[0]
    both = how.model_copy(update={"layers": (-1, 2)})
    (teacher,), _ = load_teachers([encoder], both, texts)
    assert teacher.layers == (3, 2, 0, 1)
    card = pretrain(texts, [teacher], both, tmp_path / "both")
    assert len(card["explained"]) == 1


def test_what_there_is_nothing_to_learn_from_is_refused(encoder):
    with pytest.raises(UsageError, match="nothing to learn from"):
        settings(layers=[])
    with pytest.raises(UsageError, match="none would be hidden"):
        settings(words={}, hidden=0)
    with pytest.raises(UsageError, match="2 teachers"):
        load_teachers([encoder, encoder], settings(intermediate={"mse": {}}), phrases(60))
    with pytest.raises(UsageError, match="attention of a pqrnn"):
        load_teachers([encoder], settings(intermediate={"attention": {}}), phrases(60))
