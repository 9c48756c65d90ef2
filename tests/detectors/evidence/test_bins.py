"""The bins of a column, in which a stream like its reference is an urn."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.cuts import (
    bins_of_column,
    bins_of_grid,
    bins_of_numeric,
    bins_of_rate,
)
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.reference.model import CategoricalColumn, Kind, NumericColumn, Role
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.numeric import NumericSummary
from tests.detectors.evidence.worlds import compositions

tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=40)


def rising(start: int, times: int) -> int:
    return math.prod(range(start, start + times))


def urn(counts: tuple[int, ...], start: tuple[int, ...]) -> Fraction:
    """The Dirichlet-multinomial of whole numbers, exactly; 0/0 bins draw nothing."""
    orders = math.factorial(sum(counts))
    for count in counts:
        orders //= math.factorial(count)
    top = math.prod(map(rising, start, counts))
    return Fraction(orders * top, rising(sum(start), sum(counts)))


def whole(bins: FeatureBins) -> tuple[int, ...]:
    return tuple(int(x) for x in bins.start)


def categorical(
    categories: tuple[str, ...], counts: list[int], other: int = 0
) -> CategoricalColumn:
    rows = sum(counts) + other
    kind = Kind.CATEGORICAL
    array = np.array(counts, dtype=np.int64)
    return CategoricalColumn(Role.FEATURE, "c", kind, categories, array, other, rows, 0.0)


@pytest.mark.parametrize(("r", "n", "k"), [(3, 2, 2), (4, 2, 3), (2, 3, 3)])
def test_without_ties_the_labels_over_all_orders_are_the_urn(r: int, n: int, k: int) -> None:
    seen: Counter[tuple[int, ...]] = Counter()
    for order in permutations(range(r + n)):
        values = np.array(order, dtype=np.float64)
        bins = bins_of_numeric("x", values[:r], k)
        seen[tuple(bins.count(values[r:], 0).tolist())] += 1
    orders = math.factorial(r + n)
    for counts in compositions(n, k):
        assert Fraction(seen[counts], orders) == urn(counts, whole(bins))


@pytest.mark.parametrize(
    "chances",
    [
        (Fraction(1),),
        (Fraction(1, 3), Fraction(2, 3)),
        (Fraction(1, 2), Fraction(1, 10), Fraction(2, 5)),
        (Fraction(9, 10), Fraction(1, 20), Fraction(1, 20)),
    ],
)
@pytest.mark.parametrize(("r", "n", "k"), [(4, 3, 3), (5, 2, 4), (3, 3, 2)])
def test_with_ties_the_counts_of_a_discrete_law_are_the_urn(
    chances: tuple[Fraction, ...], r: int, n: int, k: int
) -> None:
    """All references and streams, each weighed by its chance; the drawn lengths integrated out."""
    found: dict[tuple[int, ...], Fraction] = {}
    values = range(len(chances))

    def multinomial(counts: tuple[int, ...]) -> Fraction:
        orders = math.factorial(sum(counts)) // math.prod(map(math.factorial, counts))
        return Fraction(orders * math.prod(p**c for p, c in zip(chances, counts, strict=True)))

    for reference in compositions(r, len(chances)):
        grid = Grid(np.array(values, dtype=np.float64), np.array(reference))
        bins = bins_of_grid("x", grid, k, "")
        for stream in compositions(n, len(chances)):
            weight = multinomial(reference) * multinomial(stream)
            fixed = np.zeros(k, dtype=np.int64)
            splits: list[list[tuple[tuple[int, ...], Fraction]]] = []
            for value in values:
                at = np.flatnonzero(bins.points == value)
                if at.size:
                    parts = tuple(bins.parts[at[0]].tolist())
                    ways = compositions(stream[value], k)
                    splits.append([(way, urn(way, parts)) for way in ways])
                else:
                    fixed[bins.gaps[int(bins.points.searchsorted(value))]] += stream[value]
            for chosen in product(*splits):
                counts = tuple((fixed + sum(np.array(way) for way, _ in chosen)).tolist())
                chance = weight * math.prod((p for _, p in chosen), start=Fraction(1))
                found[counts] = found.get(counts, Fraction(0)) + chance
    for counts in compositions(n, k):
        assert found.get(counts, 0) == urn(counts, whole(bins))


def test_the_lengths_at_a_tie_are_dirichlet() -> None:
    drawn = [bins_of_numeric("x", np.zeros(9), 2, seed).chances[0, 0] for seed in range(2000)]
    assert stats.kstest(drawn, stats.beta(5, 5).cdf).pvalue > 1e-3


def test_a_tied_count_is_multinomial_by_the_lengths_that_were_drawn() -> None:
    bins = bins_of_numeric("x", np.zeros(99), 4, 1)
    panes = np.array([bins.count(np.zeros(100), pane) for pane in range(2000)])
    expected = 100 * bins.chances[0]
    spread = np.sqrt(expected * (1 - bins.chances[0]))
    assert (np.abs(panes.mean(axis=0) - expected) < 4 * spread / math.sqrt(2000)).all()
    assert np.allclose(panes.std(axis=0), spread, rtol=0.06)


def test_equal_panes_split_their_ties_alike_and_others_differently() -> None:
    bins, again = (bins_of_numeric("x", np.zeros(99), 4, 1) for _ in range(2))
    zeros = np.zeros(1000)
    assert bins.count(zeros, 5).tolist() == again.count(zeros, 5).tolist()
    assert bins.count(zeros, 5).tolist() != bins.count(zeros, 6).tolist()
    assert bins.fingerprint == again.fingerprint
    assert bins.fingerprint != bins_of_numeric("x", np.zeros(99), 4, 2).fingerprint


@settings(deadline=None)
@given(tied, tied, st.integers(1, 12))
def test_a_summary_counts_as_its_values(
    reference: list[float], stream: list[float], k: int
) -> None:
    grid = Grid.from_sample(reference, cut_points=[0.5, 7.0])
    bins = bins_of_grid("x", grid, k, "seed")
    values = np.array(stream)
    counts = bins.count(values, 7)
    assert counts.sum() == values.size
    assert counts.tolist() == bins.count_summary(NumericSummary.of(values, grid), 7).tolist()


def test_without_ties_the_counts_of_two_panes_add_up() -> None:
    random = np.random.default_rng(2)
    grid = Grid.from_sample(random.normal(size=200))
    bins = bins_of_grid("x", grid, 20, "")
    first, second = (NumericSummary.of(random.normal(size=50), grid) for _ in range(2))
    both = bins.count_summary(first.merge(second), 3)
    apart = bins.count_summary(first, 1) + bins.count_summary(second, 2)
    assert both.tolist() == apart.tolist()


@given(tied, st.integers(1, 30))
def test_the_start_hangs_on_the_size_of_the_reference_alone(sample: list[float], k: int) -> None:
    bins = bins_of_numeric("x", np.array(sample), k)
    other = bins_of_numeric("x", np.arange(len(sample), dtype=np.float64), k)
    assert bins.start.tolist() == other.start.tolist()
    assert bins.start.sum() == len(sample) + 1
    assert bins.start.max() - bins.start.min() <= 1
    assert np.allclose(bins.chances.sum(axis=1), 1.0)


def test_categories_are_a_discrete_column_in_the_order_of_their_texts() -> None:
    column = categorical(("b", "a", "c"), [50, 30, 19])
    bins = bins_of_column(column, "hash", 4)
    grid = Grid(np.arange(4.0), np.array([30, 50, 19, 0]))
    same = bins_of_grid(column.id, grid, 4, "hash/feature:c")
    counted = {"a": 7, "b": 11, "c": 2, "new": 3}
    summary = CategoricalSummary.of(counted, column.categories, column.index)
    values = np.repeat([0.0, 1.0, 2.0, 3.0], [7, 11, 2, 3])
    assert bins.count_summary(summary, 9).tolist() == same.count(values, 9).tolist()


def test_unseen_categories_fall_into_the_last_bin() -> None:
    column = categorical(("a", "b"), [10, 9])
    bins = bins_of_column(column, "hash", 4)
    summary = CategoricalSummary.of({"new": 5}, column.categories, column.index)
    assert bins.count_summary(summary, 0).tolist() == [0, 0, 0, 5]


def test_a_numeric_column_is_counted_from_its_summary() -> None:
    grid = Grid.from_sample([1.0, 2.0, 2.0, 5.0])
    column = NumericColumn(Role.FEATURE, "n", grid, 4, 0.0, 1.0, 5.0, 2.5, 1.5)
    bins = bins_of_column(column, "hash", 2)
    summary = NumericSummary.of(np.array([0.0, 1.0, 9.0, -np.inf, np.inf]), grid)
    assert bins.name == "feature:n"
    assert bins.count_summary(summary, 0).tolist() == [3, 2]


def test_a_summary_of_another_reference_is_refused() -> None:
    bins = bins_of_numeric("x", np.array([1.0, 2.0]))
    other = NumericSummary.empty(Grid.from_sample([1.0, 3.0]))
    with pytest.raises(UnlikeSummaryError, match="different references"):
        bins.count_summary(other, 0)


def test_a_rate_has_two_bins_that_start_at_its_counts_and_a_half() -> None:
    bins = bins_of_rate("errors", 10, 100)
    assert bins.start.tolist() == [90.5, 10.5]
    assert bins.count(np.array([0.0, 1.0, 1.0]), 0).tolist() == [1, 2]
    assert bins.count_rate(2, 3).tolist() == [1, 2]
    with pytest.raises(ValueError, match="0 <= ones <= n"):
        bins.count_rate(4, 3)
    with pytest.raises(ValueError, match="0 <= ones <= n"):
        bins_of_rate("errors", -1, 3)


def test_no_reference_is_one_bin() -> None:
    bins = bins_of_numeric("x", np.zeros(0))
    assert bins.start.tolist() == [1.0]
    assert bins.count(np.array([1.0, 2.0]), 0).tolist() == [2]
    with pytest.raises(ValueError, match="at least one"):
        bins_of_numeric("x", np.zeros(3), 0)


def test_values_that_come_several_times_are_counted_as_if_given_one_by_one() -> None:
    random = np.random.default_rng(5)
    bins = bins_of_numeric("f", random.integers(0, 12, 300).astype(np.float64))
    points, times = np.arange(-2.0, 15.0), random.integers(0, 9, 17)
    counted = bins.count_points(points, times, 7)
    assert counted.tolist() == bins.count(np.repeat(points, times), 7).tolist()
    assert counted.sum() == times.sum()
