"""How much each of several teachers counts.

mean            all alike
0.7,0.3         as given, one number for each
confidence      by each example, and by each unit for slots: w_k = softmax over k of log p_k(y|x) / T where
                the data's label y is known, of minus the entropy of p_k(.|x) / T where it is not
confidence:0.5  the same with T = 0.5, which follows the surer teacher more; T is 1 otherwise
dev             chosen on dev, once for all texts (`edgekd.teachers.choose`)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import UsageError
from edgekd.teachers.opinions import Opinions, log_softmax

_SPELLINGS = "mean, dev, confidence, confidence:TEMPERATURE, or a number for each teacher such as 0.7,0.3"


@dataclass(frozen=True)
class Weighting:
    """How teachers are weighed; `parse` reads it.

    Attributes:
        weights: of "fixed", one for each teacher, not negative.
        temperature: of "confidence".
    """

    kind: Literal["mean", "fixed", "confidence", "dev"] = "mean"
    weights: tuple[float, ...] = ()
    temperature: float = 1.0

    @classmethod
    def parse(cls, spelling: str) -> Weighting:
        """Raises UsageError for anything but what the module lists."""
        kind, _, temperature = spelling.partition(":")
        try:
            if spelling in ("mean", "dev"):
                return cls(spelling)
            if kind == "confidence":
                weighting = cls(kind, temperature=float(temperature or 1))
                right = 0 < weighting.temperature < float("inf")
            else:
                weighting = cls("fixed", tuple(float(part) for part in spelling.split(",")))
                right = min(weighting.weights) >= 0 and 0 < sum(weighting.weights) < float("inf")
        except ValueError:
            right = False
        if not right:
            raise UsageError(
                f"{spelling!r} does not say how teachers are weighed",
                expected=f"{_SPELLINGS}; no number below 0, and one above",
            )
        return weighting


def by_confidence(opinions: Opinions, right: NDArray[np.int64], temperature: float) -> NDArray[np.float64]:
    """Weights by confidence, (teachers, decisions).

    Args:
        right: (decisions,), the right choice, or a negative number where it is not known.
    """
    log_p = log_softmax(opinions.logits)
    of_right = np.take_along_axis(log_p, np.maximum(right, 0)[None, :, None], axis=-1)[..., 0]
    minus_entropy = (np.exp(log_p) * log_p).sum(axis=-1)
    trust = np.where(right >= 0, of_right, minus_entropy) / temperature
    return np.exp(log_softmax(np.where(opinions.known, trust, -np.inf).T)).T
