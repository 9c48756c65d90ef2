"""Bins, the zero-cell policy, and PSI."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.statistics.binned import bin_counts, quantile_cuts, smoothed_shares
from stream_monitor.statistics.grid import Grid, bucket_counts
from stream_monitor.statistics.psi import psi, psi_null_bias, psi_p_value, psi_threshold
from tests.statistics.odd_samples import ALL, samples


@settings(deadline=None)
@given(samples, st.integers(1, 12))
def test_no_bin_is_empty_in_the_reference(sample: np.ndarray, k: int) -> None:
    cuts = quantile_cuts(Grid.from_sample(sample, [0.5]), k)
    assert 1 <= cuts.bins <= k
    assert cuts.edges.size == cuts.bins - 1
    assert cuts.reference.sum() == sample.size
    assert (cuts.reference > 0).all() or sample.size == 0
    assert set(cuts.edges.tolist()) <= set((sample + 0.0).tolist())


def test_bins_of_a_continuous_feature_hold_the_same_share() -> None:
    cuts = quantile_cuts(Grid.from_sample(np.random.default_rng(1).normal(size=5000)))
    assert cuts.reference.tolist() == [500] * 10


def test_a_feature_with_few_values_gets_few_bins() -> None:
    assert quantile_cuts(Grid.from_sample([0.0] * 5 + [1.0] * 95)).edges.tolist() == [0.0]
    assert quantile_cuts(Grid.from_sample([0.0] * 99 + [1.0])).edges.tolist() == [0.0]
    assert quantile_cuts(Grid.from_sample([7.0] * 9)).bins == 1


def test_a_value_equal_to_an_edge_is_in_the_bin_on_its_left() -> None:
    grid = Grid.from_sample([1.0, 2.0, 3.0, 4.0])
    cuts = quantile_cuts(grid, 2)
    assert cuts.edges.tolist() == [2.0]
    window = np.array([2.0, np.nextafter(2.0, 3.0)])
    assert bin_counts(grid, bucket_counts(grid, window), cuts).tolist() == [1, 1]


@pytest.mark.parametrize("law", ALL)
def test_psi_from_counts_equals_psi_from_the_raw_rows(law: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(30):
        reference, window = ALL[law](rng, 200), ALL[law](rng, 300)
        grid = Grid.from_sample(reference)
        cuts = quantile_cuts(grid)
        raw_reference, raw_window = (
            np.bincount(np.searchsorted(cuts.edges, rows, side="left"), minlength=cuts.bins)
            for rows in (reference, window)
        )
        counts = bin_counts(grid, bucket_counts(grid, window), cuts)
        assert counts.tolist() == raw_window.tolist()
        assert psi(cuts.reference, counts) == psi(raw_reference, raw_window)


def test_psi_is_its_formula() -> None:
    p, q = np.array([30, 70]), np.array([0, 50])
    shares = [(30.5 / 101, 0.5 / 51), (70.5 / 101, 50.5 / 51)]
    expected = sum((b - a) * math.log(b / a) for a, b in shares)
    assert psi(p, q) == pytest.approx(expected, rel=1e-14)
    assert psi(q, p) == pytest.approx(expected, rel=1e-14)
    assert psi(p, p) == 0.0


def test_an_empty_cell_costs_what_half_a_row_would() -> None:
    assert smoothed_shares(np.array([0, 9])).tolist() == [0.05, 0.95]


@pytest.mark.parametrize(
    ("k", "n", "m", "least", "most"),
    [
        (10, 5000, 1000, 0.97, 1.02),
        (10, 5000, 200, 0.94, 1.0),
        (10, 5000, 100, 0.91, 0.98),
        (20, 5000, 100, 0.88, 0.95),
    ],
)
def test_the_bias_of_the_zero_cell_policy_is_what_its_docstring_says(
    k: int, n: int, m: int, least: float, most: float
) -> None:
    rng = np.random.default_rng(5)
    even = np.full(k, 1 / k)
    pairs = zip(rng.multinomial(n, even, 4000), rng.multinomial(m, even, 4000), strict=True)
    found = np.array([psi(p, q) for p, q in pairs])
    assert least < found.mean() / psi_null_bias(k, n, m) < most
    assert (found > psi_threshold(0.05, k, n, m)).mean() < 0.06
    assert (found > psi_threshold(0.01, k, n, m)).mean() < 0.02


def test_the_threshold_is_where_the_p_value_is_the_level() -> None:
    assert psi_p_value(psi_threshold(0.01, 10, 500, 90), 10, 500, 90) == pytest.approx(0.01)
    assert psi_p_value(0.0, 10, 500, 90) == 1.0


def test_a_single_bin_never_alarms() -> None:
    assert psi(np.array([5]), np.array([9])) == 0.0
    assert psi_threshold(0.05, 1, 5, 9) == math.inf
    assert psi_p_value(0.0, 1, 5, 9) == 1.0


def test_unlike_or_empty_counts_are_refused() -> None:
    grid = Grid.from_sample([1.0, 2.0])
    with pytest.raises(ValueError, match="unlike"):
        psi(np.array([1, 2]), np.array([1]))
    with pytest.raises(ValueError, match="without rows"):
        psi(np.array([1, 2]), np.array([0, 0]))
    with pytest.raises(ValueError, match="buckets"):
        bin_counts(grid, np.zeros(3, dtype=np.int64), quantile_cuts(grid))
    with pytest.raises(ValueError, match="at least one bin"):
        quantile_cuts(grid, 0)
