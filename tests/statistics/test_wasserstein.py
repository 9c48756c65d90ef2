"""Wasserstein-1 lies inside its bound, and its null law is conservative."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from stream_monitor.statistics.ecdf import ecdf_difference
from stream_monitor.statistics.grid import Grid, tally
from stream_monitor.statistics.wasserstein import (
    Wasserstein,
    WassersteinNull,
    wasserstein,
    wasserstein_null,
    wasserstein_p_value,
    wasserstein_threshold,
)
from tests.statistics.odd_samples import FINITE

CASES = 5_000


def measured(reference: list[float], window: list[float]) -> Wasserstein:
    grid = Grid.from_sample(reference)
    return wasserstein(grid, *tally(grid, np.array(window, dtype=np.float64)))


def by_scipy(reference: np.ndarray, window: np.ndarray) -> float:
    """scipy's value, on an eighth of the scale where its own differences would overflow."""
    wide = max(np.abs(reference).max(), np.abs(window).max()) > 1e307
    scale = 0.125 if wide else 1.0
    return float(stats.wasserstein_distance(reference * scale, window * scale)) / scale


def test_the_truth_is_within_the_bound() -> None:
    rng = np.random.default_rng(8)
    laws = list(FINITE.values())
    cases = exact = 0
    while cases < CASES:
        law = laws[rng.integers(len(laws))]
        other = law if rng.random() < 0.8 else laws[rng.integers(len(laws))]
        reference = law(rng, int(rng.integers(1, 60)))
        grid = Grid.from_sample(reference, rng.choice(reference, 2) / 2)
        for _ in range(5):
            window = other(rng, int(rng.integers(1, 120)))
            found = wasserstein(grid, *tally(grid, window))
            truth = by_scipy(reference, window)
            furthest = max(np.abs(reference).max(), np.abs(window).max())
            rounding = 4e-15 * furthest + 1e-322
            assert found.lower <= found.value <= found.upper
            assert found.lower - rounding <= truth <= found.upper + rounding
            exact += found.upper - found.lower <= 2e-9 * furthest
            cases += 1
    assert cases >= CASES
    assert exact > CASES / 3


def test_the_bound_is_narrow_at_real_sizes() -> None:
    rng = np.random.default_rng(4)
    reference, window = rng.normal(size=5000), rng.normal(size=10_000)
    grid = Grid.from_sample(reference)
    found = wasserstein(grid, *tally(grid, window))
    truth = float(stats.wasserstein_distance(reference, window))
    assert found.lower <= truth <= found.upper
    assert found.upper - found.lower < 0.02 * truth
    assert found.value == pytest.approx(truth, rel=0.005)


def test_it_is_exact_when_the_window_lies_beyond_the_reference() -> None:
    far = measured([0.0, 1.0], [5.0, 6.0])
    assert far == Wasserstein(5.0, 5.0, 5.0)
    assert measured([2.0], [2.0, 2.0]) == Wasserstein(0.0, 0.0, 0.0)
    assert measured([2.0], [1.0, 4.0]).value == 1.5


def test_a_single_value_in_a_gap_leaves_no_doubt() -> None:
    found = measured([0.0, 10.0], [3.0])
    assert found.lower == pytest.approx(5.0, rel=1e-9)
    assert found.upper == pytest.approx(5.0, rel=1e-9)


def test_two_values_in_a_gap_are_bounded_by_their_extreme_places() -> None:
    found = measured([0.0, 10.0], [4.0, 6.0])  # the same sum as 0 and 10, or 5 and 5
    assert (found.lower, found.upper) == pytest.approx((0.0, 5.0), abs=1e-7)


def test_the_difference_at_hand_gives_the_same() -> None:
    grid = Grid.from_sample([1.0, 2.0, 4.0])
    window = tally(grid, np.array([0.0, 1.5, 3.0, 9.0]))
    difference = ecdf_difference(grid, window.counts)
    assert wasserstein(grid, *window, difference) == wasserstein(grid, *window)


INF = math.inf


@pytest.mark.parametrize(
    ("reference", "window", "value"),
    [
        ([0.0, 1.0], [INF], INF),
        ([0.0, 1.0], [-INF, 0.0], INF),
        ([-INF, 1.0], [0.0, 1.0], INF),
        ([-INF, 1.0], [-INF, 1.0], 0.0),
        ([-INF, 1.0], [-INF, 3.0], 1.0),
        ([-INF, 1.0], [-INF, -3.0], 2.0),
        ([INF, 1.0, 1.0], [5.0, -1.0, INF], 2.0),
        ([INF, INF], [INF], 0.0),
        ([INF], [1.0], INF),
        ([INF, -INF], [INF, -INF, -INF], INF),
        ([-1.7e308], [1.7e308], INF),
        ([-1.2e308, 1.2e308], [0.0], 1.2e308),
    ],
)
def test_infinities_and_overflow_never_give_nan(
    reference: list[float], window: list[float], value: float
) -> None:
    found = measured(reference, window)
    assert found.value == pytest.approx(value, rel=1e-9)
    assert found.lower <= found.value <= found.upper


def test_an_empty_side_or_another_grids_counts_are_refused() -> None:
    for reference, window in (([], [1.0]), ([1.0], []), ([], [])):
        with pytest.raises(ValueError, match="at least one row"):
            measured(reference, window)
    grid, other = Grid.from_sample([1.0, 2.0]), Grid.from_sample([1.0])
    with pytest.raises(ValueError, match="gaps"):
        wasserstein(grid, *tally(other, np.zeros(3)))


def test_the_null_of_a_uniform_reference_is_the_closed_form() -> None:
    null = wasserstein_null(Grid.from_sample(np.linspace(0.0, 1.0, 20_001)))
    assert null.mean == pytest.approx(math.sqrt(2 / math.pi) * math.pi / 8, rel=1e-3)
    assert null.sd == pytest.approx(math.sqrt(1 / 12), rel=1e-3)


def test_the_null_scales_with_the_unit_of_the_feature() -> None:
    sample = np.random.default_rng(1).normal(size=500)
    null = wasserstein_null(Grid.from_sample(sample))
    for scale in (1e-300, 1e300, 4e307):
        scaled = wasserstein_null(Grid.from_sample(sample * scale))
        assert scaled == pytest.approx((null.mean * scale, null.sd * scale))


def test_the_threshold_is_where_the_p_value_is_the_level() -> None:
    null = WassersteinNull(0.5, 1.0)
    threshold = wasserstein_threshold(1e-4, 500, 80, null)
    assert wasserstein_p_value(threshold, 500, 80, null) == pytest.approx(1e-4)
    assert wasserstein_p_value(0.0, 500, 80, null) == 1.0


def test_any_move_of_a_constant_reference_is_evidence() -> None:
    null = wasserstein_null(Grid.from_sample([3.0] * 9))
    assert null == WassersteinNull(0.0, 0.0)
    assert wasserstein_p_value(0.0, 9, 5, null) == 1.0
    assert wasserstein_p_value(1e-9, 9, 5, null) == 0.0


def test_a_reference_with_infinities_gives_no_evidence() -> None:
    null = wasserstein_null(Grid.from_sample([1.0, INF]))
    assert null == WassersteinNull(INF, INF)
    assert wasserstein_p_value(INF, 2, 5, null) == 1.0


@pytest.mark.parametrize("law", ["normal", "exponential", "standard_t", "poisson"])
def test_null_windows_alarm_no_more_often_than_the_level(law: str) -> None:
    rng = np.random.default_rng(9)
    parameters = {"standard_t": (3,), "poisson": (2.0,)}.get(law, ())
    alarms = windows = 0
    for _ in range(40):
        reference = np.asarray(getattr(rng, law)(*parameters, size=1000), dtype=np.float64)
        grid = Grid.from_sample(reference)
        threshold = wasserstein_threshold(0.05, 1000, 500, wasserstein_null(grid))
        for _ in range(20):
            window = np.asarray(getattr(rng, law)(*parameters, size=500), dtype=np.float64)
            alarms += wasserstein(grid, *tally(grid, window)).value > threshold
            windows += 1
    assert alarms <= 0.05 * windows


def test_a_shift_of_half_a_standard_deviation_is_found() -> None:
    rng = np.random.default_rng(10)
    grid = Grid.from_sample(rng.normal(size=1000))
    moved = wasserstein(grid, *tally(grid, rng.normal(0.5, 1.0, size=500)))
    assert moved.value > wasserstein_threshold(1e-4, 1000, 500, wasserstein_null(grid))
