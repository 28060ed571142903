"""How many labels are wrong: confident learning.

Northcutt, Jiang and Chuang, 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3.
Of each label j, the threshold t_j is the mean probability of j over the examples that are given as j. The
confident joint C[i][j] counts the examples given as i whose probability of j is at least t_j; of several such
j, the most probable. The share of i that is wrong is estimated as 1 - C[i][i] / sum_j C[i][j].

The probabilities must come from a model that has not learned from these very labels. What such a model is
sure of and wrong about counts as a wrong label too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-6


def confident_joint(p: NDArray[np.floating], given: NDArray[np.int64], fewest: int = 1) -> NDArray[np.int64]:
    """The counts C, (labels, labels): given, and confidently found.

    Args:
        p: (examples, labels), probabilities.
        given: (examples,), the numbers of the given labels.
        fewest: examples that a label must be given to for it to be found. The threshold of a rare label,
            which a model hardly knows, is near zero, and would find it wherever another is in doubt.
    """
    labels = p.shape[1]
    counts = np.bincount(given, minlength=labels)
    own = np.bincount(given, weights=p[np.arange(len(p)), given], minlength=labels)
    # The mean of equal numbers may be rounded above them.
    thresholds = np.where(counts >= max(fewest, 1), own / np.maximum(counts, 1) - _ROUNDING, np.inf)
    passing = np.where(p >= thresholds, p, -1.0)
    found = passing.argmax(axis=1)
    confident = passing.max(axis=1) >= 0
    joint = np.zeros((labels, labels), np.int64)
    np.add.at(joint, (given[confident], found[confident]), 1)
    return joint
