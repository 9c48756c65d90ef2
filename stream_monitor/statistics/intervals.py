"""Confidence intervals of shares."""

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
