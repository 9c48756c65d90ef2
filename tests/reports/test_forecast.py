"""What a forecast promises, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.reports.forecast import FEWEST, forecast
from stream_monitor.statistics.arrays import FloatArray

HOUR = 3_600_000


def hours(n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(1, n + 1, dtype=np.int64) * HOUR


def remembering(rng: np.random.Generator, n: int, coefficient: float) -> FloatArray:
    """A stationary AR(1) series of standard deviation 1."""
    noise = rng.normal(size=n + 200) * np.sqrt(1 - coefficient**2)
    found = np.zeros(n + 200)
    for at in range(1, n + 200):
        found[at] = coefficient * found[at - 1] + noise[at]
    return found[200:]


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("n", [FEWEST, 60, 300])
def test_of_stationary_series_at_most_one_in_twenty_gets_a_date(n: int, coefficient: float) -> None:
    rng = np.random.default_rng([n, int(10 * coefficient)])
    dated = 0
    for _ in range(400):
        found = forecast(hours(n), remembering(rng, n, coefficient), limit=1.5)
        assert found is not None
        dated += found.reaches is not None
    assert dated / 400 <= 0.05


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.9])
def test_a_sudden_change_is_no_trend(share: float) -> None:
    rng = np.random.default_rng(int(share * 100))
    dated = 0
    for _ in range(300):
        values = 0.3 * rng.normal(size=60) + (np.arange(60) > share * 60)
        found = forecast(hours(60), values, limit=2.0)
        assert found is not None
        dated += found.reaches is not None
    assert dated / 300 <= 0.05


@pytest.mark.parametrize(("n", "rise", "least"), [(30, 6.0, 0.45), (100, 4.0, 0.6)])
def test_a_trend_is_found_as_often_as_the_page_on_reports_says(
    n: int, rise: float, least: float
) -> None:
    rng = np.random.default_rng(n)
    found = 0
    for _ in range(300):
        told = forecast(hours(n), rng.normal(size=n) + rise * np.arange(n) / n)
        assert told is not None
        found += told.slope is not None
    assert least <= found / 300 <= least + 0.25


def test_a_true_trend_gets_a_date_near_the_true_one() -> None:
    rng = np.random.default_rng(5)
    n, limit = 120, 0.75
    true_ms = 160 * HOUR  # 0.9 less 0.15 at the hour 160
    found = [
        forecast(
            hours(n), 0.9 - 0.15 * np.arange(1, n + 1) / 160 + 0.01 * rng.normal(size=n), limit
        )
        for _ in range(200)
    ]
    dates = [each.reaches for each in found if each is not None and each.reaches is not None]
    assert len(dates) >= 190
    assert abs(np.median([date.at_ms for date in dates]) - true_ms) < 3 * HOUR
    held = [
        date.earliest_ms <= true_ms and (date.latest_ms is None or true_ms <= date.latest_ms)
        for date in dates
    ]
    assert np.mean(held) >= 0.9


@pytest.mark.parametrize(("n", "slope"), [(40, 0.0), (200, 0.0), (40, 0.5), (200, 0.1)])
def test_the_interval_holds_the_window_it_is_of(n: int, slope: float) -> None:
    rng = np.random.default_rng([n, int(slope * 100)])
    held = 0
    for _ in range(300):
        found = forecast(hours(n), slope * np.arange(n) + rng.standard_t(4, n))
        assert found is not None
        ahead = n - 1 + (found.at_ms - n * HOUR) / HOUR
        held += found.lower <= slope * ahead + rng.standard_t(4) <= found.upper
    assert held / 300 >= 0.9


@given(st.lists(st.floats(0, 1), min_size=FEWEST, max_size=60))
def test_the_forecast_of_a_share_is_a_share(values: list[float]) -> None:
    found = forecast(hours(len(values)), np.array(values), limit=0.5, bounds=(0.0, 1.0))
    assert found is not None
    assert 0 <= found.lower <= found.value <= found.upper <= 1


def test_below_twenty_windows_nothing_is_forecast() -> None:
    assert forecast(hours(FEWEST - 1), np.arange(FEWEST - 1.0)) is None


def test_a_limit_that_lies_behind_is_not_reached() -> None:
    found = forecast(hours(64), np.arange(64.0), limit=-5.0)
    assert found is not None
    assert found.slope is not None
    assert found.reaches is None
