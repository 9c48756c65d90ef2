"""Page–Hinkley against its loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.change.page_hinkley import PageHinkley, PageHinkleyState


def loop(
    machine: PageHinkley, state: PageHinkleyState, values: list[float]
) -> tuple[PageHinkleyState, list[int]]:
    """The definition, one value at a time."""
    count, total, upper, lower = state.count, state.total, state.upper, state.lower
    alarms = []
    for at, value in enumerate(values):
        count, total = count + 1, total + value
        away = value - total / count
        upper = max(0.0, upper + (away - machine.delta))
        lower = max(0.0, lower + (-away - machine.delta))
        if count >= machine.min_samples and max(upper, lower) > machine.threshold:
            alarms.append(at)
            count, total, upper, lower = 0, 0.0, 0.0, 0.0
    return PageHinkleyState(count, total, upper, lower), alarms


def check_alike(found: PageHinkleyState, expected: PageHinkleyState, tolerance: float) -> None:
    assert (found.count, found.total) == (expected.count, expected.total)
    assert found.upper == pytest.approx(expected.upper, rel=0, abs=tolerance)
    assert found.lower == pytest.approx(expected.lower, rel=0, abs=tolerance)


@settings(deadline=None, max_examples=150)
@given(
    values=st.lists(st.floats(-100, 100), max_size=300),
    cut=st.integers(0, 300),
    threshold=st.floats(0.5, 200).map(lambda x: x + 1e-4 * np.pi),
    min_samples=st.integers(1, 60),
)
def test_it_is_the_loop_in_any_split_into_batches(
    values: list[float], cut: int, threshold: float, min_samples: int
) -> None:
    machine = PageHinkley(0.01, threshold, min_samples)
    array = np.array(values, dtype=np.float64)
    expected, expected_alarms = loop(machine, PageHinkleyState(), values)
    tolerance = 4e-9 * 200
    whole, alarms = machine.update(PageHinkleyState(), array)
    assert alarms.tolist() == expected_alarms
    check_alike(whole, expected, tolerance)
    between, before = machine.update(PageHinkleyState(), array[:cut])
    after, later = machine.update(between, array[cut:])
    assert [*before.tolist(), *(later + array[:cut].size).tolist()] == expected_alarms
    check_alike(after, expected, tolerance)


@pytest.mark.parametrize("threshold", [10.0, 50.0, 1e9])
def test_on_a_long_stream_it_is_the_loop_to_rounding(threshold: float) -> None:
    values = np.random.default_rng(5).standard_normal(40_000) * 3.3 + 0.1
    machine = PageHinkley(0.005, threshold)
    state, alarms = machine.update(PageHinkleyState(), values)
    expected, expected_alarms = loop(machine, PageHinkleyState(), values.tolist())
    assert alarms.tolist() == expected_alarms
    check_alike(state, expected, 4e-9 * 15)


@pytest.mark.parametrize("step", [1.0, -1.0])
def test_a_step_is_seen_in_both_directions(step: float) -> None:
    values = np.random.default_rng(2).standard_normal(2000) * 0.1
    values[1000:] += step
    _, alarms = PageHinkley(0.005, 20.0).update(PageHinkleyState(), values)
    assert len(alarms) == 1
    assert 1015 <= alarms[0] <= 1030


def test_no_alarm_comes_before_the_least_number_of_values() -> None:
    values = np.array([0.0, *[10.0] * 20])
    _, alarms = PageHinkley(0.0, 5.0, 12).update(PageHinkleyState(), values)
    assert alarms.tolist() == [11]


def test_a_constant_never_alarms_and_an_empty_batch_changes_nothing() -> None:
    machine = PageHinkley(0.005, 1.0)
    state, alarms = machine.update(PageHinkleyState(), np.full(10_000, 3.0))
    assert (state, alarms.size) == (PageHinkleyState(10_000, 30_000.0), 0)
    kept, alarms = machine.update(state, np.array([]))
    assert (kept, alarms.tolist()) == (state, [])
    one, alarms = machine.update(PageHinkleyState(), np.array([7.0]))
    assert (one, alarms.tolist()) == (PageHinkleyState(1, 7.0), [])


def test_the_largest_values_leave_a_state_that_still_alarms() -> None:
    machine = PageHinkley(0.0, 5.0, 3)
    state, alarms = machine.update(PageHinkleyState(), np.array([1e100, -1e100, 1e100]))
    assert (state, alarms.tolist()) == (PageHinkleyState(), [2])


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="value 1 is nan"):
        PageHinkley().update(PageHinkleyState(), np.array([0.0, np.nan]))


@pytest.mark.parametrize(
    ("delta", "threshold", "least", "said"),
    [(-1, 1, 1, "delta"), (0, 0, 1, "threshold"), (0, 1, 0, "min_samples")],
)
def test_impossible_parameters_are_refused(
    delta: float, threshold: float, least: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        PageHinkley(delta, threshold, least)


def test_on_a_grid_any_split_into_batches_is_one_batch_bit_for_bit() -> None:
    rng = np.random.default_rng(12)
    values = (rng.random(20_000) < np.repeat([0.13, 0.31], 10_000)).astype(np.float64)
    machine = PageHinkley(delta=2.0**-7, threshold=60.0, grid=2.0**-20)
    whole, alarms = machine.update(PageHinkleyState(), values)
    assert alarms.size
    for cut in (1, 777, 9_999, 12_345):
        between, before = machine.update(PageHinkleyState(), values[:cut])
        after, later = machine.update(between, values[cut:])
        assert after == whole
        assert [*before.tolist(), *(later + cut).tolist()] == alarms.tolist()


def test_up_to_the_first_alarm_it_says_the_direction_and_how_many_values_that_took() -> None:
    machine = PageHinkley(delta=0.0, threshold=3.0, min_samples=1)
    values = np.concatenate((np.zeros(3), np.full(4, 4.0)))
    assert machine.until(PageHinkleyState(), values) == (PageHinkleyState(), 5, 1)
    assert machine.until(PageHinkleyState(), -values) == (PageHinkleyState(), 5, -1)
    state, seen, direction = machine.until(PageHinkleyState(), values[:3])
    assert (state.count, seen, direction) == (3, 3, 0)
