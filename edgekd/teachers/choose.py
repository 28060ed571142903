"""Weights of teachers chosen on dev.

The weights, not negative and adding up to 1, are those under which the mix gives dev's labels and tags the
greatest likelihood. The logits of the mix are linear in the weights and log-softmax is concave in the logits,
so the likelihood has one maximum; ascent by exponentiated gradients (Kivinen and Warmuth, 1997) finds it and
never leaves the simplex.

Against overfitting: there are as few numbers to choose as teachers; each half of dev is judged with the
weights of the other half; and unless that gains more likelihood over equal weights than one standard error of
the gain over dev's texts, the weights stay equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.teachers.opinions import log_softmax

_STEPS, _LEAST_STEP, _LEAST_GAIN = 500, 1e-4, 1e-8


@dataclass(frozen=True)
class Decisions:
    """Decisions of which the right choice is known, one after the other.

    Attributes:
        logits: (teachers, decisions, choices).
        right: (decisions,), the number of the right choice.
        text: (decisions,), the number of the text that each belongs to.
    """

    logits: NDArray[np.float64]
    right: NDArray[np.int64]
    text: NDArray[np.int64]

    def of_half(self, half: int) -> Decisions:
        """The decisions of the texts of even (0) or odd (1) number."""
        chosen = self.text % 2 == half
        return Decisions(self.logits[:, chosen], self.right[chosen], self.text[chosen])

    def log_p(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-probability of the right choices under the mix, (decisions,)."""
        log_p = log_softmax(np.tensordot(weights, self.logits, 1))
        return np.take_along_axis(log_p, self.right[:, None], axis=1)[:, 0]

    def gradient(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the sum of `log_p`, (teachers,): each teacher's logit of the right choice, less its mean under
        the mix."""
        p = np.exp(log_softmax(np.tensordot(weights, self.logits, 1)))
        of_right = np.take_along_axis(self.logits, self.right[None, :, None], axis=2).sum(axis=(1, 2))
        return of_right - np.einsum("kdc,dc->k", self.logits, p)


@dataclass(frozen=True)
class Choice:
    """What was found on dev.

    Attributes:
        weights: (teachers,), to be used.
        of_halves: the weights by which the texts of even and of odd number are judged, found on the others;
            equal ones where they did not gain enough.
        gain: in log-likelihood a text over equal weights, cross-fitted.
        standard_error: of the gain.
        texts: it was found on.
    """

    weights: NDArray[np.float64]
    of_halves: tuple[NDArray[np.float64], NDArray[np.float64]]
    gain: float
    standard_error: float
    texts: int


def choose(kinds: Sequence[Decisions], texts: int) -> Choice:
    """Choose the weights for a number of texts, of which each kind of decisions has some."""
    equal = np.full(len(kinds[0].logits), 1 / len(kinds[0].logits))
    even, odd = ([kind.of_half(half) for kind in kinds] for half in (0, 1))
    of_halves = likeliest(odd), likeliest(even)
    gains = np.zeros(texts)
    for judged, weights in zip((even, odd), of_halves, strict=True):
        for kind in judged:
            np.add.at(gains, kind.text, kind.log_p(weights) - kind.log_p(equal))
    gain = float(gains.mean())
    error = float(gains.std(ddof=1) / texts**0.5) if texts > 1 else float("inf")
    if gain > error:
        return Choice(likeliest(kinds), of_halves, gain, error, texts)
    return Choice(equal, (equal, equal), gain, error, texts)


def likeliest(kinds: Sequence[Decisions]) -> NDArray[np.float64]:
    """The weights under which the mix gives the right choices the greatest likelihood, (teachers,).

    Each step is w_k <- w_k exp(step * gradient_k), normalised; it is halved until the likelihood rises and
    doubled after it has.
    """
    weights = np.full(len(kinds[0].logits), 1 / len(kinds[0].logits))
    count = max(sum(len(kind.right) for kind in kinds), 1)
    value, step = _mean(kinds, weights, count), 1.0
    for _ in range(_STEPS):
        gradient = sum(kind.gradient(weights) for kind in kinds) / count
        while step > _LEAST_STEP:
            tried = weights * np.exp(step * (gradient - gradient.max()))
            tried /= tried.sum()
            if _mean(kinds, tried, count) > value:
                break
            step /= 2
        else:
            break
        weights, before, value = tried, value, _mean(kinds, tried, count)
        step *= 2
        if value - before < _LEAST_GAIN:
            break
    return weights


def _mean(kinds: Sequence[Decisions], weights: NDArray[np.float64], count: int) -> float:
    return float(sum(kind.log_p(weights).sum() for kind in kinds) / count)
