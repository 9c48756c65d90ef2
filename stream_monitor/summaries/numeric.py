"""A window of one numeric column, counted on the grid of its reference."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.grid import Grid, tally
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    minus,
    pack_ints,
    pack_sparse,
    seal,
    unpack_ints,
    unpack_sparse,
    unpack_sum,
    unseal,
)

_ZERO = ExactSum()


class NumericWire(msgspec.Struct, array_like=True, frozen=True, tag="numeric"):
    """Counts sparse; the gap units of the non-empty gaps only, in their order."""

    grid: str
    counts: SparseWire
    gap_units: bytes
    below: bytes
    above: bytes


@dataclass(frozen=True, slots=True, eq=False)
class NumericSummary:
    """Counts and positions of values on a reference grid: an exact commutative group.

    ``counts`` (int64, 2U + 1), ``gap_units`` (int64, U − 1 or 0), ``below`` and ``above`` are
    as in :class:`~stream_monitor.statistics.grid.Tally`; arrays are read-only. All parts are
    integers, so any split, order or subtraction gives bit-identical results. The sums hold
    for fewer than 2^31 values in one gap.
    """

    grid: Grid
    counts: IntArray
    gap_units: IntArray
    below: ExactSum
    above: ExactSum

    @classmethod
    def empty(cls, grid: Grid) -> NumericSummary:
        """The identity of :meth:`merge`."""
        gaps = max(grid.size - 1, 0)
        counts = read_only(np.zeros(grid.buckets, dtype=np.int64))
        return cls(grid, counts, read_only(np.zeros(gaps, dtype=np.int64)), _ZERO, _ZERO)

    @classmethod
    def of(cls, values: NDArray[np.float64], grid: Grid) -> NumericSummary:
        """The summary of float64 values in any order, ±inf included; ``ValueError`` on NaN."""
        if np.isnan(values).any():
            raise ValueError("NaN is a fact about a row, and never reaches a distribution")
        counted = tally(grid, values)
        return cls(
            grid,
            read_only(counted.counts),
            read_only(counted.gap_units),
            counted.below,
            counted.above,
        )

    @property
    def n(self) -> int:
        """The number of values."""
        return int(self.counts.sum())

    @property
    def fingerprint(self) -> str:
        return self.grid.fingerprint

    def merge(self, other: NumericSummary) -> NumericSummary:
        """The summary of both; ``UnlikeSummaryError`` for another grid."""
        self._require_like(other)
        return NumericSummary(
            self.grid,
            read_only(self.counts + other.counts),
            read_only(self.gap_units + other.gap_units),
            self.below + other.below,
            self.above + other.above,
        )

    def subtract(self, other: NumericSummary) -> NumericSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        self._require_like(other)
        return NumericSummary(
            self.grid,
            minus(self.counts, other.counts),
            minus(self.gap_units, other.gap_units),
            self.below - other.below,
            self.above - other.above,
        )

    def _require_like(self, other: NumericSummary) -> None:
        if self.grid is not other.grid and self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"A summary on grid {other.fingerprint} does not merge with one on grid "
                f"{self.fingerprint}: they are of different references."
            )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, NumericSummary)
            and self.fingerprint == other.fingerprint
            and np.array_equal(self.counts, other.counts)
            and np.array_equal(self.gap_units, other.gap_units)
            and self.below == other.below
            and self.above == other.above
        )

    def to_wire(self) -> NumericWire:
        filled = _filled_gaps(self.counts)
        return NumericWire(
            self.fingerprint,
            pack_sparse(self.counts),
            pack_ints(self.gap_units[filled]),
            self.below.to_bytes(),
            self.above.to_bytes(),
        )

    @classmethod
    def from_wire(cls, wire: NumericWire, grid: Grid) -> NumericSummary:
        """``UnlikeSummaryError`` if the state is of another grid."""
        if wire.grid != grid.fingerprint:
            raise UnlikeSummaryError("The state of a numeric summary is of another grid.")
        counts = unpack_sparse(wire.counts, grid.buckets)
        filled = _filled_gaps(counts)
        gap_units = np.zeros(max(grid.size - 1, 0), dtype=np.int64)
        gap_units[filled] = unpack_ints(wire.gap_units, len(filled))
        below, above = unpack_sum(wire.below), unpack_sum(wire.above)
        return cls(grid, counts, read_only(gap_units), below, above)

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, grid: Grid) -> NumericSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, NumericWire), grid)


def _filled_gaps(counts: IntArray) -> NDArray[np.intp]:
    """The numbers of the gaps between two points that hold a value."""
    filled: NDArray[np.intp] = (counts[2:-1:2] != 0).nonzero()[0]
    return filled
