"""The temperature is the one that the labels were drawn with, and calibration error counts what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.distill.calibration import (
    HIGHEST,
    LOWEST,
    calibrate,
    expected_calibration_error,
    fit_temperature,
)
from edgekd.runtime.decode import sigmoid, softmax


def drawn(temperature: float, *, exclusive: bool, texts: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from their probabilities at a temperature."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 3, (texts, 5))
    if not exclusive:
        return logits, rng.random(logits.shape) < sigmoid(logits / temperature)
    below = rng.random((texts, 1)) < softmax(logits / temperature).cumsum(axis=1)
    return logits, np.eye(5, dtype=bool)[below.argmax(axis=1)]


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_data_is_found(temperature: float, exclusive: bool) -> None:
    logits, truth = drawn(temperature, exclusive=exclusive)
    found = calibrate(logits, truth, exclusive=exclusive)
    assert found.temperature == pytest.approx(temperature, rel=0.05)
    assert found.ece < 0.015
    if temperature != 1:
        assert found.ece_before > 3 * found.ece


def test_no_other_temperature_has_a_smaller_loss() -> None:
    logits, truth = drawn(1.7, exclusive=True, texts=300)

    def loss(temperature: float) -> float:
        return -float(np.log(softmax(logits / temperature)[truth]).sum())

    best = fit_temperature(logits, truth, exclusive=True)
    assert loss(best) < min(loss(best * 1.01), loss(best / 1.01))


def test_again_it_is_one() -> None:
    logits, truth = drawn(2.5, exclusive=True)
    logits /= fit_temperature(logits, truth, exclusive=True)
    assert fit_temperature(logits, truth, exclusive=True) == pytest.approx(1.0)


def test_where_dev_does_not_tell() -> None:
    right = np.eye(3, dtype=bool)
    assert fit_temperature(4.0 * right, right, exclusive=True) == 1.0  # the colder, the likelier, without end
    assert fit_temperature(np.zeros((0, 3)), np.zeros((0, 3), bool), exclusive=True) == 1.0
    assert fit_temperature(4.0 * right, ~right, exclusive=False) == pytest.approx(HIGHEST)


@given(
    st.lists(st.tuples(st.floats(-50, 50, width=32), st.booleans()), min_size=1, max_size=20), st.booleans()
)
def test_any_dev_gives_a_temperature(pairs: list[tuple[float, bool]], exclusive: bool) -> None:
    logits = np.array([[logit, 0.0] for logit, _ in pairs])
    truth = np.array([[said, not said] for _, said in pairs])
    found = calibrate(logits, truth, exclusive=exclusive)
    assert LOWEST <= found.temperature <= HIGHEST
    assert 0 <= found.ece <= 1 and 0 <= found.ece_before <= 1


def test_expected_calibration_error_by_hand() -> None:
    confidence = np.array([0.91, 0.91, 0.91, 0.91, 0.5, 1.0])
    right = np.array([True, True, True, False, False, True])
    # Bins: 0.91 four times with three right, 0.5 once and wrong, 1.0 once and right.
    expected = (4 * abs(0.91 - 0.75) + 1 * 0.5 + 1 * 0.0) / 6
    assert expected_calibration_error(confidence, right) == pytest.approx(expected)


def test_the_error_is_measured_on_the_other_half() -> None:
    """Each half of dev needs another temperature, so that neither serves the other."""
    logits, truth = drawn(1.0, exclusive=True)
    logits[::2] *= 3
    found = calibrate(logits, truth, exclusive=True)
    cold = np.where(np.arange(len(logits)) % 2, 3.0, 1.0)[:, None]
    chosen = logits.argmax(axis=1)
    expected = expected_calibration_error(
        softmax(logits / cold).max(axis=1), truth[np.arange(len(truth)), chosen]
    )
    assert found.ece == pytest.approx(expected, abs=0.01)
    assert found.ece > 0.1
