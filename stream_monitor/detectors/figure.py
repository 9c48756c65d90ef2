"""A performance metric as a value with what it is of, and how sure it is."""

from __future__ import annotations

import math
from typing import NamedTuple

from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.intervals import mean_interval, wilson


class Figure(NamedTuple):
    """A metric with the number of events it is of; ``None`` is undefined.

    ``lower`` and ``upper`` are its two-sided 95 % confidence interval, the events being a
    sample of what the model does; ``None`` where there is none, or none on this side.
    ``least`` and ``most`` bound the metric of these very events where ``value`` is not exact;
    ``None`` where it is. The interval allows for the bounds.
    """

    value: float | None
    n: int
    lower: float | None = None
    upper: float | None = None
    least: float | None = None
    most: float | None = None


def share(part: int, whole: int) -> Figure:
    """A share of counts with Wilson's interval."""
    if not whole:
        return Figure(None, 0)
    lower, upper = wilson(part, whole)
    return Figure(part / whole, whole, lower, upper)


def finite(value: float | None, n: int) -> Figure:
    """A figure without an interval; what has overflown is undefined."""
    return Figure(value if value is not None and math.isfinite(value) else None, n)


def mean(
    total: ExactSum,
    squares: ExactSum,
    n: int,
    lowest: float = -math.inf,
    highest: float = math.inf,
) -> Figure:
    """A mean of ``n`` terms with Student's interval, cut to what a term can be.

    ``squares`` is the sum of the squared terms. One term has no interval.
    """
    figure = finite(total.over(n) if n else None, n)
    found = mean_interval(total, squares, n)
    if figure.value is None or found is None or not math.isfinite(found.upper - found.lower):
        return figure
    return figure._replace(lower=max(found.lower, lowest), upper=min(found.upper, highest))
