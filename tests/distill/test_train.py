"""Quantization-aware training: when it sets in, what comes out, and that it goes on where it stopped; and
what is measured of the losses on the way."""

import numpy as np
import pytest

from edgekd.distill.lengths import with_lengths
from edgekd.distill.token_table import TokenTable
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.recipe import PQRNN, Recipe, Training
from edgekd.students.student import Student

SHAPE = PQRNN(
    token_features=32,
    ngram_features=32,
    ngram_groups=2,
    bottleneck=16,
    units=8,
    layers=1,
    dropout=0,
    zoneout=0,
)


@pytest.fixture
def trainer(dataset):
    """Makes trainers of the same student, each from its first weights on; all of a pass is one batch."""
    train = dataset.splits["train"]
    texts = [example.text for example in train]
    table = TokenTable(texts, with_lengths(SHAPE, texts).front_end(), misspell=False, seed=1)
    data = TrainingSet(train, [], table, dataset.task, dataset.labels, {})

    def make(folder, shape=SHAPE, **changes):
        config = with_lengths(shape, texts)
        training = Training(batch_size=len(train), learning_rate=0.02, ema=0.5, **changes)
        student = Student.new(dataset.task, dataset.labels, ("en",), config, seed=1)
        return Trainer(student, data, Recipe(student=shape, training=training), folder, with_teacher=False)

    return make


def on_int4_grid(student):
    kernels = [weight.numpy() for weight in student.network.weights if weight.name == "kernel"]
    steps = [np.abs(kernel).max(axis=0) / 7 for kernel in kernels]
    off = [kernel - np.rint(kernel / step) * step for kernel, step in zip(kernels, steps, strict=True)]
    return max(np.abs(one).max() for one in off) < 1e-5


def test_it_sets_in_late_and_goes_on_where_it_stopped(trainer, tmp_path, monkeypatch):
    settings = {"qat": "int4", "epochs": 3, "qat_share": 0.67}
    whole = trainer(tmp_path / "whole", **settings)
    seen = []
    whole.run(evaluate=lambda: seen.append(on_int4_grid(whole.student)) or {})
    assert seen == [False, True, True]

    save = Trainer._save

    def save_then_die(self, figures):
        save(self, figures)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save", save_then_die)
    for _ in range(2):  # before it sets in, and after
        with pytest.raises(KeyboardInterrupt):
            trainer(tmp_path / "broken", **settings).run()
    monkeypatch.undo()
    broken = trainer(tmp_path / "broken", **settings)
    broken.run()
    for one, other in zip(whole.student.network.weights, broken.student.network.weights, strict=True):
        if one.dtype == "float32":
            np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-5)


def test_a_killed_run_that_was_done_is_quantized_too(trainer, tmp_path):
    trainer(tmp_path, qat="int4", epochs=1).run()
    again = trainer(tmp_path, qat="int4", epochs=1)
    again.run()
    assert on_int4_grid(again.student)


def test_losses_are_measured_as_the_next_step_sees_them_and_without_a_trace(trainer, tmp_path):
    noisy = SHAPE.model_copy(update={"dropout": 0.4, "zoneout": 0.3})
    one = trainer(tmp_path, shape=noisy, epochs=1)
    before = [weight.numpy() for weight in one._network.weights]
    batch = next(one.batches(np.random.default_rng(0)))
    measured = {name: float(value) for name, value in one.figures().items()}
    for weight, value in zip(one._network.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    losses = one.step(batch)
    for name in ("hard_labels", "hard_tags"):
        assert measured[f"size/{name}"] == pytest.approx(float(losses[name]), rel=1e-4)
        assert measured[f"gradient_norm/{name}"] > 0
    assert measured["size/hard_tags"] != pytest.approx(float(one.step(batch)["hard_tags"]), rel=1e-4)
