"""Losses on states as recipes ask for them: which layers, what they cost, and training with all of them."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.data.examples import LabelSet
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.lengths import with_lengths
from edgekd.distill.token_table import TokenTable
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.errors import UsageError
from edgekd.recipe import PQRNN, Recipe, Transformer
from edgekd.students.compiled import compiled
from edgekd.students.network import build
from edgekd.students.student import Student
from edgekd.teachers.state_store import DEVIATIONS, SCORES, StateStore, TeacherStates
from tests.pretraining.conftest import RuleStates

SHAPE = PQRNN(
    token_features=32,
    ngram_features=32,
    ngram_groups=2,
    bottleneck=16,
    units=3,
    layers=2,
    dropout=0,
    zoneout=0,
)
EVERY = {
    f"{objective}_{of}": {"objective": objective, "of": of}
    for objective in ("mse", "cosine", "pkd", "rkd_distance", "rkd_angle", "mi")
    for of in ("tokens", "pooled")
}
SOME = {"mi": {"of": "pooled"}, "rkd_distance": {}}
KNOWN = tf.constant([[1.0, 1, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0]])


def losses(depth=3, width=6, student=SHAPE, **settings):
    recipe = Recipe.parse({"distillation": {"intermediate": settings}}, where="the test")
    return IntermediateLosses(recipe.distillation.intermediate, student, depth=depth, width=width, heads=2)


def in_bytes(states):
    return tf.cast(tf.round(states * (127 / DEVIATIONS)), tf.int8)


def said(states, known=KNOWN, scores=None):
    nothing = tf.zeros((*states.shape[:2], states.shape[1], 0), tf.int8)
    return TeacherStates(states, known, nothing if scores is None else scores)


def states(layers=1, width=6, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=(4, 3, layers * width)), tf.float32)


@pytest.mark.parametrize("of", ["tokens", "pooled"])
def test_the_same_states_cost_nothing(of):
    teacher = in_bytes(states())
    student = tf.cast(teacher, tf.float32) * (DEVIATIONS / 127)
    wanted = {name: one for name, one in EVERY.items() if one["of"] == of and one["objective"] != "mi"}
    found = dict(losses(**wanted)({"layer_2": student}, said(teacher)))
    assert len(found) == 5
    for loss in found.values():
        np.testing.assert_allclose(loss, 0, atol=1e-5)
    other = dict(losses(**wanted)({"layer_2": states(seed=1)}, said(teacher)))
    assert all((loss.numpy() > 0.01).any() for loss in other.values())


def test_what_the_teacher_does_not_know_costs_nothing():
    teacher, student = in_bytes(states()), states(seed=1)
    elsewhere = tf.tensor_scatter_nd_update(student, [[1, 2]], [tf.fill([6], 9.0)])
    for name, one in EVERY.items():
        if one["objective"] != "mi":
            made = losses(**{name: one})
            for first, second in zip(
                dict(made({"layer_2": student}, said(teacher)))[name],
                dict(made({"layer_2": elsewhere}, said(teacher)))[name],
                strict=True,
            ):
                np.testing.assert_allclose(first, second, rtol=1e-5)


def test_each_layer_is_compared_with_its_own():
    made = losses(skip={"objective": "mse", "layers": 2, "layer_map": "skip"}, depth=4)
    assert made.teacher_layers == [2, 4]
    teacher = in_bytes(states(layers=2))
    right = {f"layer_{n + 1}": tf.cast(teacher[..., 6 * n : 6 * n + 6], tf.float32) for n in range(2)}
    right = {name: one * (DEVIATIONS / 127) for name, one in right.items()}
    np.testing.assert_allclose(dict(made(right, said(teacher)))["skip"], 0, atol=1e-6)
    swapped = {"layer_1": right["layer_2"], "layer_2": right["layer_1"]}
    assert (dict(made(swapped, said(teacher)))["skip"].numpy() > 0.1).all()
    assert losses(emd={"objective": "mse", "layers": 2, "layer_map": "emd"}).teacher_layers == [1, 2, 3]
    assert losses(last={"objective": "mse"}).teacher_layers == [3]


def test_embeddings_are_compared_below_all_layers():
    made = losses(embeddings={"objective": "mse", "layers": 0}, last={"objective": "mse"}, width=16)
    assert made.teacher_layers == [0, 3]
    teacher = in_bytes(states(layers=2, width=16))
    ours = {"layer_0": tf.cast(teacher[..., :16], tf.float32) * (DEVIATIONS / 127), "layer_2": states(seed=2)}
    found = dict(made(ours, said(teacher)))
    np.testing.assert_allclose(found["embeddings"], 0, atol=1e-6)
    assert (found["last"].numpy() > 0.1).all()
    network = build(SHAPE, LabelSet(("a", "b"), ()), with_states=True)
    assert [network.output[f"layer_{number}"].shape[-1] for number in range(3)] == [16, 6, 6]


def test_other_widths_go_through_a_matrix_that_is_trained():
    made = losses(mse={}, rkd_distance={}, width=10)
    (matrix,) = made.companions
    assert [weight.shape for weight in matrix.trainable_variables] == [(6, 10)]
    assert len(losses(mi={}, pooled={"objective": "mi", "of": "pooled"}).companions) == 2


ATTENTIVE = Transformer(width=16, heads=2, layers=2, feed_forward=16)


def test_attention_is_compared_layer_by_layer_and_head_by_head():
    made = losses(attention={"layers": 2, "layer_map": "skip"}, depth=4, student=ATTENTIVE)
    assert (made.teacher_layers, made.attention_layers, made.companions) == ([], [2, 4], [])
    rng = np.random.default_rng(3)
    # Rows of (text, token, token looked at, head), the mean over what is looked at zero.
    ours = [rng.normal(size=(4, 2, 3, 3)) for _ in range(2)]
    centred = []
    for one in ours:
        weights = KNOWN.numpy()[:, None, None]
        centred.append(one - (one * weights).sum(-1, keepdims=True) / weights.sum(-1, keepdims=True))
    scores = np.concatenate([np.moveaxis(one, 1, 3) for one in centred], axis=-1)
    teacher = said(tf.zeros((4, 3, 0), tf.int8), scores=tf.cast(tf.round(scores * (127 / SCORES)), tf.int8))
    outputs = {f"attention_{n + 1}": tf.constant(one, tf.float32) for n, one in enumerate(ours)}
    # Half a step of rounding is all that differs.
    np.testing.assert_allclose(dict(made(outputs, teacher))["attention"], 0, atol=0.004)
    swapped = {"attention_1": outputs["attention_2"], "attention_2": outputs["attention_1"]}
    assert (dict(made(swapped, teacher))["attention"].numpy()[:3] > 0.2).all()
    network = build(ATTENTIVE, LabelSet(("a", "b"), ()), with_states=True)
    assert [network.output[f"attention_{n}"].shape[1] for n in (1, 2)] == [2, 2]


def test_attention_that_is_not_there_is_explained():
    with pytest.raises(UsageError, match="attention of a pqrnn, which has none"):
        losses(attention={})
    with pytest.raises(UsageError, match="4 heads of the student and 2 of the teacher"):
        losses(attention={}, student=ATTENTIVE.model_copy(update={"heads": 4}))
    for wrong in ({"of": "pooled"}, {"layers": 0}):
        with pytest.raises(UsageError, match="attention is of the tokens of a layer"):
            losses(attention=wrong, student=ATTENTIVE)


def test_a_map_that_does_not_fit_is_explained():
    with pytest.raises(UsageError, match="last 3 layers of a student with 2"):
        losses(mse={"layers": 3})
    with pytest.raises(UsageError, match="the teacher has 1"):
        losses(mse={"layers": 2, "layer_map": "skip"}, depth=1)


def test_compiled_they_are_what_they_are():
    made, outputs = losses(**EVERY), {"layer_2": states(seed=1)}
    plain = dict(made(outputs, said(in_bytes(states()))))
    fused = compiled(lambda *arguments: dict(made(*arguments)))(outputs, said(in_bytes(states())))
    for name, loss in plain.items():
        np.testing.assert_allclose(fused[name], loss, rtol=1e-4, atol=1e-5)


@pytest.fixture
def trainer(dataset, tmp_path):
    train = dataset.splits["train"]
    texts = [example.text for example in train]
    config = with_lengths(SHAPE, texts)
    table = TokenTable(texts, config.front_end(), misspell=False, seed=1)
    store = StateStore(tmp_path / "states", RuleStates(width=30))
    store.compute(texts)
    data = TrainingSet(train, [], table, dataset.task, dataset.labels, {}, states=store.read(texts))

    def make(folder, **distillation):
        recipe = Recipe.parse(
            {
                "student": SHAPE.model_dump(),
                "training": {"epochs": 4, "batch_size": 64, "learning_rate": 0.02, "ema": 0.5},
                "distillation": {"soft_weight": 0, **distillation},
            },
            where="the test",
        )
        settings = recipe.distillation.intermediate
        student = Student.new(dataset.task, dataset.labels, ("en",), config, seed=1)
        about = {"depth": 3, "width": 10, "heads": 2, "stored": (1, 2, 3)}
        losses_on_states = IntermediateLosses(settings, config, **about)
        return Trainer(
            student,
            data,
            recipe,
            folder,
            with_teacher=False,
            intermediate=losses_on_states if settings else None,
        )

    return make


def test_training_with_several_at_once_learns_them_and_goes_on_where_it_stopped(
    trainer, tmp_path, monkeypatch
):
    whole = trainer(tmp_path / "whole", intermediate=SOME, balance_losses=True)
    before = [weight.numpy() for layer in whole.companions for weight in layer.trainable_variables]
    report = whole.run()
    assert set(SOME) < set(report.losses) and np.isfinite(list(report.losses.values())).all()
    after = [weight.numpy() for layer in whole.companions for weight in layer.trainable_variables]
    assert all((one != other).any() for one, other in zip(before, after, strict=True))
    for name in SOME:
        assert whole.figures()[f"gradient_norm/{name}"] > 0
        assert whole.figures()[f"weight/{name}"] != 1

    save = Trainer._save

    def save_then_die(self, figures):
        save(self, figures)
        if int(self._epoch) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "broken", intermediate=SOME, balance_losses=True).run()
    monkeypatch.undo()
    broken = trainer(tmp_path / "broken", intermediate=SOME, balance_losses=True)
    broken.run()
    for one, other in zip(whole.student.network.weights, broken.student.network.weights, strict=True):
        if one.dtype == "float32":
            np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-4)


def test_layers_come_first_and_predictions_after_them(trainer, tmp_path):
    emd = {"objective": "mse", "layers": 2, "layer_map": "emd"}
    made = trainer(tmp_path, intermediate={"mse": emd}, layers_first=0.5)
    (matrix,) = made.companions
    kernels = {"head": made._network.get_layer("label_head").kernel, "matrix": matrix.kernel}
    before = {name: kernel.numpy() for name, kernel in kernels.items()}
    learnt = []

    def look():
        # Weight decay alone multiplies all numbers alike.
        factors = {name: kernel.numpy() / before[name] for name, kernel in kernels.items()}
        before.update({name: kernel.numpy() for name, kernel in kernels.items()})
        learnt.append({name for name, factor in factors.items() if np.ptp(factor) > 1e-3})
        return {}

    made.run(evaluate=look)
    # In the first of the four steps the rate is still zero. What has learnt goes on by its momentum for a
    # while, but nothing begins to learn before its turn.
    assert learnt[:2] == [set(), {"matrix"}] and all("head" in one for one in learnt[2:])
    with pytest.raises(UsageError, match="nothing to come first"):
        Recipe.parse({"distillation": {"layers_first": 0.5}}, where="the test")


def test_mixing_trains_and_shares_of_one_are_no_mixing(trainer, tmp_path):
    mixed = trainer(tmp_path / "mixed", mixup=0.4)
    report = mixed.run()
    assert np.isfinite(report.losses["loss"])
    (batch,) = mixed.data.batches(np.random.default_rng(0), 99, mixup=0.4)
    batch = batch._replace(mix=batch.mix._replace(share=np.float32(1)))
    features, mask = mixed.inputs(batch)
    count = len(batch.numbers)
    np.testing.assert_array_equal(features[:count], features[count:])
    outputs = mixed.student.network([features, mask], training=False)
    alone = {name: value[:count] for name, value in outputs.items()}
    twice = {name: tf.concat([value, value], axis=0) for name, value in alone.items()}
    expected = trainer(tmp_path / "plain").losses(alone, batch)
    for name, value in mixed.losses(twice, batch).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5)
