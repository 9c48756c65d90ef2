"""Confidence intervals of shares, and of differences, at a time fixed beforehand."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from stream_monitor.statistics.sizes import checked_level


class Interval(NamedTuple):
    """A two-sided confidence interval, lower ≤ upper."""

    lower: float
    upper: float


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share (JASA 22, 1927), inside [0, 1], sound at 0 and at n.

    Without rows it is [0, 1]. Raises ValueError unless 0 ≤ successes ≤ n and 0 < confidence < 1.

    >>> lower, upper = wilson(0, 10)
    >>> (round(lower, 3), round(upper, 3))
    (0.0, 0.278)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} rows")
    z = float(special.ndtri(0.5 + checked_level(confidence) / 2))
    if n == 0:
        return Interval(0.0, 1.0)
    share = successes / n
    weight = z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return Interval(
        0.0 if successes == 0 else max(middle - half, 0.0),
        1.0 if successes == n else min(middle + half, 1.0),
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
