"""Quantization-aware training: when it sets in, what comes out, and that it goes on where it stopped."""

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
    config = with_lengths(SHAPE, texts)
    table = TokenTable(texts, config.front_end(), misspell=False, seed=1)
    data = TrainingSet(train, [], table, dataset.task, dataset.labels, {})

    def make(folder, **changes):
        training = Training(batch_size=len(train), learning_rate=0.02, ema=0.5, **changes)
        student = Student.new(dataset.task, dataset.labels, ("en",), config, seed=1)
        return Trainer(student, data, Recipe(student=SHAPE, training=training), folder, with_teacher=False)

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
