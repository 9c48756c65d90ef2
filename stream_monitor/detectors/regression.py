"""Figures of a regression, of the error e = prediction − truth.

``mae`` = mean |e|, ``rmse`` = sqrt(mean e²), ``bias`` = mean e, ``mape`` = mean |e / y| where
y ≠ 0, ``r2`` = 1 − Σ e² / Σ (y − ȳ)²: exact sums of doubles, each rounded once. The variation
of the truth is computed without rounding, so that it is 0 for a constant truth, and R² then
undefined. ``residual_p5``, ``_p50`` and ``_p95`` are quantiles within 1 %, with bounds.
What overflows a double is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from stream_monitor.detectors.figure import Figure, finite
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.summaries.residuals import ResidualSummary

QUANTILES = {"residual_p5": 0.05, "residual_p50": 0.5, "residual_p95": 0.95}


def regression_figures(residuals: ResidualSummary) -> Mapping[str, Figure]:
    """All figures by monitor; undefined (``None``) without rows."""
    n, sums = residuals.n, residuals.sums
    relative = n - residuals.zero_truths
    square = _mean(sums.squared, n)
    return {
        "mae": finite(_mean(sums.absolute, n), n),
        "rmse": finite(None if square is None else math.sqrt(square), n),
        "bias": finite(_mean(sums.error, n), n),
        "mape": finite(_mean(sums.relative, relative), relative),
        "r2": finite(_r2(residuals), n),
        **{name: _quantile(residuals, q) for name, q in QUANTILES.items()},
    }


def _mean(total: ExactSum, n: int) -> float | None:
    return total.over(n) if n else None


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
    return Figure(found.value, residuals.n, found.lower, found.upper)
