"""The CUSUM against its loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.change.cusum import Cusum, CusumState

QUARTERS = st.integers(-40, 40).map(lambda n: n / 4)  # dyadic: every sum of them is exact


def loop(machine: Cusum, state: CusumState, values: list[float]) -> tuple[CusumState, list[int]]:
    """The definition, one value at a time."""
    upper, lower, alarms = state.upper, state.lower, []
    for at, value in enumerate(values):
        away = value - machine.mean
        upper = max(0.0, upper + (away - machine.k))
        lower = max(0.0, lower + (-away - machine.k))
        if upper >= machine.h or lower >= machine.h:
            alarms.append(at)
            upper = lower = 0.0
    return CusumState(upper, lower), alarms


@settings(deadline=None, max_examples=150)
@given(
    values=st.lists(QUARTERS, max_size=300),
    mean=QUARTERS,
    k=QUARTERS.map(abs),
    h=st.integers(1, 200).map(lambda n: n / 4),
)
def test_on_dyadic_values_it_is_the_loop_bit_for_bit(
    values: list[float], mean: float, k: float, h: float
) -> None:
    machine = Cusum(mean, k, h)
    state, alarms = machine.update(CusumState(), np.array(values, dtype=np.float64))
    expected, expected_alarms = loop(machine, CusumState(), values)
    assert alarms.tolist() == expected_alarms
    assert state == expected


@settings(deadline=None, max_examples=100)
@given(
    first=st.lists(QUARTERS, max_size=200),
    second=st.lists(QUARTERS, max_size=200),
    h=st.integers(1, 200).map(lambda n: n / 4),
)
def test_any_split_into_batches_is_one_batch(
    first: list[float], second: list[float], h: float
) -> None:
    machine = Cusum(0.25, 0.5, h)
    a, b = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    whole, alarms = machine.update(CusumState(), np.concatenate((a, b)))
    between, before = machine.update(CusumState(), a)
    after, later = machine.update(between, b)
    assert after == whole
    assert [*before.tolist(), *(later + a.size).tolist()] == alarms.tolist()


@pytest.mark.parametrize("h", [3.0, 8.0, 1e6])
def test_on_any_values_it_is_the_loop_to_rounding(h: float) -> None:
    rng = np.random.default_rng(5)
    values = rng.standard_normal(40_000) * 3.3 + 0.1
    machine = Cusum(0.1, 0.37, h)
    state, alarms = machine.update(CusumState(), values)
    expected, expected_alarms = loop(machine, CusumState(), values.tolist())
    assert alarms.tolist() == expected_alarms
    tolerance = 2e-9 * (machine.h + machine.k)
    assert state.upper == pytest.approx(expected.upper, rel=0, abs=tolerance)
    assert state.lower == pytest.approx(expected.lower, rel=0, abs=tolerance)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(-1e100, 1e100), max_size=80))
def test_outliers_of_any_size_alarm_and_leave_no_trace(values: list[float]) -> None:
    machine = Cusum(0.0, 0.5, 4.0)
    state, alarms = machine.update(CusumState(), np.array(values, dtype=np.float64))
    huge = [at for at, value in enumerate(values) if abs(value) >= 4.5]
    assert set(huge) <= set(alarms.tolist())
    assert 0 <= state.upper < 4
    assert 0 <= state.lower < 4


def test_a_constant_on_target_never_alarms_and_one_off_target_alarms_at_a_steady_pace() -> None:
    machine = Cusum(2.0, 0.5, 5.0)
    state, alarms = machine.update(CusumState(), np.full(10_000, 2.0))
    assert (state, alarms.size) == (CusumState(), 0)
    _, alarms = machine.update(CusumState(), np.full(1000, 1.0))
    assert alarms.tolist() == list(range(9, 1000, 10))


def test_an_empty_batch_changes_nothing_and_one_value_is_enough() -> None:
    machine = Cusum(0.0, 0.5, 4.0)
    state = CusumState(1.5, 0.25)
    kept, alarms = machine.update(state, np.array([]))
    assert (kept, alarms.tolist()) == (state, [])
    moved, alarms = machine.update(state, np.array([1.0]))
    assert (moved, alarms.tolist()) == (CusumState(2.0, 0.0), [])
    fresh, alarms = machine.update(state, np.array([3.0]))
    assert (fresh, alarms.tolist()) == (CusumState(), [0])


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e101])
def test_what_is_not_finite_or_would_overflow_is_refused_with_its_place(odd: float) -> None:
    with pytest.raises(ValueError, match="value 2 is"):
        Cusum(0.0, 0.5, 4.0).update(CusumState(), np.array([0.0, 1.0, odd, odd]))


def test_other_shapes_and_types_are_refused() -> None:
    with pytest.raises(ValueError, match="one dimension"):
        Cusum(0.0, 0.5, 4.0).update(CusumState(), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("mean", "k", "h", "said"),
    [(np.nan, 0, 1, "mean"), (0, -0.1, 1, "k is"), (0, 0, 0, "h is"), (0, 0, np.inf, "h is")],
)
def test_impossible_parameters_are_refused(mean: float, k: float, h: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Cusum(mean, k, h)
