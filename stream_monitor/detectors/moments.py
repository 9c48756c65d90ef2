"""Moments of what a row loses, as far as the summaries know them.

Of residuals they are exact. Of scores only the mean of a loss is: the sum of its squares is taken
from the counts of 1,000 score bins, each row's as large as its bin allows, so that a variance is
never too small. A sum of squares in :class:`ScoredSummary` would take the place of
:func:`_greatest_squared_loss` and :func:`_greatest_squared_log_loss`, and of nothing else.
"""

from __future__ import annotations

import math

import numpy as np

from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.means import Moments
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import BINS, CLIP, ScoredSummary

_UNIT = 1 << 1074
#: Squares are rounded once each: a variance below this share of their mean may be nothing else.
_NOISE = 2.0**-50
_LEAST, _MOST = np.arange(BINS) / BINS, np.arange(1, BINS + 1) / BINS  # scores of a bin
_WORST = -math.log(min(CLIP, 1 - (1 - CLIP)))


def error(residuals: ResidualSummary) -> Moments | None:
    """Of prediction − truth. ``None`` with fewer than two rows, or what overflows a double.

    A variance that may be rounding only is 0.
    """
    return _moments(residuals.n, residuals.sums.error, residuals.sums.squared)


def absolute_error(residuals: ResidualSummary) -> Moments | None:
    """Of |prediction − truth|; as :func:`error`."""
    return _moments(residuals.n, residuals.sums.absolute, residuals.sums.squared)


def squared_loss(scored: ScoredSummary) -> Moments | None:
    """Of (s − y)²; the variance is at most 0.4 % of the mean loss (and 1e-11) too large."""
    return _bounded(scored.n, scored.squared_error, _greatest_squared_loss(scored))


def log_loss(scored: ScoredSummary) -> Moments | None:
    """Of −ln of the score of the label; the variance is what the bins allow at most.

    That is close to it, but for rows of the two outermost bins that are wrong: each of those may
    have lost up to 34.5, as long as all of them lose no more than there is.
    """
    return _bounded(scored.n, scored.log_loss, _greatest_squared_log_loss(scored))


def _moments(n: int, total: ExactSum, squares: ExactSum) -> Moments | None:
    if n < 2 or not (math.isfinite(total.value) and math.isfinite(squares.value)):
        return None
    spread = n * squares.units * _UNIT - total.units * total.units
    try:
        variance = spread / (_UNIT * _UNIT * n * (n - 1))
    except OverflowError:
        return None
    if variance <= _NOISE * squares.over(n):
        variance = 0.0
    return Moments(n, total.over(n), variance)


def _bounded(n: int, total: ExactSum, greatest_squares: float) -> Moments | None:
    if n < 2:
        return None
    mean = total.over(n)
    return Moments(n, mean, max(greatest_squares - n * mean * mean, 0.0) / (n - 1))


def _greatest_squared_loss(scored: ScoredSummary) -> float:
    return float(scored.positives @ (1 - _LEAST) ** 4 + scored.negatives @ _MOST**4)


def _greatest_squared_log_loss(scored: ScoredSummary) -> float:
    """Σ loss² at most. Squares are convex: the outermost rows' are greatest if few lose all."""
    positives, negatives = scored.positives[1:], scored.negatives[:-1]
    worst_positive, worst_negative = -np.log(_LEAST[1:]), -np.log1p(-_MOST[:-1])
    known = float(positives @ worst_positive**2 + negatives @ worst_negative**2)
    outermost = int(scored.positives[0] + scored.negatives[-1])
    if not outermost:
        return known
    at_least = float(positives @ -np.log(_MOST[1:]) + negatives @ -np.log1p(-_LEAST[:-1]))
    lost = min(max(scored.log_loss.value - at_least, 0.0), outermost * _WORST)
    return known + lost * _WORST
