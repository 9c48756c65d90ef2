"""Two-sample tests on the counts of one set of categories, frozen in the reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stream_monitor.statistics.binned import shares
from stream_monitor.statistics.sizes import checked_level, effective_size

if TYPE_CHECKING:
    from stream_monitor.statistics.arrays import FloatArray, IntArray

_HALVINGS = 60  # of the threshold's bracket: to float64's own resolution


class Homogeneity(NamedTuple):
    """Pearson's χ², its degrees of freedom, and the p-value."""

    statistic: float
    dof: int
    p_value: float


class Pooled(NamedTuple):
    """Two count vectors over the same cells; the last cell holds all rare categories, if any."""

    reference: IntArray
    window: IntArray


def pool_rare_cells(reference: IntArray, window: IntArray, least: float = 5.0) -> Pooled:
    """Pool every category that expects fewer than ``least`` rows in either sample (Cochran 1954).

    Expected under homogeneity: the category's rows in both samples, times each sample's share of
    all rows. If the pooled cell itself expects too few, it takes in the next rarest categories.
    It looks at the sum of both samples only, so it does not bend the test. Categories without
    any row vanish. Both vectors int64 (k,) → (k',), k' ≥ 1, totals kept.
    Raises ValueError on unlike shapes and on a sample without rows.
    """
    _check(reference, window)
    n, m = int(reference.sum()), int(window.sum())
    needed = least * (n + m) / min(n, m)  # rows of both samples together
    both = reference + window
    order = np.argsort(both, kind="stable")
    ascending = both[order]
    rare = int(ascending.searchsorted(needed, side="left"))
    reached = np.cumsum(ascending)
    while 0 < rare < both.size and 0 < reached[rare - 1] < needed:
        rare += 1
    kept, pooled = np.sort(order[rare:]), order[:rare]
    if not rare or reached[rare - 1] == 0:
        return Pooled(reference[kept], window[kept])
    return Pooled(
        np.append(reference[kept], reference[pooled].sum()),
        np.append(window[kept], window[pooled].sum()),
    )


def chi_square(reference: IntArray, window: IntArray) -> Homogeneity:
    """Pearson's test that two samples come from the same distribution over the categories.

    ``reference``, ``window``: int64 (k,), the same categories in the same order. Rare ones are
    pooled by ``pool_rare_cells``. With one cell left there is nothing to test: (0, 0, 1).
    Equal to ``scipy.stats.chi2_contingency(table, correction=False)`` on the pooled table.
    Raises ValueError on unlike shapes and on a sample without rows.
    """
    cells = pool_rare_cells(reference, window)
    dof = cells.reference.size - 1
    if dof == 0:
        return Homogeneity(0.0, 0, 1.0)
    n, m = int(cells.reference.sum()), int(cells.window.sum())
    both = cells.reference + cells.window
    # Both rows of the table miss their expectation by the same amount.
    missed = cells.window - both * (m / (n + m))
    statistic = float((missed**2 / both).sum()) * (n + m) ** 2 / (n * m)
    return Homogeneity(statistic, dof, float(special.chdtrc(dof, statistic)))


def l_infinity(reference: IntArray, window: IntArray) -> float:
    """The greatest difference of a category's share between the samples, in [0, 1].

    Raises ValueError on unlike shapes and on a sample without rows.
    """
    _check(reference, window)
    return float(np.abs(shares(reference) - shares(window)).max())


def l_infinity_p_value(value: float, reference: IntArray, window: IntArray) -> float:
    """A bound of P(L∞ ≥ value) when nothing has changed: the sum of all categories' tails.

    Each category's difference of shares is taken as normal with the variance
    p(1 - p)(1/n + 1/m), p its share in both samples together, to which Bernstein's term
    value / (3 min(n, m)) is added: a rare category's count is closer to Poisson than to normal,
    and the plain normal tail falls far below it.
    Raises ValueError on unlike shapes and on a sample without rows.
    """
    variances, correction = _spread(reference, window)
    return _union(value, variances, correction)


def l_infinity_threshold(alpha: float, reference: IntArray, window: IntArray) -> float:
    """The least L∞ (to float64's resolution, rounded up) whose p-value is at most ``alpha``.

    With a single category in both samples L∞ is always zero, and the threshold inf.
    """
    checked_level(alpha)
    variances, correction = _spread(reference, window)
    if not variances.size:
        return math.inf
    low, high = 0.0, 1.0
    while _union(high, variances, correction) > alpha:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _union(middle, variances, correction) > alpha:
            low = middle
        else:
            high = middle
    return high


def _spread(reference: IntArray, window: IntArray) -> tuple[FloatArray, float]:
    """The variances of the categories' differences, those of zero left out; Bernstein's factor."""
    _check(reference, window)
    n, m = int(reference.sum()), int(window.sum())
    p = shares(reference + window)
    variances = p * (1 - p) / effective_size(n, m)
    return variances[variances > 0], 1 / (3 * min(n, m))


def _union(value: float, variances: FloatArray, correction: float) -> float:
    if value <= 0.0:
        return 1.0
    tails = special.ndtr(-value / np.sqrt(variances + value * correction))
    return min(2 * float(tails.sum()), 1.0)


def _check(reference: IntArray, window: IntArray) -> None:
    if reference.shape != window.shape:
        raise ValueError(f"unlike categories: {reference.shape} and {window.shape}")
    effective_size(int(reference.sum()), int(window.sum()))
