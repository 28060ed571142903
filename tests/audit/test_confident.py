from __future__ import annotations

import numpy as np
import pytest

from edgekd.audit.confident import confident_joint


def test_the_confident_joint_worked_out_by_hand():
    p = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6], [0.1, 0.9], [0.8, 0.2]])
    given = np.array([0, 0, 0, 1, 1, 1])
    # Thresholds: of 0 (0.9 + 0.7 + 0.2) / 3 = 0.6, of 1 (0.6 + 0.9 + 0.2) / 3 = 0.567.
    np.testing.assert_array_equal(confident_joint(p, given), [[2, 1], [1, 2]])
    # With 0.5 in place of 0.6 the fourth example is confidently neither.
    p[3] = 0.5
    np.testing.assert_array_equal(confident_joint(p, given), [[2, 1], [1, 1]])


def test_of_several_the_most_probable_is_found():
    p = np.array([[0.3, 0.3, 0.4], [0.5, 0.3, 0.2], [0.35, 0.3, 0.35], [0.2, 0.4, 0.4]])
    joint = confident_joint(p, np.array([0, 0, 1, 2]))
    # Thresholds 0.4, 0.3 and 0.4: the first is confidently 2 (0.4) rather than 1 (0.3).
    np.testing.assert_array_equal(joint, [[1, 0, 1], [0, 1, 0], [0, 1, 0]])


def test_a_rare_label_is_not_found_wherever_another_is_in_doubt():
    # Three labels; the third is given once, and the model has hardly heard of it.
    p = np.array(
        [[0.9, 0.08, 0.02]] * 9 + [[0.6, 0.38, 0.02]] + [[0.1, 0.88, 0.02]] * 9 + [[0.5, 0.49, 0.01]]
    )
    given = np.array([0] * 10 + [1] * 9 + [2])
    assert confident_joint(p, given)[0].tolist() == [9, 0, 1]
    assert confident_joint(p, given, 5)[0].tolist() == [9, 0, 0]
    assert confident_joint(p, given, 5)[:, 2].tolist() == [0, 0, 0]


def test_a_label_that_is_never_given_is_never_found():
    joint = confident_joint(np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([0, 0]))
    assert joint[:, 1].tolist() == [0, 0]


def probabilities(true, bias, spread):
    logits = np.random.default_rng(0).normal(scale=spread, size=(len(true), 3))
    logits += 4 * np.eye(3)[true] - np.array([bias, 0, 0])
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def spoilt(true):
    """5 of a hundred of label 0 and 20 of label 1 are given as 2."""
    given = true.copy()
    for label, share in ((0, 0.05), (1, 0.2)):
        of_label = np.flatnonzero(true == label)
        given[of_label[: round(share * len(of_label))]] = 2
    return given


@pytest.mark.parametrize("bias", [0.0, 2.0])
def test_injected_noise_is_counted_whatever_the_confidence_in_a_label(bias):
    """The teacher is right, and less sure of one label than of the others."""
    true = np.repeat([0, 1, 2], 1000)
    joint = confident_joint(probabilities(true, bias, 0), spoilt(true))
    np.testing.assert_array_equal(joint, [[950, 0, 0], [0, 800, 0], [50, 200, 1000]])


def test_with_a_teacher_that_errs_by_chance_it_is_estimated():
    true = np.repeat([0, 1, 2], 1000)
    joint = confident_joint(probabilities(true, 0.5, 0.7), spoilt(true))
    wrong = 1 - joint.diagonal() / joint.sum(axis=1)
    assert wrong[:2].max() < 0.01
    assert 0.12 < wrong[2] < 0.22  # 250 in 1250
