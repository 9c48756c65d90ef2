"""Differences of two means: Welch's interval by scipy, the asymptotic sequence by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize, stats

from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.means import Moments, mean_difference_sequence, welch

LEAST = 200  # rows a side from which on the sequence is looked at
AT = 1000


def moments(values: FloatArray) -> Moments:
    return Moments(len(values), float(values.mean()), float(values.var(ddof=1)))


@pytest.mark.parametrize(("n", "m"), [(2, 2), (5, 40), (300, 30)])
def test_welchs_interval_is_scipys(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.exponential(2, n), rng.normal(1, 3, m)
    expected = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.9)
    assert welch(moments(x), moments(y), 0.9) == pytest.approx((expected.low, expected.high))


def test_without_variance_or_with_one_row_nothing_is_known() -> None:
    assert welch(Moments(1, 3.0, 0.0), Moments(9, 3.0, 1.0)) is None
    assert welch(Moments(9, 3.0, 0.0), Moments(9, 4.0, 0.0)) is None
    assert mean_difference_sequence(Moments(9, 3.0, 0.0), Moments(9, 4.0, 1.0), AT) is None


def test_the_sequence_is_the_least_product_of_both_means_martingales() -> None:
    first, second = Moments(300, 1.2, 2.0), Moments(900, 1.0, 3.0)
    found = mean_difference_sequence(first, second, AT, 0.05)
    assert found is not None
    rho2 = _tuning(0.05) / AT

    def log_martingale(m: Moments, mean: float) -> float:
        t = m.n * rho2
        gap = (m.mean - mean) ** 2
        return m.n * t * gap / (2 * m.variance * (t + 1)) - 0.5 * math.log(t + 1)

    def least(delta: float) -> float:
        return optimize.minimize_scalar(
            lambda mean: log_martingale(first, mean) + log_martingale(second, mean - delta)
        ).fun

    assert least(0.0) == pytest.approx(found.log_e_value, abs=1e-6)
    assert least(found.lower) == pytest.approx(math.log(20), abs=1e-6)
    assert least(found.upper) == pytest.approx(math.log(20), abs=1e-6)


def _tuning(alpha: float) -> float:
    """v > 0 that solves v − ln(1 + v) = −ln alpha, where the width is stationary."""
    return optimize.brentq(lambda v: v - math.log1p(v) + math.log(alpha), 1e-9, 1e3)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_the_sequence_is_tightest_at_the_rows_it_is_told(alpha: float) -> None:
    def width(at: int) -> float:
        rows = Moments(AT, 0.0, 1.0)
        found = mean_difference_sequence(rows, rows, at, alpha)
        assert found is not None
        return found.upper - found.lower

    assert width(AT) <= min(width(at) for at in (10, 500, 900, 1100, 2000, 10**5))


@pytest.mark.parametrize("difference", [0.0, 0.1, -0.2, 0.3, 0.5])
def test_0_is_outside_if_and_only_if_the_e_value_reaches_1_over_alpha(difference: float) -> None:
    rows = Moments(500, 0.0, 1.0)
    found = mean_difference_sequence(rows._replace(mean=difference), rows, AT)
    assert found is not None
    assert (found.lower <= 0 <= found.upper) == (found.log_e_value < math.log(20))


def test_swapped_sides_negate_it() -> None:
    first, second = Moments(300, 1.2, 2.0), Moments(900, 1.0, 3.0)
    there = mean_difference_sequence(first, second, AT)
    back = mean_difference_sequence(second, first, AT)
    assert there is not None
    assert back == pytest.approx((-there.upper, -there.lower, there.log_e_value))


def test_the_largest_and_the_least_values_raise_nothing() -> None:
    huge, tiny = Moments(10**9, 1e154, 1e300), Moments(10**9, 1e-300, 1e-320)
    for pair in ((huge, tiny), (tiny, tiny), (Moments(9, 1e308, 1e308), Moments(9, -1e308, 1.0))):
        for found in (welch(*pair), mean_difference_sequence(*pair, AT)):
            assert found is None or not any(math.isnan(value) for value in found)


def test_impossible_input_is_refused() -> None:
    rows = Moments(9, 1.0, 1.0)
    with pytest.raises(ValueError, match="sizes of"):
        mean_difference_sequence(Moments(0, 0.0, 1.0), rows, AT)
    with pytest.raises(ValueError, match="strictly between"):
        mean_difference_sequence(rows, rows, AT, 0.0)
    with pytest.raises(ValueError, match="strictly between"):
        welch(rows, rows, 1.0)


def _log_e_values(x: FloatArray, y: FloatArray, ratio: int) -> FloatArray:
    """ln E after every row of ``x`` from LEAST on, ``ratio`` rows of ``y`` for each."""
    rho2 = _tuning(0.05) / AT
    rows = np.arange(LEAST, x.shape[1] + 1)
    parts = []
    for values, n in ((x, rows), (y, rows * ratio)):
        mean = np.cumsum(values, axis=1)[:, n - 1] / n
        square = np.cumsum(values * values, axis=1)[:, n - 1]
        variance = (square - n * mean**2) / (n - 1)
        parts.append((mean, 2 * variance * (n * rho2 + 1) / (n * n * rho2), np.log1p(n * rho2)))
    (m1, v1, c1), (m2, v2, c2) = parts
    log_e_values: FloatArray = (m1 - m2) ** 2 / (v1 + v2) - (c1 + c2) / 2
    return log_e_values


@pytest.mark.parametrize("ratio", [1, 9])
@pytest.mark.parametrize("law", ["exponential", "half_normal", "lognormal"])
def test_looking_after_every_row_alarms_falsely_in_at_most_1_of_20_runs(
    law: str, ratio: int
) -> None:
    """200 runs of up to 3,000 rows, from 200 on; skewed like absolute errors are."""
    rng = np.random.default_rng(17)
    laws: dict[str, Callable[[tuple[int, int]], FloatArray]] = {
        "exponential": lambda size: rng.exponential(size=size),
        "half_normal": lambda size: np.abs(rng.normal(size=size)),
        "lognormal": lambda size: rng.lognormal(size=size),
    }
    x, y = laws[law]((200, 3000)), laws[law]((200, 3000 * ratio))
    found = _log_e_values(x, y, ratio)
    assert (found >= math.log(20)).any(axis=1).mean() <= 0.05
    once = mean_difference_sequence(moments(x[3, :500]), moments(y[3, : 500 * ratio]), AT)
    assert once is not None
    assert once.log_e_value == pytest.approx(found[3, 500 - LEAST], abs=1e-9)
