"""Probabilities that mean what they say: one temperature for the label logits, fitted on dev.

Temperature scaling is from Guo et al., 2017, "On Calibration of Modern Neural Networks", section 4.2. It
changes no decision: the order of the logits, and which of them are above 0, stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.runtime.decode import sigmoid, softmax

BINS = 15
"""Of the expected calibration error, as in the paper."""

LOWEST, HIGHEST = 0.1, 10.0
"""Temperatures that are tried."""

_HALVINGS = 50


@dataclass(frozen=True)
class Calibration:
    """What was found on dev.

    Attributes:
        temperature: fitted on all of dev.
        ece: expected calibration error with a temperature, 0 to 1, cross-fitted: each half of dev is judged
            with the temperature of the other half.
        ece_before: of the logits as they were.
    """

    temperature: float
    ece: float
    ece_before: float


def calibrate(logits: NDArray[np.floating], truth: NDArray[np.bool_], *, exclusive: bool) -> Calibration:
    """Find the temperature by which the label logits are to be divided.

    Args:
        logits: (texts, labels), of dev.
        truth: (texts, labels), whether the text has the label.
        exclusive: each text has one label, and probabilities are a softmax; else each label is decided by
            itself, and they are sigmoids.
    """
    logits = logits.astype(np.float64)
    scaled = logits.copy()
    for fitted, judged in halves(len(logits)):
        scaled[judged] /= fit_temperature(logits[fitted], truth[fitted], exclusive=exclusive)
    return Calibration(
        temperature=fit_temperature(logits, truth, exclusive=exclusive),
        ece=_ece_of(scaled, truth, exclusive),
        ece_before=_ece_of(logits, truth, exclusive),
    )


def fit_temperature(logits: NDArray[np.floating], truth: NDArray[np.bool_], *, exclusive: bool) -> float:
    """The temperature of the least negative log-likelihood, between LOWEST and HIGHEST.

    The likelihood is concave in 1 / temperature, so that bisecting the sign of its slope finds the best.
    Where it still rises at LOWEST, no text is on the wrong side and dev does not tell how sure to be: then
    it is 1.

    Args: as for `calibrate`.
    """

    def too_cold(temperature: float) -> bool:
        probabilities = (softmax if exclusive else sigmoid)(logits / temperature)
        return float(((probabilities - truth) * logits).sum()) > 0

    if not len(logits) or not too_cold(LOWEST):
        return 1.0
    low, high = LOWEST, HIGHEST
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if too_cold(middle) else (low, middle)
    return high


def expected_calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """The mean distance between confidence and accuracy (Guo et al., 2017, equation 3).

    Over BINS bins of equal width from 0 to 1, each weighted by its share of the decisions.

    Args:
        confidence: (decisions,), probabilities.
        right: (decisions,), whether it was so.
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def halves(count: int) -> Iterator[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Both ways to fit on one half and judge the other: every second text, so that order does no harm."""
    even, odd = np.arange(0, count, 2), np.arange(1, count, 2)
    yield even, odd
    yield odd, even


def _ece_of(logits: NDArray[np.float64], truth: NDArray[np.bool_], exclusive: bool) -> float:
    """Of the chosen label where there is one, and of every pair of text and label where there are any."""
    if not exclusive:
        return expected_calibration_error(sigmoid(logits).ravel(), truth.ravel())
    chosen = logits.argmax(axis=1)
    return expected_calibration_error(softmax(logits).max(axis=1), truth[np.arange(len(chosen)), chosen])
