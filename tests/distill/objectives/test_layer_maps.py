"""Layer maps: which pairs, the transport against linear programming, and what is refused."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from edgekd.distill.objectives.layer_maps import LayerMap, cheapest_flow
from edgekd.errors import UsageError
from edgekd.students.compiled import compiled

in_graph = tf.function(cheapest_flow, autograph=False)


def least_cost(costs):
    rows, columns = costs.shape
    sums = [np.kron(np.eye(rows), np.ones(columns)), np.kron(np.ones(rows), np.eye(columns))]
    shares = np.concatenate([np.full(rows, 1 / rows), np.full(columns, 1 / columns)])
    return linprog(costs.ravel(), A_eq=np.concatenate(sums), b_eq=shares).fun


@pytest.mark.parametrize(
    ("name", "student", "teacher", "pairs"),
    [
        ("skip", 4, 12, [(1, 3), (2, 6), (3, 9), (4, 12)]),
        ("skip", 3, 8, [(1, 2), (2, 5), (3, 8)]),
        ("skip", 1, 6, [(1, 6)]),
        ("last", 3, 12, [(1, 10), (2, 11), (3, 12)]),
        ("last", 2, 2, [(1, 1), (2, 2)]),
        ("emd", 2, 2, [(1, 1), (1, 2), (2, 1), (2, 2)]),
    ],
)
def test_pairs(name, student, teacher, pairs):
    assert LayerMap(name, student, teacher).pairs == pairs


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([1, 4, 6]),
    st.sampled_from([1, 6, 24]),
    st.sampled_from([0.5, 2, 20]),
    st.integers(0, 2**32 - 1),
)
def test_flow_is_nearly_the_cheapest(rows, columns, shape, seed):
    costs = np.random.default_rng(seed).gamma(shape, size=(rows, columns))
    flow = in_graph(tf.constant(costs)).numpy()
    assert (flow >= 0).all()
    np.testing.assert_allclose(flow.sum(0) * columns, 1, rtol=1e-9)
    np.testing.assert_allclose(flow.sum(1) * rows, 1, rtol=0.02)
    least = least_cost(costs)
    assert abs((flow * costs).sum() - least) < 0.01 * costs.mean()


def test_flow_by_hand():
    """Each student layer takes the two teacher layers that cost it nothing."""
    costs = np.array([[0.0, 0, 5, 5], [5, 5, 0, 0]], np.float32)
    np.testing.assert_allclose(in_graph(tf.constant(costs)), (costs == 0) / 4, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(0, 1e3))
def test_flow_sees_neither_the_size_of_the_costs_nor_what_all_have_in_common(size, common):
    costs = np.random.default_rng(0).random((3, 5))
    np.testing.assert_allclose(
        in_graph(tf.constant(costs * size + common)), in_graph(tf.constant(costs)), atol=1e-6
    )


def test_equal_costs_flow_evenly():
    np.testing.assert_allclose(in_graph(tf.ones((2, 3))), np.full((2, 3), 1 / 6), rtol=1e-5)


@pytest.mark.parametrize("name", ["skip", "last"])
def test_mean_is_over_the_pairs(name):
    layer_map = LayerMap(name, 2, 5)
    mean = layer_map.mean(lambda i, j: tf.constant([10.0 * i + j, 0.0]))
    np.testing.assert_allclose(mean, [np.mean([10 * i + j for i, j in layer_map.pairs]), 0])


def test_mean_by_flow_is_by_the_costs_of_the_batch():
    losses = tf.constant([[[0.0, 2.0], [8.0, 4.0]], [[9.0, 9.0], [1.0, 3.0]]])  # (student, teacher, batch)
    mean = LayerMap("emd", 2, 2).mean(lambda i, j: losses[i - 1, j - 1])
    np.testing.assert_allclose(mean, [0.5, 2.5], rtol=1e-5)


def test_flow_is_held_while_the_student_learns():
    """Even where two ways cost almost the same, and the flow would move with the losses."""
    losses = tf.Variable([[0.0, 2.0], [1.0, 3.01]])
    with tf.GradientTape() as tape:
        mean = LayerMap("emd", 2, 2).mean(lambda i, j: losses[i - 1, j - 1][None])
    flow = cheapest_flow(losses).numpy()
    assert (flow > 0.05).all()
    np.testing.assert_allclose(tape.gradient(mean, losses), flow, rtol=1e-5)


def test_mean_compiles():
    costs = np.random.default_rng(1).random((2, 6, 3)).astype(np.float32)

    def mean(costs):
        return LayerMap("emd", 2, 6).mean(lambda i, j: costs[i - 1, j - 1])

    np.testing.assert_allclose(compiled(mean)(tf.constant(costs)), mean(tf.constant(costs)), rtol=1e-4)


@pytest.mark.parametrize("name", ["skip", "last"])
def test_map_longer_than_the_teacher_is_refused(name):
    with pytest.raises(UsageError) as error:
        LayerMap(name, 7, 6)
    assert "7 student layers" in error.value.given and "teacher has 6" in error.value.given
    assert error.value.expected == "at most 6 student layers"
    assert "emd" in error.value.fix


def test_emd_takes_a_student_deeper_than_its_teacher():
    assert len(LayerMap("emd", 7, 6).pairs) == 42


def test_unknown_maps_and_missing_layers_are_refused():
    with pytest.raises(UsageError, match="no layer map 'first'\nexpected: one of skip, last, emd"):
        LayerMap("first", 2, 6)
    with pytest.raises(UsageError, match="at least one layer"):
        LayerMap("skip", 2, 0)
    with pytest.raises(UsageError, match="at least one layer"):
        LayerMap("skip", -1, 6)


@pytest.mark.parametrize("name", ["skip", "last", "emd"])
def test_of_no_layers_the_embeddings_are_compared(name):
    made = LayerMap(name, 0, 6)
    assert made.pairs == [(0, 0)]
    found = made.mean(lambda ours, theirs: tf.constant([1.0 + ours, 2.0 + theirs]))
    np.testing.assert_array_equal(found, [1, 2])
