"""Bins of one column in which a stream like its reference is exactly a Pólya urn.

R reference values cut the line into R + 1 spacings. If the reference and the stream are
exchangeable and without ties, then the next value falls into each spacing with a chance in
proportion to 1 + the number of earlier stream values in it, whatever the distribution: the rank of
a new value among those before is uniform. So bins made of r_b neighbouring spacings are an urn
that starts at r (Blackwell and MacQueen, Ann. Stat. 1, 1973; Vovk, arXiv 2102.10439).

Ties are broken as if each value had a further coordinate that is uniform on (0, 1) and drawn once.
Those of the c copies of a reference point u cut (0, 1) into c + 1 parts whose lengths are
Dirichlet(1, …, 1), so its parts in the bins, m_b of them in bin b, are Dirichlet(m). They are
drawn once for a reference and kept. Given them, stream values equal to u fall into the bins
independently, and their counts in a pane are multinomial. (An equal chance for each part instead
of the drawn lengths is not an urn: it has too little variance.)

How the bins of a reference are cut so that this law holds: :mod:`detectors.evidence.cuts`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.numeric import NumericSummary

KINDS = 6
"""So many categories of a column are watched one by one."""


class Alternatives(StrEnum):
    """What a column is watched for."""

    SHAPE = "shape"  # any change of an ordered column
    MIX = "mix"  # a category that comes more or less often
    ODDS = "odds"  # a rate that rises or falls
    RISE = "rise"  # a rate that rises


@dataclass(frozen=True, eq=False)
class FeatureBins:
    """The K bins of one column and how its values are counted into them.

    ``start``: float64 (K,), > 0, the urn's start. ``points``: float64 (E,), the E < K distinct
    reference values at the cuts; ``places``: int64 (E,), where they are on the grid of the
    summaries. ``gaps``: int64 (E + 1,), the bin of the values strictly between two of them.
    ``parts``: int64 (E, K), in how many spacings of each bin a value equal to the point may fall;
    ``chances``: float64 (E, K), the chances that were drawn for it. ``order``: int64, the
    vocabulary's places in the order of its texts, for a categorical column, and ``kinds``: float64
    (:data:`KINDS`, K), the part of each bin that is of each of the most frequent categories, zeros
    where there are fewer. ``source`` is the fingerprint of the grid or vocabulary of the summaries.
    All arrays are read-only.
    """

    name: str
    alternatives: Alternatives
    start: FloatArray
    points: FloatArray
    places: IntArray
    gaps: IntArray
    parts: IntArray
    chances: FloatArray
    seed: str
    source: str = ""
    order: IntArray | None = None
    kinds: FloatArray | None = None

    @property
    def k(self) -> int:
        """K, the number of bins."""
        return self.start.size

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of all that decides into which bin a value goes."""
        digest = hashlib.sha256(
            repr((self.name, str(self.alternatives), self.seed, self.source)).encode()
        )
        for array in (self.start, self.points, self.gaps, self.chances):
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes() + b"|")
        return digest.hexdigest()[:16]

    def count(self, values: FloatArray, pane_ms: int) -> IntArray:
        """The values (float64, any order, no NaN) of the pane that starts at ``pane_ms``, by bin.

        int64 (K,). Equal to what :meth:`count_summary` gives for their summary.
        """
        cells = np.bincount(self._cells(values), minlength=2 * self.points.size + 1)
        return self._split(cells, pane_ms)

    def count_points(self, points: FloatArray, times: IntArray, pane_ms: int) -> IntArray:
        """The same for values that come several times each: ``times`` int64 (n,), not negative."""
        cells = np.zeros(2 * self.points.size + 1, dtype=np.int64)
        np.add.at(cells, self._cells(points), times)
        return self._split(cells, pane_ms)

    def count_summary(self, summary: NumericSummary | CategoricalSummary, pane_ms: int) -> IntArray:
        """The counts of a whole pane by bin, int64 (K,), from its merged summary.

        The split of what is tied at a cut is drawn from the seed, the pane's start and the tied
        counts, so equal panes give equal counts. (Of one version of numpy: another may draw
        otherwise, with the same law.) ``UnlikeSummaryError`` for a summary of another grid or
        vocabulary.
        """
        if summary.fingerprint != self.source:
            raise UnlikeSummaryError(
                f"A summary of {summary.fingerprint} does not fit into the bins of "
                f"{self.name}, which are of {self.source}: they are of different references."
            )
        if isinstance(summary, NumericSummary):
            counts = summary.counts
        else:
            order = self.order if self.order is not None else slice(None)
            counts = np.zeros(2 * summary.counts.size + 3, dtype=np.int64)
            counts[1:-2:2] = summary.counts[order]
            counts[-2] = summary.unseen
        firsts = np.zeros(2 * self.places.size + 1, dtype=np.int64)
        firsts[1::2] = 2 * self.places + 1
        firsts[2::2] = 2 * self.places + 2
        return self._split(np.add.reduceat(counts, firsts), pane_ms)

    def count_rate(self, ones: int, n: int) -> IntArray:
        """The counts of a rate, int64 (2,). ValueError unless 0 ≤ ones ≤ n."""
        if not 0 <= ones <= n:
            raise ValueError(f"{ones} of {n} rows: give 0 <= ones <= n")
        return np.array([n - ones, ones], dtype=np.int64)

    def _cells(self, values: FloatArray) -> IntArray:
        """Which cell each value is in: 2j + 1 at point j, 2j between the points j − 1 and j."""
        ranks = self.points.searchsorted(values, side="left")
        cells: IntArray = 2 * ranks
        if self.points.size:
            inside = np.minimum(ranks, self.points.size - 1)
            cells += self.points[inside] == values
        return cells

    def _split(self, cells: IntArray, pane_ms: int) -> IntArray:
        """Cells between (even) and at (odd) the points, in bins."""
        counts = np.zeros(self.k, dtype=np.int64)
        counts[self.gaps] = cells[::2]  # no two gaps are in one bin: a cut is between them
        tied = cells[1::2]
        if tied.any():
            drawn = drawing(self.seed, pane_ms).multinomial(tied, self.chances)
            counts += drawn.sum(axis=0)
        return counts


def drawing(seed: str, what: str | int) -> np.random.Generator:
    """Draws the same again for the same seed and purpose."""
    key = hashlib.blake2b(f"{what}/{seed}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
