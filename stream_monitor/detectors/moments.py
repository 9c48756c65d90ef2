"""Moments of what a row loses, from the summaries' exact sums."""

from __future__ import annotations

import math

from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.means import Moments
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary

_UNIT = 1 << 1074
#: Squares are rounded once each: a variance below this share of their mean may be nothing else.
_NOISE = 2.0**-50


def error(residuals: ResidualSummary) -> Moments | None:
    """Of prediction − truth. ``None`` with fewer than two rows, or what overflows a double.

    A variance that may be rounding only is 0.
    """
    return _moments(residuals.n, residuals.sums.error, residuals.sums.squared)


def absolute_error(residuals: ResidualSummary) -> Moments | None:
    """Of |prediction − truth|; as :func:`error`."""
    return _moments(residuals.n, residuals.sums.absolute, residuals.sums.squared)


def squared_loss(scored: ScoredSummary) -> Moments | None:
    """Of (s − y)²; as :func:`error`."""
    return _moments(scored.n, scored.sums.squared_error, scored.sums.squared_error_squares)


def log_loss(scored: ScoredSummary) -> Moments | None:
    """Of −ln of the score of the label; as :func:`error`."""
    return _moments(scored.n, scored.sums.log_loss, scored.sums.log_loss_squares)


def class_log_loss(loss: ClassLossSummary) -> Moments | None:
    """Of −ln of the score of the label, of many classes; as :func:`error`."""
    return _moments(loss.n, loss.log_loss, loss.squares)


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
