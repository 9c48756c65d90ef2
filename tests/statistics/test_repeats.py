"""A pattern that comes again is found; clusters, trends and odd periods are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.repeats import deviations, in_periods, repeat_p_values

HOURS = 24
Series = Callable[[np.random.Generator, FloatArray], FloatArray]


def walk(random: np.random.Generator, hour: FloatArray) -> FloatArray:
    return np.cumsum(random.normal(size=hour.size))


def autoregressive(random: np.random.Generator, hour: FloatArray) -> FloatArray:
    noise, made = random.normal(size=hour.size), np.zeros(hour.size)
    for i in range(1, hour.size):
        made[i] = 0.9 * made[i - 1] + noise[i]
    return made


NOTHING: dict[str, Series] = {
    "independent hours": lambda random, hour: random.normal(size=hour.size),
    "hours that hang together": autoregressive,
    "a random walk": walk,
    "days that differ as a whole": lambda random, hour: (
        random.normal(size=hour.size // HOURS).repeat(HOURS) + 0.1 * random.normal(size=hour.size)
    ),
    "a trend": lambda random, hour: hour / HOURS + 0.5 * random.normal(size=hour.size),
    "one odd afternoon": lambda random, hour: (
        random.normal(size=hour.size) + 10.0 * ((hour // HOURS == 3) & (hour % HOURS > 12))
    ),
    "nights of few rows": lambda random, hour: (
        random.normal(size=hour.size) * np.where(hour % HOURS < 8, 5.0, 1.0)
    ),
}


def p_of(made: FloatArray, seed: int) -> float:
    cells = in_periods(deviations(made[:, None], HOURS), HOURS)
    return repeat_p_values([cells], seed=seed)[0]


@pytest.mark.parametrize("name", NOTHING)
def test_what_does_not_repeat_is_rarely_taken_for_a_season(name: str) -> None:
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        found.append(p_of(NOTHING[name](random, np.arange(14.0 * HOURS)), seed))
    # Binomial(60, .02) is above 6 with a chance of 1.4e-4.
    assert (np.array(found) <= 0.02).sum() <= 6


@pytest.mark.parametrize("days", [7, 14, 30])
def test_what_repeats_is_found(days: int) -> None:
    hour = np.arange(float(days * HOURS))
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(size=hour.size)
        assert p_of(2 * np.sin(2 * np.pi * hour / HOURS) + noise + hour / HOURS, seed) <= 0.02


def test_a_straight_trend_leaves_nothing_but_at_the_ends() -> None:
    for period in (7, 24):
        found = deviations(np.arange(100.0)[:, None], period)[period // 2 : -(period // 2)]
        assert np.abs(found).max() < 1e-9


def test_empty_cells_say_nothing() -> None:
    shares = np.array([1.0, np.nan, 3.0, 2.0, np.nan, np.nan, 5.0])[:, None]
    found = deviations(shares, 3)[:, 0]
    assert found.tolist() == [0.0, 0.0, 0.5, -0.5, 0.0, 0.0, 0.0]


def test_a_last_period_that_is_not_whole_is_filled_up() -> None:
    cells = in_periods(np.arange(5.0)[:, None], 3)
    assert cells[..., 0].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 0.0]]


def test_the_same_series_has_the_same_p_value() -> None:
    random = np.random.default_rng(0)
    columns = [in_periods(random.normal(size=(240, 2)), HOURS) for _ in range(3)]
    assert repeat_p_values(columns, seed=1) == repeat_p_values(columns, seed=1)
    assert repeat_p_values([]) == []


def test_a_column_among_many_pays_for_them_and_a_copy_costs_nothing() -> None:
    random = np.random.default_rng(3)
    columns = [in_periods(random.normal(size=(240, 1)), HOURS) for _ in range(20)]
    alone = repeat_p_values(columns[:1])[0]
    assert repeat_p_values(columns)[0] >= alone
    assert repeat_p_values([columns[0]] * 20) == [alone] * 20


def test_a_constant_column_repeats_nothing() -> None:
    assert repeat_p_values([np.zeros((8, 24, 3))]) == [1.0]
