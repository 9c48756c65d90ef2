"""Laws of the exact sum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream_monitor.statistics.exact_sum import ExactSum
from tests.statistics.odd_samples import finite_numbers, numbers

sums = st.lists(numbers, max_size=20).map(ExactSum.of)
moderate = st.floats(min_value=-1e300, max_value=1e300)


def bits(value: float) -> bytes:
    return np.float64(value).tobytes()


@settings(deadline=None)
@given(st.lists(moderate, max_size=80))
@example([1e300, 1.0, -1e300])
@example([5e-324, 5e-324, -5e-324])
@example([0.1] * 50)
def test_the_value_is_math_fsum_to_the_bit(values: list[float]) -> None:
    assert bits(ExactSum.of(values).value) == bits(math.fsum(values))


@settings(deadline=None)
@given(st.lists(numbers, max_size=40), st.lists(numbers, min_size=20, max_size=40))
def test_one_batch_equals_any_split(left: list[float], right: list[float]) -> None:
    assert ExactSum.of(left) + ExactSum.of(right) == ExactSum.of(right + left)
    one_by_one = ExactSum()
    for value in left + right:
        one_by_one = one_by_one + ExactSum.of([value])
    assert one_by_one == ExactSum.of(left + right)


@settings(deadline=None)
@given(sums, sums, sums)
def test_sums_are_a_commutative_group(a: ExactSum, b: ExactSum, c: ExactSum) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + ExactSum() == a
    assert a - a == ExactSum()
    assert (a + b) - b == a
    assert -a == ExactSum() - a
    assert a * 3 - a == a + a


@settings(deadline=None)
@given(sums)
def test_bytes_round_trip(total: ExactSum) -> None:
    assert ExactSum.from_bytes(total.to_bytes()) == total
    assert ExactSum.from_bytes((-total).to_bytes()) == -total


def test_the_bytes_of_a_usual_sum_are_few() -> None:
    assert ExactSum().to_bytes() == b""
    assert len(ExactSum.of(np.random.default_rng(1).normal(size=10_000)).to_bytes()) < 40


@pytest.mark.parametrize(
    "data", [b"1", bytes(18), bytes(18) + b"\x02", bytes(18) + b"\x01\x00", bytes(2000)]
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="exact sum"):
        ExactSum.from_bytes(data)


@settings(deadline=None)
@given(st.lists(finite_numbers, min_size=1, max_size=30))
def test_a_mean_is_rounded_once(values: list[float]) -> None:
    mean = ExactSum.of(values).over(len(values))
    exact = ExactSum.of(values)
    gaps = [
        abs((ExactSum.of([near]) * len(values) - exact).units)
        for near in (math.nextafter(mean, -math.inf), mean, math.nextafter(mean, math.inf))
        if math.isfinite(near)
    ]
    assert abs((ExactSum.of([mean]) * len(values) - exact).units) == min(gaps)


def test_infinities_follow_ieee_and_cancel_when_taken_away() -> None:
    up, down = ExactSum.of([math.inf, 1.0]), ExactSum.of([-math.inf])
    assert up.value == math.inf
    assert down.value == -math.inf
    assert math.isnan((up + down).value)
    assert (up + down - down).value == math.inf
    assert (up - ExactSum.of([math.inf])).value == 1.0
    assert (-up).value == -math.inf
    assert ExactSum.of([math.inf] * 20 + [-math.inf] * 3).positive_infinities == 20


def test_a_sum_beyond_the_floats_is_infinite_and_comes_back() -> None:
    top = ExactSum.of([1.7e308])
    assert (top + top).value == math.inf
    assert (-(top + top)).value == -math.inf
    assert (top + top).over(2) == 1.7e308
    assert (top + top - top).value == 1.7e308


@pytest.mark.parametrize("size", [1, 100])
def test_nan_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="NaN"):
        ExactSum.of([1.0] * size + [math.nan])


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ExactSum().over(0)
