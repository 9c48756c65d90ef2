"""Trends by ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.statistics.trend import best_step, mann_kendall, theil_sen

small = st.lists(st.integers(-5, 5), min_size=3, max_size=6)


@given(st.permutations(range(6)))
def test_the_p_value_is_the_share_of_all_orders_that_are_at_least_as_extreme(
    order: list[int],
) -> None:
    s, p = mann_kendall(np.array(order, dtype=float))
    every = [
        sum(int(np.sign(b - a)) for a, b in itertools.combinations(one, 2))
        for one in itertools.permutations(range(6))
    ]
    assert s == sum(int(np.sign(b - a)) for a, b in itertools.combinations(order, 2))
    assert p == pytest.approx(min(1.0, sum(abs(each) >= abs(s) for each in every) / len(every)))


@given(small)
def test_a_series_turned_round_has_the_opposite_trend(values: list[int]) -> None:
    series = np.array(values, dtype=float)
    (s, p), (back, q) = mann_kendall(series), mann_kendall(series[::-1])
    assert (s, p) == (-back, q)


def test_a_straight_line_has_its_slope_and_an_outlier_does_not_move_it() -> None:
    times = np.arange(15.0)
    values = 3.0 + 0.5 * times
    values[4] = 1e9
    slope = theil_sen(times, values)
    assert slope.value == pytest.approx(0.5)
    assert slope.lower <= 0.5 <= slope.upper


def test_the_interval_of_the_slope_holds_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    times = np.arange(16.0)
    held = 0
    for _ in range(600):
        slope = theil_sen(times, 0.3 * times + rng.standard_t(3, 16))
        held += slope.lower <= 0.3 <= slope.upper
    assert held / 600 >= 0.94


def test_a_step_is_described_by_two_levels_and_a_ramp_is_not() -> None:
    step = np.repeat([0.0, 1.0], 8)
    assert best_step(step) == 0.0
    assert best_step(np.arange(16.0)) > 16
