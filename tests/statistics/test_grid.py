"""The grid, its buckets, and what a tally holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.grid import GAP_UNIT, Grid, bucket_counts, tally
from tests.statistics.odd_samples import ALL, numbers, samples


def test_a_sample_becomes_its_unique_values_and_their_counts() -> None:
    grid = Grid.from_sample([3.0, 1.0, 3.0, 2.0], cut_points=[2.5, 3.0])
    assert grid.points.tolist() == [1.0, 2.0, 2.5, 3.0]
    assert grid.counts.tolist() == [1, 1, 0, 2]
    assert (grid.size, grid.total, grid.buckets) == (4, 4, 9)
    assert grid.ecdf.tolist() == [0.0, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0]
    assert grid.bucket_counts.tolist() == [0, 1, 0, 1, 0, 0, 0, 2, 0]


def test_the_empty_grid_has_one_bucket() -> None:
    grid = Grid.from_sample([])
    assert (grid.size, grid.total, grid.buckets) == (0, 0, 1)
    found = tally(grid, np.array([-np.inf, 1.0, 2.0]))
    assert found.counts.tolist() == [3]
    assert found.gap_units.size == 0
    assert found.below == ExactSum.of([-np.inf, 3.0])
    assert found.above == ExactSum()


@pytest.mark.parametrize(
    ("points", "counts"),
    [
        ([1.0, 1.0], [1, 1]),
        ([2.0, 1.0], [1, 1]),
        ([0.0, np.nan], [1, 1]),
        ([-0.0, 0.0], [1, 1]),
        ([1.0], [-1]),
        ([1.0], [1, 2]),
    ],
)
def test_a_grid_out_of_order_is_refused(points: list[float], counts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"points|counts"):
        Grid(np.array(points), np.array(counts))


def test_nan_in_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="increasing"):
        Grid.from_sample([1.0, np.nan])


def test_a_grid_is_frozen_and_does_not_share_the_callers_arrays() -> None:
    points = np.array([1.0, 2.0])
    grid = Grid(points, np.array([1, 1]))
    points[0] = 9.0
    assert grid.points[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        grid.points[0] = 3.0


def test_the_fingerprint_is_the_same_on_every_machine_and_tells_grids_apart() -> None:
    grid = Grid.from_sample([1.0, 2.0, 2.0, -0.0])
    assert grid.fingerprint == "074b75911504af57"
    assert grid == Grid.from_sample([2.0, 0.0, 1.0, 2.0])
    assert hash(grid) == hash(Grid.from_sample([2.0, 0.0, 1.0, 2.0]))
    others = [[1.0, 2.0, 0.0], [1.0, 2.0, 2.0, 5e-324], [1.0, 1.0, 2.0, 0.0]]
    assert all(Grid.from_sample(other).fingerprint != grid.fingerprint for other in others)
    assert grid != Grid.from_sample([1.0])


def test_minus_zero_is_counted_as_zero() -> None:
    grid = Grid.from_sample([-0.0, 1.0])
    assert bucket_counts(grid, np.array([-0.0, 0.0])).tolist() == [0, 2, 0, 0, 0]


def counted_one_by_one(grid: Grid, values: np.ndarray) -> list[int]:
    counts = [0] * grid.buckets
    for value in values.tolist():
        below = sum(point < value for point in grid.points.tolist())
        counts[2 * below + (value in grid.points.tolist())] += 1
    return counts


@settings(deadline=None)
@given(samples, st.lists(numbers, max_size=5), samples)
def test_buckets_are_what_counting_one_by_one_gives(
    sample: np.ndarray, cuts: list[float], window: np.ndarray
) -> None:
    grid = Grid.from_sample(sample, cuts)
    window = np.concatenate([window, grid.points[:3]])
    assert bucket_counts(grid, window).tolist() == counted_one_by_one(grid, window)
    assert tally(grid, window).counts.tolist() == counted_one_by_one(grid, window)


@settings(deadline=None)
@given(samples, samples, samples)
def test_the_tallies_of_two_parts_add_to_the_tally_of_the_whole(
    sample: np.ndarray, left: np.ndarray, right: np.ndarray
) -> None:
    grid = Grid.from_sample(sample)
    one, two = tally(grid, left), tally(grid, right)
    whole = tally(grid, np.concatenate([right, left]))
    assert np.array_equal(one.counts + two.counts, whole.counts)
    assert np.array_equal(one.gap_units + two.gap_units, whole.gap_units)
    assert one.below + two.below == whole.below
    assert one.above + two.above == whole.above


def test_positions_and_tail_sums_are_those_of_the_values() -> None:
    grid = Grid.from_sample([0.0, 4.0, 10.0])
    found = tally(grid, np.array([-3.0, -1.0, 0.0, 1.0, 3.0, 4.0, 7.0, 10.0, 12.5]))
    assert (found.gap_units * GAP_UNIT).tolist() == [1.0, 0.5]
    assert (found.below.value, found.above.value) == (-4.0, 12.5)


def test_values_equal_to_an_infinite_point_are_in_no_tail() -> None:
    grid = Grid.from_sample([-np.inf, 0.0, 1.0, np.inf])
    found = tally(grid, np.array([-np.inf, -5.0, 0.5, 7.0, np.inf, np.inf]))
    assert found.counts.tolist() == [0, 1, 1, 0, 1, 0, 1, 2, 0]
    assert (found.gap_units * GAP_UNIT).tolist() == [0.0, 0.5, 0.0]
    assert (found.below, found.above) == (ExactSum.of([-5.0]), ExactSum.of([7.0]))


def test_a_grid_of_infinities_only_keeps_all_other_values_below() -> None:
    grid = Grid.from_sample([-np.inf, np.inf])
    found = tally(grid, np.array([-np.inf, 1.0, 2.0]))
    assert found.counts.tolist() == [0, 1, 2, 0, 0]
    assert (found.below, found.above) == (ExactSum.of([3.0]), ExactSum())


@pytest.mark.parametrize("law", ALL)
def test_positions_stay_within_their_gaps_on_odd_samples(law: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        grid = Grid.from_sample(ALL[law](rng, 30))
        found = tally(grid, ALL[law](rng, 200))
        held = found.counts[2:-2:2] if grid.size > 1 else np.zeros(0)
        assert (found.gap_units >= 0).all()
        assert (found.gap_units * GAP_UNIT <= held).all()


def test_a_batch_beyond_one_chunk_is_summed_exactly() -> None:
    grid = Grid.from_sample([0.0, 3.0])
    values = np.full(2**20 + 5, 1.0)
    assert tally(grid, values).gap_units[0] == values.size * round(2**32 / 3)
