"""What a forecast promises, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.reports.facts import Point
from stream_monitor.reports.forecast import FEWEST, forecast
from stream_monitor.reports.series import Dated, forecast_of
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


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("n", [FEWEST, 30, 60, 300])
def test_of_series_that_remember_two_in_a_hundred_get_a_date_and_nine_in_ten_intervals_hold(
    n: int, coefficient: float
) -> None:
    rng = np.random.default_rng([n, int(10 * coefficient)])
    dated = held = 0
    for _ in range(500):
        series = remembering(rng, n + n // 2, coefficient)
        found = forecast(hours(n), series[:n], limit=1.5)
        assert found is not None
        dated += found.reaches is not None
        ahead = n + (n - 1) // 2 - 1  # half as far ahead as the history is long
        held += found.lower <= series[ahead] <= found.upper
    assert dated / 500 <= 0.02
    assert 0.9 <= held / 500 <= 0.995


@pytest.mark.parametrize("slides", [2, 6, 12])
def test_windows_that_overlap_give_no_dates_and_intervals_that_hold(slides: int) -> None:
    """Of noise: each window is the mean of as many slides as it has, and shares all but one."""
    rng = np.random.default_rng(slides)
    dated = held = 0
    for _ in range(400):
        noise = rng.normal(size=70 * slides) * np.sqrt(slides)
        means = np.convolve(noise, np.full(slides, 1 / slides), "valid")
        series = [
            Dated((at - slides) * HOUR, at * HOUR, Point(float(value)))
            for at, value in enumerate(means, start=slides)
        ]
        known = series[: 40 * slides]
        found = forecast_of(known, limit=1.5, bounds=(-np.inf, np.inf))
        assert found is not None
        assert found.n <= 40
        dated += found.reaches is not None
        then = next(each for each in series if each.end_ms >= found.at_ms)
        held += found.lower <= then.point.value <= found.upper
    assert dated / 400 <= 0.02
    assert 0.9 <= held / 400 <= 0.995


def test_of_a_page_of_noise_hardly_one_in_fifty_has_a_date() -> None:
    """Twenty figures are forecast on a page, each of which could be dated by chance."""
    rng = np.random.default_rng(20)
    pages = 0
    for _ in range(150):
        figures = [forecast(hours(60), rng.normal(size=60), limit=1.5) for _ in range(20)]
        pages += any(each is not None and each.reaches is not None for each in figures)
    assert pages / 150 <= 0.02


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


@pytest.mark.parametrize(
    ("every_ms", "unit_ms"), [(6 * HOUR, 24 * HOUR), (HOUR, HOUR), (HOUR // 60, HOUR // 60)]
)
def test_a_date_is_no_finer_than_it_can_be_known(every_ms: int, unit_ms: int) -> None:
    ends = np.arange(1, 121, dtype=np.int64) * every_ms
    found = forecast(ends, np.arange(120.0), limit=150.0)
    assert found is not None
    assert found.reaches is not None
    for date in found.reaches:
        assert date is not None
        assert date % unit_ms == 0
    assert found.reaches.earliest_ms <= found.reaches.at_ms <= ends[-1] + 31 * every_ms
