"""The difference of two empirical distribution functions, which KS and Wasserstein-1 share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_monitor.statistics.sizes import effective_size

if TYPE_CHECKING:
    from stream_monitor.statistics.arrays import FloatArray, IntArray
    from stream_monitor.statistics.grid import Grid


class EcdfDifference(NamedTuple):
    """G - F, the window's ECDF less the reference's, where it can be extreme.

    ``before``: at the right end of bucket 0, below all points, where F is zero. ``at``: float64
    (U,), at each point. ``after``: float64 (U,), just before the next point (or +inf). ``n``: the
    window's rows.
    """

    n: int
    before: float
    at: FloatArray
    after: FloatArray


def ecdf_difference(grid: Grid, counts: IntArray) -> EcdfDifference:
    """G - F from the window's counts on the grid's buckets, int64 (2U + 1,).

    Raises ValueError on a wrong shape and on an empty reference or window.
    """
    if counts.shape != (grid.buckets,):
        raise ValueError(f"counts of shape {counts.shape} on a grid of {grid.buckets} buckets")
    cumulative = np.cumsum(counts)
    n = int(cumulative[-1])
    effective_size(grid.total, n)
    at = cumulative[1::2] / n
    at -= grid.levels
    after = cumulative[2::2] / n
    after -= grid.levels
    return EcdfDifference(n, int(cumulative[0]) / n, at, after)
