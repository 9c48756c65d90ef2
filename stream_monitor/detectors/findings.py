"""The drift monitors themselves: what each finds in one column of a window.

Every one gives its statistic, the threshold at a level, the p-value and an effect. The effect
does not depend on the sample size. ``ks``, ``l_infinity``: the statistic itself. ``chi_square``:
L∞, the greatest change of a share. ``psi`` and ``jensen_shannon``: less the mean under the null,
not below 0. ``wasserstein``: in standard deviations of the reference, and ``None`` where that is 0.

``jensen_shannon`` is the distance, sqrt(JSD / ln 2) in [0, 1]. ``least`` and ``most`` of
``wasserstein`` bound its statistic; all other statistics are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from scipy import special

from stream_monitor.reference.model import NumericColumn
from stream_monitor.statistics import categorical, jensen_shannon, ks, psi, wasserstein
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.statistics.binned import Cuts, bin_counts, quantile_cuts
from stream_monitor.statistics.grid import Grid
from stream_monitor.statistics.wasserstein import WassersteinNull
from stream_monitor.summaries.numeric import NumericSummary


class Finding(NamedTuple):
    """What one monitor found in one column; a ``threshold`` of inf is never passed."""

    statistic: float
    threshold: float
    p_value: float
    effect: float | None
    least: float | None = None
    most: float | None = None


class NumericCase(NamedTuple):
    """A numeric column of a window against its reference, both with at least one value."""

    column: NumericColumn
    window: NumericSummary
    alpha: float
    bins: int

    @property
    def n(self) -> int:
        return self.window.n

    @property
    def m(self) -> int:
        return self.column.grid.total


class CategoricalCase(NamedTuple):
    """The same categories in both samples, int64; the last cell is for all other values."""

    reference: IntArray
    window: IntArray
    alpha: float


def find_ks(case: NumericCase) -> Finding:
    """The Kolmogorov-Smirnov test: exact statistic; threshold by the fast conservative law,
    p-value by the closer one, equal to scipy's ``ks_2samp(method="asymp")``."""
    statistic = ks.ks_statistic(case.column.grid, case.window.counts)
    return Finding(
        statistic=statistic,
        threshold=ks.ks_threshold(case.alpha, case.n, case.m),
        p_value=ks.ks_p_value_reported(statistic, case.n, case.m),
        effect=statistic,
    )


def find_psi(case: NumericCase) -> Finding:
    """The population stability index on bins of equal mass in the reference."""
    cuts = _frozen(case.column.grid, case.bins).cuts
    value = psi.psi(cuts.reference, bin_counts(case.column.grid, case.window.counts, cuts))
    return Finding(
        statistic=value,
        threshold=psi.psi_threshold(case.alpha, cuts.bins, case.n, case.m),
        p_value=psi.psi_p_value(value, cuts.bins, case.n, case.m),
        effect=max(0.0, value - psi.psi_null_bias(cuts.bins, case.n, case.m)),
    )


def find_wasserstein(case: NumericCase) -> Finding:
    """Wasserstein-1 in the column's unit, with the bounds of what the gaps leave open."""
    window, null = case.window, _frozen(case.column.grid, case.bins).null
    found = wasserstein.wasserstein(
        case.column.grid, window.counts, window.gap_units, window.below, window.above
    )
    return Finding(
        statistic=found.value,
        threshold=wasserstein.wasserstein_threshold(case.alpha, case.n, case.m, null),
        p_value=wasserstein.wasserstein_p_value(found.value, case.n, case.m, null),
        effect=found.value / case.column.sd if case.column.sd > 0.0 else None,
        least=found.lower,
        most=found.upper,
    )


def find_binned_jensen_shannon(case: NumericCase) -> Finding:
    """The Jensen-Shannon distance on the bins of :func:`find_psi`."""
    cuts = _frozen(case.column.grid, case.bins).cuts
    counts = bin_counts(case.column.grid, case.window.counts, cuts)
    return _jensen_shannon(cuts.reference, counts, case.alpha)


def find_chi_square(case: CategoricalCase) -> Finding:
    """Pearson's test of homogeneity, rare categories pooled; effect: the greatest change."""
    found = categorical.chi_square(case.reference, case.window)
    threshold = float(special.chdtri(found.dof, case.alpha)) if found.dof else math.inf
    effect = categorical.l_infinity(case.reference, case.window)
    return Finding(found.statistic, threshold, found.p_value, effect)


def find_jensen_shannon(case: CategoricalCase) -> Finding:
    """The Jensen-Shannon distance over the categories, rare ones pooled."""
    cells = categorical.pool_rare_cells(case.reference, case.window)
    return _jensen_shannon(cells.reference, cells.window, case.alpha)


def find_l_infinity(case: CategoricalCase) -> Finding:
    """The greatest change of a category's share."""
    value = categorical.l_infinity(case.reference, case.window)
    return Finding(
        statistic=value,
        threshold=categorical.l_infinity_threshold(case.alpha, case.reference, case.window),
        p_value=categorical.l_infinity_p_value(value, case.reference, case.window),
        effect=value,
    )


def _jensen_shannon(reference: IntArray, window: IntArray, alpha: float) -> Finding:
    k, n, m = reference.size, int(window.sum()), int(reference.sum())
    divergence = jensen_shannon.jensen_shannon_divergence(reference, window)
    bias = jensen_shannon.jensen_shannon_null_bias(k, n, m)
    distance = jensen_shannon.jensen_shannon_distance
    return Finding(
        statistic=distance(divergence),
        threshold=distance(jensen_shannon.jensen_shannon_threshold(alpha, k, n, m)),
        p_value=jensen_shannon.jensen_shannon_p_value(divergence, k, n, m),
        effect=distance(max(0.0, divergence - bias)),
    )


class _Frozen(NamedTuple):
    """What a grid alone determines."""

    cuts: Cuts
    null: WassersteinNull


# Kept as long as the grid itself lives, that is as long as its reference is in use.
_OF_GRID: WeakKeyDictionary[Grid, dict[int, _Frozen]] = WeakKeyDictionary()


def _frozen(grid: Grid, bins: int) -> _Frozen:
    of_bins = _OF_GRID.setdefault(grid, {})
    if bins not in of_bins:
        of_bins[bins] = _Frozen(quantile_cuts(grid, bins), wasserstein.wasserstein_null(grid))
    return of_bins[bins]


#: Every monitor of numeric columns by its name in the settings.
NUMERIC: dict[str, Callable[[NumericCase], Finding]] = {
    "ks": find_ks,
    "psi": find_psi,
    "wasserstein": find_wasserstein,
    "jensen_shannon": find_binned_jensen_shannon,
}
#: Every monitor of categorical and boolean columns by its name in the settings.
CATEGORICAL: dict[str, Callable[[CategoricalCase], Finding]] = {
    "chi_square": find_chi_square,
    "jensen_shannon": find_jensen_shannon,
    "l_infinity": find_l_infinity,
}
