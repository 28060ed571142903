"""How far a metric would move if the data had been drawn again: the bootstrap over examples.

Examples are drawn with replacement within each language (Efron and Tibshirani, "An Introduction to the
Bootstrap", 1993, chapter 13), the same for both sides of a comparison, so that an example that is hard for
both moves neither. Intervals are the 2.5th to the 97.5th percentile of 1,000 resamplings, from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgekd.metrics import Tallies, metric_of

OVERALL = "all"

Interval = tuple[float, float]
"""Low and high."""

Statistic = Callable[..., np.ndarray]

_RESAMPLES, _CONFIDENCE, _AT_ONCE = 1000, 95.0, 100


def intervals(statistic: Statistic, sides: Sequence[Tallies]) -> dict[str, dict[str, Interval | None]]:
    """Intervals of a statistic, by language (OVERALL among them) and metric.

    Args:
        statistic: of the metric of each side, float (resamples,), to numbers of that shape; where it is not
            finite, the resampling says nothing.
        sides: tallies of the same examples in the same order.

    Returns:
        None where no resampling says anything.
    """
    rng = np.random.default_rng(0)
    languages = sides[0].languages
    metrics = list(sides[0].hits)
    columns = np.stack(
        [part[metric] for metric in metrics for side in sides for part in (side.hits, side.of)], axis=1
    )
    sums: dict[str, np.ndarray] = {}
    for language in np.unique(languages):
        sums[str(language)] = _resampled_sums(columns[languages == language], rng)
    sums = {OVERALL: np.sum(list(sums.values()), axis=0)} | sums
    found: dict[str, dict[str, Interval | None]] = {}
    for language, drawn in sums.items():
        by_metric = drawn.reshape(_RESAMPLES, len(metrics), len(sides), 2)
        found[language] = {
            metric: _interval(statistic(*metric_of(by_metric[:, place, :, 0], by_metric[:, place, :, 1]).T))
            for place, metric in enumerate(metrics)
        }
    return found


def retention_of(student: np.ndarray, teacher: np.ndarray) -> np.ndarray:
    """S / T, not a number where the teacher has nothing."""
    return np.divide(student, teacher, out=np.full_like(student, np.nan), where=teacher > 0)


def _resampled_sums(columns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Column sums of resampled rows, float (resamples, columns)."""
    count = len(columns)
    shares = np.full(count, 1 / count)
    parts = [
        rng.multinomial(count, shares, size=_AT_ONCE).astype(np.float64) @ columns
        for _ in range(_RESAMPLES // _AT_ONCE)
    ]
    return np.concatenate(parts)


def _interval(drawn: np.ndarray) -> Interval | None:
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return None
    tail = (100.0 - _CONFIDENCE) / 2
    low, high = np.percentile(drawn, [tail, 100.0 - tail]).tolist()
    return low, high
