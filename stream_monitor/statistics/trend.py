"""Is there a trend in a short series, and which? By ranks and medians, without a distribution."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, read_only


class Slope(NamedTuple):
    """A slope with its two-sided interval, in units of the values a unit of time."""

    value: float
    lower: float
    upper: float


def mann_kendall(values: FloatArray) -> tuple[int, float]:
    """Kendall's S (pairs that rise less pairs that fall) and its exact two-sided p-value.

    float64 (n,), in the order of time. The p-value is that of n values in random order without
    ties (Mann 1945, Kendall 1975); ties make it conservative. 1.0 below three values.

    >>> mann_kendall(np.array([1.0, 2.0, 3.0, 4.0]))
    (6, 0.08333333333333333)
    """
    n = values.size
    if n < 3:
        return 0, 1.0
    first, second = np.triu_indices(n, 1)
    s = int(np.sign(values[second] - values[first]).sum())
    inversions = (first.size - abs(s)) // 2
    return s, min(1.0, 2 * float(_inversions(n)[: inversions + 1].sum()))


def theil_sen(times: FloatArray, values: FloatArray, level: float = 0.05) -> Slope:
    """The median of the slopes of all pairs (Theil 1950, Sen 1968), with Sen's interval.

    ``times`` ascend strictly. The interval holds the true slope with a chance of at least
    1 − level if the deviations from the line are exchangeable. ValueError below three values.
    """
    if values.size < 3:
        raise ValueError("a slope needs three values")
    first, second = np.triu_indices(values.size, 1)
    slopes = np.sort((values[second] - values[first]) / (times[second] - times[first]))
    below = np.cumsum(_inversions(values.size))
    # As many slopes as may lie beyond either end: fewer than that is rarer than level / 2.
    beyond = int(below.searchsorted(level / 2, side="right"))
    last = slopes.size - 1
    return Slope(
        float(np.median(slopes)),
        float(slopes[min(beyond, last // 2)]),
        float(slopes[max(last - beyond, last - last // 2)]),
    )


def best_step(values: FloatArray) -> float:
    """The sum of the absolute deviations from the best two levels, one after the other."""
    if values.size < 2:
        return 0.0
    return min(_spread(values[:at]) + _spread(values[at:]) for at in range(1, values.size))


def _spread(values: FloatArray) -> float:
    return float(np.abs(values - np.median(values)).sum())


@lru_cache(maxsize=64)
def _inversions(n: int) -> FloatArray:
    """The chance of each number of inversions in a random order of n, float64."""
    chances = np.ones(1)
    for size in range(2, n + 1):
        chances = np.convolve(chances, np.full(size, 1 / size))
    return read_only(chances)
