"""The bins of a column in one stratum, counted from summaries of the whole reference."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.evidence.cuts import bins_of_column, bins_of_column_in, bins_of_grid
from stream_monitor.reference.model import NumericColumn, Role
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.numeric import NumericSummary
from tests.detectors.evidence.test_bins import categorical, urn, whole
from tests.detectors.evidence.worlds import compositions

tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


def column_of(sample: list[float]) -> NumericColumn:
    grid = Grid.from_sample(sample)
    return NumericColumn(Role.FEATURE, "x", grid, len(sample), 0.0, -9.0, 9.0, 0.0, 1.0)


def counts_on(grid: Grid, sample: list[float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([sample.count(float(point)) for point in grid.points], dtype=np.int64)


@settings(deadline=None)
@given(tied, tied, st.lists(st.floats(-5, 5), max_size=30), st.integers(1, 12))
def test_a_summary_of_the_whole_counts_as_the_stratum_alone_counts_the_values(
    own: list[float], others: list[float], stream: list[float], k: int
) -> None:
    column = column_of([*own, *others])
    bins = bins_of_column_in(column, counts_on(column.grid, own), "hash", "night", k)
    alone = bins_of_grid(column.id, Grid.from_sample(own), k, "hash/feature:x/night")
    values = np.array(stream, dtype=np.float64) + 0.0
    summary = NumericSummary.of(values, column.grid)
    assert bins.count_summary(summary, 7).tolist() == alone.count(values, 7).tolist()
    assert bins.start.tolist() == alone.start.tolist()
    assert bins.points.tolist() == alone.points.tolist()
    assert bins.name == column.id
    assert bins.source == column.grid.fingerprint


@pytest.mark.parametrize(("r", "others", "n", "k"), [(3, 1, 2, 2), (3, 2, 2, 3), (2, 2, 3, 3)])
def test_in_a_stratum_the_labels_over_all_orders_are_its_own_urn(
    r: int, others: int, n: int, k: int
) -> None:
    """Whatever the other strata's values, among those of the stratum all orders are alike."""
    seen: Counter[tuple[int, ...]] = Counter()
    for order in permutations(range(r + n)):
        own, stream = [2.0 * v for v in order[:r]], [2.0 * v for v in order[r:]]
        column = column_of([*own, *(2.0 * v + 1 for v in range(others))])
        bins = bins_of_column_in(column, counts_on(column.grid, own), "", "night", k)
        summary = NumericSummary.of(np.array(stream), column.grid)
        seen[tuple(bins.count_summary(summary, 0).tolist())] += 1
    orders = sum(seen.values())
    for counts in compositions(n, k):
        assert Fraction(seen[counts], orders) == urn(counts, whole(bins))


def test_categories_keep_the_places_of_the_whole_vocabulary() -> None:
    column = categorical(("b", "a", "c"), [50, 30, 19], other=4)
    bins = bins_of_column_in(column, np.array([5, 0, 10, 1]), "hash", "mon", 4)
    same = bins_of_grid(column.id, Grid(np.arange(4.0), np.array([0, 5, 10, 1])), 4, bins.seed)
    counted = {"a": 7, "b": 11, "c": 2, "new": 3}
    summary = CategoricalSummary.of(counted, column.categories, column.index)
    values = np.repeat([0.0, 1.0, 2.0, 3.0], [7, 11, 2, 3])
    assert bins.count_summary(summary, 9).tolist() == same.count(values, 9).tolist()
    assert bins.start.sum() == 17


def test_each_stratum_and_the_whole_draw_for_themselves() -> None:
    column = column_of([0.0] * 50)
    every = [bins_of_column(column, "hash")]
    every += [bins_of_column_in(column, column.grid.counts, "hash", s) for s in ("mon", "tue")]
    assert len({bins.fingerprint for bins in every}) == 3


def test_a_stratum_without_values_is_one_bin() -> None:
    column = column_of([1.0, 2.0])
    bins = bins_of_column_in(column, np.zeros(2, dtype=np.int64), "hash", "mon")
    summary = NumericSummary.of(np.array([0.0, 1.0, 3.0]), column.grid)
    assert bins.count_summary(summary, 0).tolist() == [3]


def test_counts_of_another_column_are_refused() -> None:
    with pytest.raises(ValueError, match="places of feature:x"):
        bins_of_column_in(column_of([1.0, 2.0]), np.array([1, 1, 1]), "hash", "mon")
