"""Weights against their rule, complaints about what was made dead or dominating, and checkpoints."""

import numpy as np
import pytest
import tensorflow as tf

from edgekd.distill.objectives.balance import LossBalance, gradient_norms
from edgekd.errors import UsageError


def floats(values):
    return {name: float(value) for name, value in values.items()}


def followed(balance, norms, updates=1):
    """Updates with the same gradient norms, and each loss twice its norm and negative."""

    @tf.function
    def update():
        balance.update(
            {name: tf.constant(-2.0 * norm) for name, norm in norms.items()},
            {name: tf.constant(norm) for name, norm in norms.items()},
        )

    for _ in range(updates):
        update()
    return balance


def test_norms_are_those_of_the_gradients():
    shared = [tf.Variable([1.0, 2.0]), tf.Variable([3.0])]
    with tf.GradientTape(persistent=True) as tape:
        losses = {
            "sum": 3 * tf.reduce_sum(shared[0]) + 4 * shared[1][0],
            "square": shared[1][0] ** 2,
            "elsewhere": tf.constant(1.0),
        }
    norms = floats(gradient_norms(tape, losses, shared))
    assert norms == pytest.approx({"sum": np.sqrt(9 + 9 + 16), "square": 6, "elsewhere": 0})


def test_automatic_weights_make_all_pull_alike_and_keep_the_whole():
    norms = {"labels": 1.0, "states": 200.0, "relations": 0.5}
    weights = floats(followed(LossBalance(dict.fromkeys(norms, 1.0)), norms).weights())
    pulls = [weights[name] * norms[name] for name in norms]
    np.testing.assert_allclose(pulls, 201.5 / 3, rtol=1e-5)


def test_shares_are_shares_of_the_pull():
    norms = {"labels": 5.0, "states": 0.1, "off": 7.0}
    weights = floats(followed(LossBalance({"labels": 3.0, "states": 1.0, "off": 0.0}), norms).weights())
    assert weights["labels"] * 5 == pytest.approx(3 * weights["states"] * 0.1)
    assert weights["off"] == 0


def test_balance_does_not_depend_on_the_scale_of_one_loss():
    """What a loss is multiplied with goes out of its weight again."""
    weights, scaled = (
        floats(followed(LossBalance({"a": 1.0, "b": 1.0}), {"a": 3.0, "b": b}).weights()) for b in (2.0, 20.0)
    )
    assert weights["b"] * 2 / weights["a"] == pytest.approx(scaled["b"] * 20 / scaled["a"])


def test_fixed_weights_are_as_given():
    balance = LossBalance({"a": 2.0, "b": 0.5}, automatic=False)
    followed(balance, {"a": 100.0, "b": 1.0})
    assert floats(balance.weights()) == {"a": 2.0, "b": 0.5}
    assert float(balance.total({"a": tf.constant(3.0), "b": tf.constant(4.0)})) == 8.0


def test_weights_are_the_shares_before_anything_is_known():
    assert floats(LossBalance({"a": 2.0, "b": 0.5}).weights()) == {"a": 2.0, "b": 0.5}


def test_figures_are_running_means():
    """The plain mean at first, later one that forgets."""
    balance = LossBalance({"a": 1.0, "b": 1.0})
    for norm in (1.0, 2.0, 6.0):
        followed(balance, {"a": norm, "b": 1.0})
    figures = floats(balance.figures())
    assert figures["gradient_norm/a"] == pytest.approx(3)
    assert figures["size/a"] == pytest.approx(6)
    assert figures["weight/a"] == pytest.approx(2 / 3)
    followed(balance, {"a": 0.0, "b": 1.0}, updates=50)
    before = floats(balance.figures())["gradient_norm/a"]
    followed(balance, {"a": 0.0, "b": 1.0})
    assert floats(balance.figures())["gradient_norm/a"] == pytest.approx(before * 0.9, rel=1e-3)


def test_loss_that_has_been_learned_is_let_go_and_named():
    balance = LossBalance({"labels": 1.0, "tags": 1.0, "relations": 1.0})
    norms = {"labels": 1.0, "tags": 2.0, "relations": 1e-9}
    followed(balance, norms, updates=19)
    assert balance.complaints() == []
    followed(balance, norms)
    (complaint,) = balance.complaints()
    assert complaint.startswith(
        "the loss relations is dead: in 20 measurements it has pulled less than 1% as hard"
    )
    weights = floats(balance.weights())
    assert weights["relations"] == pytest.approx(1000)
    assert weights["labels"] == pytest.approx(1)


def test_loss_that_dominates_is_named():
    balance = LossBalance({"labels": 1.0, "states": 1.0}, automatic=False)
    followed(balance, {"labels": 1.0, "states": 50.0}, updates=20)
    (complaint,) = balance.complaints()
    assert complaint.startswith(
        "the loss states dominates: in 20 measurements it has had more than 90% of the pull"
    )
    balance = followed(
        LossBalance({"labels": 1.0, "states": 1.0}), {"labels": 1.0, "states": 50.0}, updates=20
    )
    assert balance.complaints() == []


def test_the_survivor_of_a_dead_loss_is_not_said_to_dominate():
    balance = LossBalance({"labels": 1.0, "states": 1.0}, automatic=False)
    followed(balance, {"labels": 1.0, "states": 0.001}, updates=20)
    (complaint,) = balance.complaints()
    assert "states is dead" in complaint


def test_complaint_is_withdrawn():
    balance = LossBalance({"labels": 1.0, "states": 1.0}, automatic=False)
    followed(balance, {"labels": 1.0, "states": 0.0}, updates=20)
    followed(balance, {"labels": 1.0, "states": 1.0}, updates=5)
    assert balance.complaints() == []


@pytest.mark.parametrize("automatic", [True, False])
def test_one_loss_alone_or_one_switched_off_is_no_complaint(automatic):
    for shares in ({"labels": 1.0}, {"labels": 1.0, "states": 0.0}):
        balance = LossBalance(shares, automatic=automatic)
        followed(balance, dict.fromkeys(shares, 1.0), updates=20)
        assert balance.complaints() == []


def test_training_step_with_losses_a_thousand_times_apart():
    """Two targets for one variable: with balance it settles between them, without at the greater loss's."""

    def settled(automatic):
        place = tf.Variable(0.0)
        balance = LossBalance({"near": 1.0, "far": 1.0}, automatic=automatic)

        @tf.function
        def step():
            with tf.GradientTape(persistent=True) as tape:
                losses = {"near": tf.sqrt((place - 1) ** 2 + 1), "far": 1000 * tf.sqrt((place + 1) ** 2 + 1)}
                total = balance.total(losses)
            balance.update(losses, gradient_norms(tape, losses, [place]))
            place.assign_sub(0.01 * tf.sign(tape.gradient(total, place)))

        for _ in range(300):
            step()
        return float(place)

    assert settled(automatic=False) == pytest.approx(-1, abs=0.05)
    assert abs(settled(automatic=True)) < 0.2


def test_checkpoint_keeps_everything(tmp_path):
    shares, norms = {"labels": 1.0, "states": 1.0}, {"labels": 3.0, "states": 1e-9}
    balance = followed(LossBalance(shares), norms, updates=20)
    path = tf.train.Checkpoint(balance=balance).write(str(tmp_path / "balance"))
    restored = LossBalance(shares)
    tf.train.Checkpoint(balance=restored).read(path).assert_consumed()
    assert floats(restored.figures()) == floats(balance.figures())
    assert restored.complaints() == balance.complaints() != []
    followed(balance, dict.fromkeys(shares, 1.0)), followed(restored, dict.fromkeys(shares, 1.0))
    assert floats(restored.figures()) == floats(balance.figures())


@pytest.mark.parametrize("shares", [{"a": -1.0, "b": 1.0}, {"a": 0.0}, {}])
def test_shares_that_leave_nothing_to_learn_are_refused(shares):
    with pytest.raises(UsageError, match="none below 0, and one above"):
        LossBalance(shares)
