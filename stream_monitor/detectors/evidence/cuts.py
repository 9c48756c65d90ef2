"""Cuts a reference's column into the bins of its urn (see :mod:`detectors.evidence.bins`).

The law needs bins that depend on R alone and not on the values, so the ranks of the cuts are
fixed, and a category may be split between bins. Two cases are not exact. Categories that the
reference has not seen are put last, which is an order that hangs on the reference: exact as long
as the reference has seen all that there are, so not for columns with very many categories. And for
the rate of a 0/1 stream see :func:`bins_of_rate`.
"""

from __future__ import annotations

import numpy as np

from stream_monitor.detectors.evidence.bins import (
    KINDS,
    Alternatives,
    FeatureBins,
    drawing,
)
from stream_monitor.reference.model import NumericColumn, ReferenceColumn
from stream_monitor.statistics.arrays import FloatArray, IntArray, read_only
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.codec import fingerprint as vocabulary_of

BINS = 20


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
    return bins_of_grid(column.id, grid, k, seed, source, read_only(order))


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
    lengths = drawing(seed, "parts").standard_gamma(parts)
    chances = lengths / lengths.sum(axis=1, keepdims=True)
    gaps = np.append(0, cuts.searchsorted(after, side="right") - 1).astype(np.int64)
    return FeatureBins(
        name,
        Alternatives.SHAPE if order is None else Alternatives.MIX,
        read_only(np.diff(cuts).astype(np.float64)),
        read_only(grid.points[places]),
        read_only(places),
        read_only(gaps),
        read_only(parts),
        read_only(chances),
        seed,
        grid.fingerprint if source is None else source,
        order,
        None if order is None else read_only(_kinds(grid, cuts)),
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
        read_only(np.array([n - ones + 0.5, ones + 0.5])),
        read_only(np.array([1.0])),
        read_only(np.zeros(1, dtype=np.int64)),
        read_only(integers),
        read_only(integers[None, :].copy()),
        read_only(integers[None, :].astype(np.float64)),
        "",
    )
