"""Figures of a regression, of the error e = prediction − truth.

``mae`` = mean |e|, ``rmse`` = sqrt(mean e²), ``bias`` = mean e, ``mape`` = mean |e / y| where
y ≠ 0, ``r2`` = 1 − Σ e² / Σ (y − ȳ)²: exact sums of doubles, each rounded once. The variation
of the truth is computed without rounding, so that it is 0 for a constant truth, and R² then
undefined. ``residual_p5``, ``_p50`` and ``_p95`` are quantiles within 1 %, with bounds.
What overflows a double is undefined.

Intervals, all 95 %: Student's of the mean for ``mae``, ``bias`` and ``mape``; for ``rmse`` the
roots of the ends of that of e². Quantiles: between two errors by rank, sound for every
distribution (see :func:`~stream_monitor.statistics.intervals.quantile_ranks`), widened by what
is not known of these. ``r2`` has none: it would need the joint fourth moments of error and truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from stream_monitor.detectors.figure import Figure, finite, mean
from stream_monitor.statistics.intervals import quantile_ranks
from stream_monitor.summaries.residuals import ResidualSummary

QUANTILES = {"residual_p5": 0.05, "residual_p50": 0.5, "residual_p95": 0.95}


def regression_figures(residuals: ResidualSummary) -> Mapping[str, Figure]:
    """All figures by monitor; undefined (``None``) without rows."""
    n, sums = residuals.n, residuals.sums
    relative = n - residuals.zero_truths
    return {
        "mae": mean(sums.absolute, sums.squared, n, 0.0),
        "rmse": _root(mean(sums.squared, sums.fourth, n, 0.0)),
        "bias": mean(sums.error, sums.squared, n),
        "mape": mean(sums.relative, sums.relative_squared, relative, 0.0),
        "r2": finite(_r2(residuals), n),
        **{name: _quantile(residuals, q) for name, q in QUANTILES.items()},
    }


def _root(square: Figure) -> Figure:
    value, lower, upper = (
        None if end is None else math.sqrt(end)
        for end in (square.value, square.lower, square.upper)
    )
    return Figure(value, square.n, lower, upper)


def _r2(residuals: ResidualSummary) -> float | None:
    variation = residuals.total_variation()
    squared = residuals.sums.squared
    if variation is None or variation <= 0 or not math.isfinite(squared.value):
        return None
    try:
        return float(1 - Fraction(squared.units, 1 << 1074) / variation)
    except OverflowError:
        return None


def _quantile(residuals: ResidualSummary, q: float) -> Figure:
    found = residuals.quantile(q)
    if found is None:
        return Figure(None, 0)
    ranks = quantile_ranks(q, residuals.n)
    lower = None if ranks.lower is None else residuals.at_rank(ranks.lower).lower
    upper = None if ranks.upper is None else residuals.at_rank(ranks.upper).upper
    return Figure(found.value, residuals.n, lower, upper, found.lower, found.upper)
