from __future__ import annotations

import numpy as np
import pytest

from edgekd.errors import UsageError
from edgekd.runtime.decode import softmax
from edgekd.teachers.opinions import UNKNOWN, Opinions
from edgekd.teachers.weights import Weighting, by_confidence

P = np.array([[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.1, 0.3, 0.6], [0.3, 0.3, 0.4]]])
BOTH = Opinions(np.log(P) + 3, np.ones((2, 2), bool))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_where_the_label_is_known_its_probability_decides(temperature):
    weights = by_confidence(BOTH, np.array([0, 2]), temperature)
    wanted = P[:, [0, 1], [0, 2]] ** (1 / temperature)
    np.testing.assert_allclose(weights, wanted / wanted.sum(axis=0), rtol=1e-9)


def test_where_it_is_not_known_the_entropy_decides():
    weights = by_confidence(BOTH, np.array([UNKNOWN, UNKNOWN]), 0.5)
    entropy = -(P * np.log(P)).sum(axis=-1)
    np.testing.assert_allclose(weights, softmax(-entropy.T / 0.5).T, rtol=1e-9)
    assert (weights[0] > weights[1]).all()


def test_a_teacher_that_says_nothing_has_no_weight():
    silent = Opinions(BOTH.logits, np.array([[True, False], [True, True]]))
    weights = by_confidence(silent, np.array([0, 1]), 1.0)
    assert weights[:, 1].tolist() == [0, 1]
    assert 0 < weights[1, 0] < weights[0, 0]


@pytest.mark.parametrize(
    ("spelling", "wanted"),
    [
        ("mean", Weighting()),
        ("dev", Weighting("dev")),
        ("confidence", Weighting("confidence", temperature=1)),
        ("confidence:0.5", Weighting("confidence", temperature=0.5)),
        ("0.7, 0.3", Weighting("fixed", (0.7, 0.3))),
        ("0,2,1", Weighting("fixed", (0, 2, 1))),
    ],
)
def test_spellings(spelling, wanted):
    assert Weighting.parse(spelling) == wanted


@pytest.mark.parametrize(
    "spelling",
    ["", "best", "mean:2", "confidence:0", "confidence:x", "confidence:inf", "0.7,", "-1,2", "0,0", "nan,1"],
)
def test_what_does_not_say_how_is_refused(spelling):
    with pytest.raises(UsageError, match="0.7,0.3"):
        Weighting.parse(spelling)
