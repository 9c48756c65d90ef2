"""Two-sided confidence intervals of shares, means, quantiles and differences, at a fixed time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stream_monitor.statistics.sizes import checked_level

if TYPE_CHECKING:
    from stream_monitor.statistics.exact_sum import ExactSum

_UNIT_BITS = 1074  # an exact sum is a multiple of 2^-1074


class Interval(NamedTuple):
    """A two-sided confidence interval, lower ≤ upper."""

    lower: float
    upper: float


class Ranks(NamedTuple):
    """Ranks from 0 among n sorted values; ``None``: there is no value that far out."""

    lower: int | None
    upper: int | None


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share (JASA 22, 1927), inside [0, 1], sound at 0 and at n.

    Without rows it is [0, 1]. Raises ValueError unless 0 ≤ successes ≤ n and 0 < confidence < 1.

    >>> lower, upper = wilson(0, 10)
    >>> (round(lower, 3), round(upper, 3))
    (0.0, 0.278)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} rows")
    return wilson_of_share(successes / n if n else 0.0, n, confidence)


def wilson_of_share(share: float, rows: float, confidence: float = 0.95) -> Interval:
    """The same of a share in [0, 1] of that many rows, which need not be whole numbers.

    With the ``rows`` of :func:`effective_rows` it is an interval of any figure in [0, 1].
    """
    z = float(special.ndtri(0.5 + checked_level(confidence) / 2))
    if rows <= 0:
        return Interval(0.0, 1.0)
    weight = z * z / rows
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / rows + weight / (4 * rows)) / (1 + weight)
    return Interval(
        0.0 if share <= 0 else max(middle - half, 0.0),
        1.0 if share >= 1 else min(middle + half, 1.0),
    )


def newcombe(
    successes1: int, n1: int, successes2: int, n2: int, confidence: float = 0.95
) -> Interval:
    """The interval of a difference p₁ − p₂ of shares of separate rows, inside [-1, 1].

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): Wilson's two
    intervals, squared and added. Without rows on a side it is [-1, 1]. Raises ValueError as
    :func:`wilson`.
    """
    first, second = wilson(successes1, n1, confidence), wilson(successes2, n2, confidence)
    if not n1 or not n2:
        return Interval(-1.0, 1.0)
    return squared_and_added(successes1 / n1, first, successes2 / n2, second)


def squared_and_added(
    value1: float, interval1: Interval, value2: float, interval2: Interval
) -> Interval:
    """The interval of ``value1 - value2`` from those of two independent estimates.

    Each bound is as far from the difference as the hypotenuse of the distances of the two bounds
    it comes from (Zou and Donner, Statistics in Medicine 27, 2008).
    """
    difference = value1 - value2
    down = math.hypot(value1 - interval1.lower, interval2.upper - value2)
    up = math.hypot(interval1.upper - value1, value2 - interval2.lower)
    return Interval(difference - down, difference + up)


def effective_rows(share: float, variance: float, most: float) -> float:
    """How many rows would give a plain share this variance: v (1 − v) / variance, at most ``most``.

    After Korn and Graubard (Survey Methodology 24, 1998), for figures in [0, 1] that are no
    plain shares. ``most`` stands in where a sample has too little variance to tell, at 0 and 1.
    """
    spread = share * (1 - share)
    return spread / variance if 0 < spread < variance * most else most


def mean_interval(
    total: ExactSum, squares: ExactSum, n: int, confidence: float = 0.95
) -> Interval | None:
    """Student's interval of a mean, from the exact sums of ``n`` terms and of their squares.

    The variance is the difference of the sums without rounding. ``None`` for fewer than two
    terms, and where something has overflown.
    """
    if n < 2 or not (math.isfinite(total.value) and math.isfinite(squares.value)):
        return None
    variation = max((squares.units << _UNIT_BITS) * n - total.units**2, 0)
    try:
        error = math.sqrt(variation / ((n * n * (n - 1)) << (2 * _UNIT_BITS)))
    except OverflowError:
        return None
    half = float(special.stdtrit(n - 1, 0.5 + checked_level(confidence) / 2)) * error
    middle = total.over(n)
    return Interval(middle - half, middle + half)


def quantile_ranks(q: float, n: int, confidence: float = 0.95) -> Ranks:
    """The sorted values between which the q-quantile of a population is, 0 < q < 1.

    So many of n values are at most the quantile as Binomial(n, q) says, whatever their
    distribution (Conover, "Practical Nonparametric Statistics", 3rd ed., ch. 3.2); each side
    misses with a chance of at most (1 − confidence) / 2.
    """
    tail = (1 - checked_level(confidence)) / 2
    reach = 8 * math.sqrt(n * q * (1 - q)) + 8
    first = max(0, math.floor(n * q - reach))
    counts = np.arange(first, min(n, math.ceil(n * q + reach)) + 1)
    chances = special.bdtr(counts, n, q)
    lower = first + int(chances.searchsorted(tail, side="right"))
    upper = first + int(chances.searchsorted(1 - tail, side="left"))
    return Ranks(lower - 1 if lower else None, upper if upper < n else None)
