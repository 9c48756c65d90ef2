"""Residuals counted by the buckets of their summaries, small enough to be kept for each pane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.residuals import ResidualSummary, numbered

_NUMBER, _COUNT = "<i2", "<i8"


class ResidualCounts(NamedTuple):
    """How many residuals are in each bucket that has one; equal for equal counts.

    ``numbers``: the buckets' numbers, ascending, 2 bytes each (see ``summaries.residuals``);
    ``counts``: 8 bytes each, above 0. A residual is taken for its bucket's number, in the
    reference and in the stream, so that the counts of merged summaries are all there is to know.
    """

    numbers: bytes = b""
    counts: bytes = b""

    @classmethod
    def of_summary(cls, summary: ResidualSummary) -> ResidualCounts:
        """Of the errors of a summary."""
        return _packed(*summary.buckets())

    @classmethod
    def of_sample(cls, sample: Grid) -> ResidualCounts:
        """Of a frozen sample of errors."""
        numbers, inverse = np.unique(numbered(sample.points), return_inverse=True)
        counts = np.zeros(numbers.size, dtype=np.int64)
        np.add.at(counts, inverse, sample.counts)
        return _packed(numbers, counts)

    def plus(self, other: ResidualCounts) -> ResidualCounts:
        """Those of both."""
        (own, times), (others, more) = self.arrays(), other.arrays()
        numbers, inverse = np.unique(np.concatenate([own, others]), return_inverse=True)
        counts = np.zeros(numbers.size, dtype=np.int64)
        np.add.at(counts, inverse, np.concatenate([times, more]))
        return _packed(numbers.astype(np.int64), counts)

    def arrays(self) -> tuple[FloatArray, IntArray]:
        """The buckets' numbers, float64 (B,), ascending, and their counts, int64 (B,)."""
        numbers = np.frombuffer(self.numbers, _NUMBER).astype(np.float64)
        return numbers, np.frombuffer(self.counts, _COUNT).astype(np.int64)

    def grid(self) -> Grid:
        """The numbers as a frozen sample."""
        return Grid(*self.arrays())


def _packed(numbers: IntArray, counts: IntArray) -> ResidualCounts:
    held = counts > 0
    return ResidualCounts(
        numbers[held].astype(_NUMBER).tobytes(), counts[held].astype(_COUNT).tobytes()
    )
