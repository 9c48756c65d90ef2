"""A performance metric as a value with what it is of."""

from __future__ import annotations

import math
from typing import NamedTuple

from stream_monitor.statistics.intervals import wilson


class Figure(NamedTuple):
    """A metric with the number of events it is of; ``None`` is undefined.

    ``lower`` and ``upper`` bound the value, or are its confidence interval.
    """

    value: float | None
    n: int
    lower: float | None = None
    upper: float | None = None


def share(part: int, whole: int) -> Figure:
    """A share of counts with its 95 % interval (Wilson)."""
    if not whole:
        return Figure(None, 0)
    lower, upper = wilson(part, whole)
    return Figure(part / whole, whole, lower, upper)


def finite(value: float | None, n: int) -> Figure:
    """A figure without an interval; what has overflown is undefined."""
    return Figure(value if value is not None and math.isfinite(value) else None, n)
