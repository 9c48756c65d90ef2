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

The law needs bins that depend on R alone and not on the values, so the ranks of the cuts are
fixed, and a category may be split between bins. Two cases are not exact. Categories that the
reference has not seen are put last, which is an order that hangs on the reference: exact as long
as the reference has seen all that there are, so not for columns with very many categories. And for
the rate of a 0/1 stream see :func:`bins_of_rate`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.reference.model import NumericColumn, ReferenceColumn
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.codec import fingerprint as vocabulary_of
from stream_monitor.summaries.numeric import NumericSummary

BINS = 20
KINDS = 6
"""So many categories of a column are watched one by one."""
_Scalar = TypeVar("_Scalar", bound=np.generic)


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
            drawn = _generator(self.seed, pane_ms).multinomial(tied, self.chances)
            counts += drawn.sum(axis=0)
        return counts


def bins_of_numeric(
    name: str, sample: FloatArray, k: int = BINS, seed: str | int = 0
) -> FeatureBins:
    """The bins of a sample of finite values: min(k, R + 1) of nearly equally many spacings."""
    return bins_of_grid(name, Grid.from_sample(sample), k, f"{seed}/{name}")


def bins_of_column(column: ReferenceColumn, reference_hash: str, k: int = BINS) -> FeatureBins:
    """The bins of a reference's column; named and seeded by its id, and by the reference's hash.

    Categories are in the order of their texts, which does not hang on how often they came; last
    comes what is not in the vocabulary.
    """
    if isinstance(column, NumericColumn):
        counts = column.grid.counts
    else:
        counts = np.append(column.counts, column.other)
    return _bins_of_counts(column, counts, f"{reference_hash}/{column.id}", k)


def bins_of_column_in(
    column: ReferenceColumn,
    stratum_counts: IntArray,
    reference_hash: str,
    stratum: str,
    k: int = BINS,
) -> FeatureBins:
    """The bins of a column in one stratum of its season, which count summaries of the whole.

    ``stratum_counts``: int64, the stratum's share of the column's sample, at each point of its
    grid or at each category and, last, all others (``Strata.counts``). The cuts are order
    statistics of the stratum's own values, and these are points of the column's grid: so what
    is counted of a summary on that grid is what the stratum's sample alone would count, and is
    an urn if the pane is like the stratum. ValueError for counts of another column.
    """
    size = column.grid.size if isinstance(column, NumericColumn) else len(column.categories) + 1
    if stratum_counts.shape != (size,):
        raise ValueError(f"{stratum_counts.shape} counts for the {size} places of {column.id}")
    return _bins_of_counts(column, stratum_counts, f"{reference_hash}/{column.id}/{stratum}", k)


def _bins_of_counts(column: ReferenceColumn, counts: IntArray, seed: str, k: int) -> FeatureBins:
    """Bins of the column's own grid or categories with these counts."""
    if isinstance(column, NumericColumn):
        grid = Grid(column.grid.points, counts)
        return bins_of_grid(column.id, grid, k, seed, column.grid.fingerprint)
    order = np.array(sorted(range(len(column.categories)), key=column.categories.__getitem__))
    order = order.astype(np.int64)
    places = np.append(order, order.size)
    grid = Grid(np.arange(counts.size, dtype=np.float64), counts[places])
    source = vocabulary_of(*column.categories)
    return bins_of_grid(column.id, grid, k, seed, source, _frozen(order))


def bins_of_grid(
    name: str,
    grid: Grid,
    k: int,
    seed: str,
    source: str | None = None,
    order: IntArray | None = None,
) -> FeatureBins:
    """The bins of a frozen sample. ValueError unless k ≥ 1."""
    if k < 1:
        raise ValueError(f"{k} bins: give at least one")
    spacings = grid.total + 1
    k = min(k, spacings)
    cuts = np.arange(k + 1, dtype=np.int64) * spacings // k  # bin b: spacings cuts[b]…cuts[b+1]-1
    upto = np.cumsum(grid.counts)
    places = np.unique(upto.searchsorted(cuts[1:-1], side="left")).astype(np.int64)
    after = upto[places]  # the spacing after the last copy
    before = after - grid.counts[places]
    low = np.maximum(before[:, None], cuts[:-1])
    high = np.minimum(after[:, None] + 1, cuts[1:])
    parts = np.maximum(high - low, 0)
    lengths = _generator(seed, "parts").standard_gamma(parts)
    chances = lengths / lengths.sum(axis=1, keepdims=True)
    gaps = np.append(0, cuts.searchsorted(after, side="right") - 1).astype(np.int64)
    return FeatureBins(
        name,
        Alternatives.SHAPE if order is None else Alternatives.MIX,
        _frozen(np.diff(cuts).astype(np.float64)),
        _frozen(grid.points[places]),
        _frozen(places),
        _frozen(gaps),
        _frozen(parts),
        _frozen(chances),
        seed,
        grid.fingerprint if source is None else source,
        order,
        None if order is None else _frozen(_kinds(grid, cuts)),
    )


def _kinds(grid: Grid, cuts: IntArray) -> FloatArray:
    """Of the most frequent points, the part of each bin's spacings that is next to their copies."""
    after = np.cumsum(grid.counts)
    low = np.maximum((after - grid.counts)[:, None], cuts[:-1])
    parts = np.maximum(np.minimum(after[:, None] + 1, cuts[1:]) - low, 0)
    most = np.argsort(-grid.counts, kind="stable")[:KINDS]
    kinds = np.zeros((KINDS, cuts.size - 1))
    kinds[: most.size] = parts[most] / parts.sum(axis=0)
    return kinds


def bins_of_rate(name: str, ones: int, n: int, *, rises_only: bool = False) -> FeatureBins:
    """The two bins of a 0/1 stream (errors, missing values): zeros, ones.

    The urn starts at the reference's counts + ½: the predictive distribution under Jeffreys'
    prior. Exact on average over that prior and not for each rate: the bound on false alarms is
    asymptotic in the reference's n, and simulated in the tests. (``bins_of_numeric`` of the zeros
    and ones is exact for each rate, and sees less.) ValueError unless 0 ≤ ones ≤ n.
    """
    if not 0 <= ones <= n:
        raise ValueError(f"{ones} of {n} rows: give 0 <= ones <= n")
    integers = np.array([0, 1], dtype=np.int64)
    return FeatureBins(
        name,
        Alternatives.RISE if rises_only else Alternatives.ODDS,
        _frozen(np.array([n - ones + 0.5, ones + 0.5])),
        _frozen(np.array([1.0])),
        _frozen(np.zeros(1, dtype=np.int64)),
        _frozen(integers),
        _frozen(integers[None, :].copy()),
        _frozen(integers[None, :].astype(np.float64)),
        "",
    )


def _generator(seed: str, what: str | int) -> np.random.Generator:
    key = hashlib.blake2b(f"{what}/{seed}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def _frozen(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    array.flags.writeable = False
    return array
