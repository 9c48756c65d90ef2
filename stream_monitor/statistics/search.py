"""Ranks of many values in one sorted array, faster than binary search.

A binary search mispredicts about every other branch. A guide table (Chen and Asau, "On
generating random variates from an empirical distribution", AIIE Trans. 6, 1974) cuts the line
into equal cells and keeps for each cell the rank where it begins; with two cells a point most
ranks are then at most two steps away. Whatever is further is left to the binary search, so the
answer is always exact and only its speed depends on the distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from stream_monitor.statistics.arrays import FloatArray

    Ranks = npt.NDArray[np.intp]

_LEAST = 64  # points or values, below which the binary search is as fast
_CELLS_PER_POINT = 2
_OUTER = 0.01  # share of the points on each side that share the outermost cell
_STEPS = 2


@dataclass(frozen=True, eq=False)
class Guide:
    """A sorted array, and where each of its cells begins.

    ``padded``: float64 (U + 2,), the points between two NaN. ``begins``: intp, the number of points
    in the cells before each; empty when the points are too few, or their range is no normal float.
    """

    padded: FloatArray
    origin: float
    cells_per_unit: float
    begins: Ranks

    @classmethod
    def of(cls, points: FloatArray) -> Guide:
        """The guide of strictly increasing ``points`` (±inf allowed)."""
        padded = np.concatenate([[np.nan], points, [np.nan]])
        without = cls(padded, 0.0, 0.0, np.zeros(0, dtype=np.intp))
        finite = points[np.isfinite(points)]
        if finite.size < _LEAST:
            return without
        outer = int(_OUTER * finite.size)
        origin, end = float(finite[outer]), float(finite[-1 - outer])
        cells = _CELLS_PER_POINT * finite.size
        per_unit = cells / (end - origin)
        if not np.finfo(np.float64).tiny < per_unit < np.inf:
            return without
        begins = np.zeros(cells, dtype=np.intp)
        guide = cls(padded, origin, per_unit, begins)
        begins[:] = guide._cells(points).searchsorted(np.arange(cells), side="left")
        return guide

    def ranks(self, values: FloatArray) -> Ranks:
        """The number of points ≤ each value, as ``points.searchsorted(values, side="right")``.

        ``values``: float64 (n,), in any order, no NaN.
        """
        points, ends = self.padded[1:-1], self.padded[1:]
        if not self.begins.size or values.size < _LEAST:
            return points.searchsorted(values, side="right")
        ranks = self.begins.take(self._cells(values))
        for _ in range(_STEPS):
            ranks += ends.take(ranks) <= values
        behind = (ends.take(ranks) <= values).nonzero()[0]
        if behind.size:
            ranks[behind] = points.searchsorted(values[behind], side="right")
        return ranks

    def _cells(self, values: FloatArray) -> Ranks:
        """Each value's cell. It never falls as the value grows, whatever the rounding: so every
        point of a lower cell is less than the value, and ``begins`` a lower bound of its rank.
        """
        with np.errstate(over="ignore"):
            places = values - self.origin
            places *= self.cells_per_unit
        np.maximum(places, 0.0, out=places)
        np.minimum(places, self.begins.size - 1.0, out=places)
        return places.astype(np.intp)
