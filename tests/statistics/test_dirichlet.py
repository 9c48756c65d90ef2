"""The Dirichlet-multinomial."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.statistics.dirichlet import log_rising, log_urn


def rising(start: Fraction | int, times: int) -> Fraction:
    return Fraction(math.prod(start + i for i in range(times)))


@given(st.floats(0.01, 1e6), st.integers(0, 60))
def test_a_rising_factorial_is_the_product(start: float, times: int) -> None:
    exact = rising(Fraction(start), times)
    expected = math.log(exact.numerator) - math.log(exact.denominator)
    found = float(log_rising(np.array(start), np.array(float(times))))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("start", [10**6, 10**9, 10**12])
def test_a_large_start_loses_no_digits(start: int) -> None:
    exact = rising(start, 50)
    found = float(log_rising(np.array(float(start)), np.array(50.0)))
    assert found == pytest.approx(math.log(exact.numerator), rel=1e-14)


def test_small_and_large_starts_meet() -> None:
    starts = np.array([np.nextafter(16.0, 0.0), 16.0])
    below, above = log_rising(starts, np.array(7.0)).tolist()
    assert below == pytest.approx(above, rel=1e-13)


def test_nothing_drawn_is_exactly_zero() -> None:
    starts = np.array([0.5, 3.0, 16.0, 1e9])
    assert log_rising(starts, np.zeros(4)).tolist() == [0.0] * 4


def test_the_chances_of_all_orders_add_up_to_one() -> None:
    start = np.array([0.5, 2.0, 20.0])
    total = 0.0
    for order in product(range(3), repeat=4):
        counts = np.bincount(order, minlength=3).astype(float)
        total += math.exp(float(log_urn(counts, start)))
    assert total == pytest.approx(1.0, abs=1e-13)


def test_counts_of_a_thousand_million_are_finite() -> None:
    counts = np.full(20, 1e9)
    assert np.isfinite(log_urn(counts, np.full(20, 250.0)))
