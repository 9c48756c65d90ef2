"""The grid: a frozen reference sample, and the buckets a window is counted into.

A grid of U points u_0 < … < u_{U-1} has 2U + 1 buckets: bucket 2j + 1 holds the values equal to
u_j, bucket 2j those strictly between u_{j-1} and u_j (with -inf and +inf beyond the ends). Between
two points the reference's ECDF is constant, so the counts hold all that the two-sample
Kolmogorov–Smirnov statistic needs, and the sum of the positions in each gap nearly all that
Wasserstein-1 needs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray, read_only
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.search import Guide

if TYPE_CHECKING:
    import numpy.typing as npt

GAP_UNIT = 2.0**-32  # a position inside a gap is kept as a share of its width in these units
_POSITION = 2.0**32
_NOTHING = ExactSum()
_CHUNK = 1 << 20  # 2^20 positions of at most 2^32 stay below 2^53, so float64 adds them exactly


class Tally(NamedTuple):
    """What a window (or pane) of one feature leaves on a grid; all parts add and subtract.

    ``counts``: int64 (2U + 1,). ``gap_units``: int64 (max(U - 1, 0),), for each gap between two
    points the sum of the positions (x - left) / width of the values strictly inside, in units of
    2^-32, each rounded once (error of half a unit a value). ``below`` and ``above``: the exact
    sums of the values beyond the lowest and the highest *finite* point, except values equal to an
    infinite point. Without finite points all such values are in ``below``.
    """

    counts: IntArray
    gap_units: IntArray
    below: ExactSum
    above: ExactSum


class Line(NamedTuple):
    """The geometry of a grid: finite points are ``points[low : high + 1]``.

    ``scale`` is 1, or 1/2 when some gap is wider than the largest float; ``widths[j + 1]`` is the
    scaled width of the gap that begins at point j, 1.0 where no finite gap is; float64 (U + 1,).
    With scale 1/2 a subnormal point loses its last bit, which is far below the rounding of
    anything measured on so wide a grid.
    """

    low: int
    high: int
    scale: float
    widths: FloatArray


@dataclass(frozen=True, eq=False)
class Grid:
    """A frozen reference sample of one numeric feature.

    ``points``: float64 (U,), strictly increasing, no NaN, ±inf allowed, -0.0 stored as 0.0.
    ``counts``: int64 (U,), non-negative: how often each point is in the reference; points with
    zero mass are cut points. The arrays are copied and read-only.
    U = 0 is legal: one bucket. Raises ValueError when a condition does not hold.
    """

    points: FloatArray
    counts: IntArray

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64) + 0.0  # -0.0 + 0.0 is 0.0
        counts = np.array(self.counts, dtype=np.int64)
        if points.ndim != 1 or counts.shape != points.shape:
            raise ValueError(f"points {points.shape} and counts {counts.shape} are not alike")
        if np.isnan(points).any() or not (points[1:] > points[:-1]).all():
            raise ValueError("points must be strictly increasing numbers")
        if (counts < 0).any():
            raise ValueError("counts must not be negative")
        object.__setattr__(self, "points", read_only(points))
        object.__setattr__(self, "counts", read_only(counts))

    @classmethod
    def from_sample(cls, values: npt.ArrayLike, cut_points: npt.ArrayLike = ()) -> Grid:
        """The grid of a sample (any order, no NaN) and of further cut points with zero mass."""
        sample = np.asarray(values, dtype=np.float64).reshape(-1) + 0.0
        cuts = np.asarray(cut_points, dtype=np.float64).reshape(-1) + 0.0
        points, which = np.unique(np.concatenate([sample, cuts]), return_inverse=True)
        counts = np.bincount(which[: sample.size], minlength=points.size)
        return cls(points, counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return np.array_equal(self.points, other.points) and np.array_equal(
            self.counts, other.counts
        )

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def size(self) -> int:
        """U, the number of points."""
        return self.points.size

    @cached_property
    def total(self) -> int:
        """R, the number of reference values."""
        return int(self.counts.sum())

    @property
    def buckets(self) -> int:
        """2U + 1, the number of buckets."""
        return 2 * self.size + 1

    @cached_property
    def bucket_counts(self) -> IntArray:
        """The reference's own counts on the buckets, int64 (2U + 1,)."""
        counts = np.zeros(self.buckets, dtype=np.int64)
        counts[1::2] = self.counts
        return read_only(counts)

    @cached_property
    def levels(self) -> FloatArray:
        """The reference's ECDF at each point, float64 (U,); 0 if R = 0."""
        return read_only(np.cumsum(self.counts) / max(self.total, 1))

    @cached_property
    def ecdf(self) -> FloatArray:
        """The reference's ECDF at the right end of each bucket, float64 (2U + 1,); 0 if R = 0."""
        return read_only(np.concatenate([[0.0], self.levels.repeat(2)]))

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits, equal for equal grids on every machine."""
        digest = hashlib.sha256(self.points.astype("<f8").tobytes())
        digest.update(self.counts.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def guide(self) -> Guide:
        """The points, prepared for fast search."""
        return Guide.of(self.points)

    @cached_property
    def line(self) -> Line:
        """The finite points and the widths of the gaps between them."""
        finite = np.flatnonzero(np.isfinite(self.points))
        widths = np.ones(self.size + 1)
        if not finite.size:
            return Line(0, -1, 1.0, read_only(widths))
        low, high = int(finite[0]), int(finite[-1])
        ends = self.points[low : high + 1]
        scale = 1.0
        if ends.size > 1:
            scale = 1.0 if ends[-1] / 2 - ends[0] / 2 < np.finfo(np.float64).max / 2 else 0.5
            scaled = ends * scale
            least = np.finfo(np.float64).smallest_subnormal
            widths[low + 1 : high + 1] = np.maximum(np.diff(scaled), least)
        return Line(low, high, scale, read_only(widths))


def bucket_counts(grid: Grid, values: FloatArray) -> IntArray:
    """The counts of a window on the grid's buckets, int64 (2U + 1,): enough for KS and PSI.

    ``values``: float64 (n,), in any order, no NaN (the caller's duty; not checked).
    """
    guide = grid.guide
    ranks = guide.ranks(values)
    equal = guide.padded.take(ranks) == values
    return np.bincount(2 * ranks - equal, minlength=grid.buckets)


def tally(grid: Grid, values: FloatArray) -> Tally:
    """Counts, positions and tail sums of a window in one pass: enough for KS, PSI and W1.

    ``values``: float64 (n,), in any order, no NaN (the caller's duty; not checked).
    """
    guide = grid.guide
    low, high, scale, widths = grid.line
    ranks = guide.ranks(values)
    lefts = guide.padded.take(ranks)
    equal = lefts == values
    buckets = 2 * ranks
    buckets -= equal
    counts = np.bincount(buckets, minlength=grid.buckets)
    if high < low:
        no_gaps = np.zeros(max(grid.size - 1, 0), dtype=np.int64)
        return Tally(counts, no_gaps, ExactSum.of(values[~equal]), _NOTHING)
    with np.errstate(over="ignore", invalid="ignore"):  # in the tails, where it is not used
        shares = values - lefts if scale == 1.0 else values * scale - lefts * scale
        shares /= widths.take(ranks)
        shares *= _POSITION
    np.rint(shares, out=shares)
    below, above = 2 * low, 2 * high + 2
    return Tally(
        counts,
        _gap_units(grid, ranks, shares),
        ExactSum.of(values[buckets == below]) if counts[below] else _NOTHING,
        ExactSum.of(values[buckets == above]) if counts[above] else _NOTHING,
    )


def _gap_units(grid: Grid, ranks: npt.NDArray[np.intp], shares: FloatArray) -> IntArray:
    """Sum whole-numbered ``shares`` by gap; a value equal to a point has share zero.

    The sums before the first and after the last finite point may be anything and are dropped.
    """
    low, high = grid.line.low, grid.line.high
    finite = slice(low + 1, high + 1)
    sums = np.bincount(ranks[:_CHUNK], shares[:_CHUNK], grid.size + 1)[finite].astype(np.int64)
    for begin in range(_CHUNK, ranks.size, _CHUNK):
        piece = slice(begin, begin + _CHUNK)
        sums += np.bincount(ranks[piece], shares[piece], grid.size + 1)[finite].astype(np.int64)
    if sums.size == grid.size - 1:
        return sums
    units = np.zeros(grid.size - 1, dtype=np.int64)
    units[low:high] = sums
    return units
