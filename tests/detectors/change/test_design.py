"""Run lengths: exact, as published, and as simulated."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from stream_monitor.detectors.change.cusum import Cusum, CusumState
from stream_monitor.detectors.change.design import (
    bernoulli_cusum,
    normal_cusum,
    normal_run_length,
)
from stream_monitor.detectors.change.walk import run_lengths
from stream_monitor.statistics.arrays import FloatArray


def solved_run_length(p: float, down: int, up: int, height: int) -> float:
    """The same Markov chain by one dense linear system."""
    matrix = np.eye(height)
    for state in range(height):
        matrix[state, max(state - down, 0)] -= 1 - p
        if state + up < height:
            matrix[state, state + up] -= p
    return float(np.linalg.solve(matrix, np.ones(height))[0])


def alarms_of(machine: Cusum, values: FloatArray) -> list[int]:
    alarms: list[int] = machine.update(CusumState(), values)[1].tolist()
    return alarms


def median_delay(machine: Cusum, before: float, after: float) -> float:
    """The median over 1,000 streams of errors whose rate changes after 1,000 rows."""
    rng = np.random.default_rng(11)
    delays = []
    for _ in range(1000):
        rates = np.repeat([before, after], [1000, 2500])
        errors = (rng.random(rates.size) < rates).astype(np.float64)
        late = [at for at in alarms_of(machine, errors) if at >= 1000]
        delays.append(late[0] - 999)
    return float(np.median(delays))


@pytest.mark.parametrize(
    ("p", "down", "up"), [(0.1, 1, 6), (0.5, 5, 4), (0.3, 1, 1), (0.05, 3, 37), (0.8, 7, 2)]
)
def test_the_run_lengths_solve_the_markov_chain(p: float, down: int, up: int) -> None:
    found = list(islice(run_lengths(p, down, up), 60))
    expected = [solved_run_length(p, down, up, height) for height in range(1, 61)]
    # The dense system loses its digits where it is nearly singular.
    safe = [at for at, length in enumerate(expected) if length < 1e5]
    assert len(safe) >= 10
    assert [found[at] for at in safe] == pytest.approx([expected[at] for at in safe], rel=1e-9)


def test_a_run_length_of_any_size_is_right_to_rounding() -> None:
    climb, exact = Fraction(0), Fraction(0)
    for _ in range(60):  # a walk of single steps: from j to j + 1 by way of j - 1
        climb = (1 + Fraction(3, 4) * climb) / Fraction(1, 4)
        exact += climb
    assert exact > 10**28
    found = next(islice(run_lengths(0.25, 1, 1), 59, None))
    assert found == pytest.approx(float(exact), rel=1e-13)


def test_the_smallest_threshold_that_keeps_the_run_length_is_taken() -> None:
    design = bernoulli_cusum(0.1, 0.2, 1000.0)
    assert design.k == 1 / 7
    height = round(design.h * 7 + 0.5)
    assert design.arl0 == pytest.approx(solved_run_length(0.1, 1, 6, height), rel=1e-9)
    assert design.arl1 == pytest.approx(solved_run_length(0.2, 1, 6, height), rel=1e-9)
    assert design.arl0 >= 1000 > solved_run_length(0.1, 1, 6, height - 1)


@pytest.mark.parametrize(
    ("p0", "p1", "arl"),
    [(0.1, 0.2, 500.0), (0.1, 0.2, 2000.0), (0.02, 0.05, 1000.0), (0.5, 0.6, 1000.0)],
)
def test_simulated_errors_alarm_as_rarely_and_as_soon_as_designed(
    p0: float, p1: float, arl: float
) -> None:
    design = bernoulli_cusum(p0, p1, arl)
    rng = np.random.default_rng(7)
    rows = 1_000_000
    in_control = (rng.random(rows) < p0).astype(np.float64)
    found = rows / len(alarms_of(design.cusum(), in_control))
    assert found >= 0.9 * arl
    assert found == pytest.approx(design.arl0, rel=0.1)
    out_of_control = (rng.random(rows // 4) < p1).astype(np.float64)
    found = rows / 4 / len(alarms_of(design.cusum(), out_of_control))
    assert found == pytest.approx(design.arl1, rel=0.05)


@pytest.mark.parametrize(("shift", "arl"), [(1.0, 500.0), (0.5, 1000.0), (3.0, 2000.0)])
def test_simulated_normal_values_alarm_as_rarely_and_as_soon_as_designed(
    shift: float, arl: float
) -> None:
    design = normal_cusum(shift, arl)
    rng = np.random.default_rng(7)
    count = 400_000
    machine = design.cusum(mean=5.0, deviation=2.0)
    found = count / len(alarms_of(machine, 5.0 + 2.0 * rng.standard_normal(count)))
    assert found >= 0.9 * arl
    assert found == pytest.approx(design.arl0, rel=0.1)
    shifted = 5.0 + 2.0 * (rng.standard_normal(count // 4) - shift)  # the lower side's turn
    found = count / 4 / len(alarms_of(machine, shifted))
    assert found == pytest.approx(design.arl1, rel=0.05)


@pytest.mark.parametrize(
    ("h", "shift", "published"),
    [(4, 0.0, 168), (4, 0.5, 26.6), (4, 1.0, 8.38), (5, 0.0, 465), (5, 0.5, 38.0), (5, 1.0, 10.4)],
)
def test_the_normal_run_lengths_are_the_published_ones(
    h: float, shift: float, published: float
) -> None:
    """Lucas and Crosier, Technometrics 24 (1982), Table 1: k = .5, two-sided."""
    rate = 1 / normal_run_length(0.5, h, shift) + 1 / normal_run_length(0.5, h, -shift)
    assert 1 / rate == pytest.approx(published, rel=0.005)


@pytest.mark.parametrize("arl", [2.0, 500.0, 1e5, 1e9])
@pytest.mark.parametrize("shift", [0.5, 1.0, 4.0])
def test_the_normal_threshold_keeps_the_run_length(shift: float, arl: float) -> None:
    design = normal_cusum(shift, arl)
    assert design.k == shift / 2
    assert design.arl0 >= arl
    if design.h > 0.001:
        assert normal_run_length(design.k, design.h - 1e-5) / 2 < arl
    assert 1 <= design.arl1 <= design.arl0


def test_a_risen_error_rate_is_seen_as_soon_as_the_design_says() -> None:
    """With p0 known, which ADWIN (median 288 and 112 rows) and DDM (687 and 311) have to learn."""
    design = bernoulli_cusum(0.1, 0.2, 1e5)
    assert design.arl0 == pytest.approx(110_733, abs=1)
    assert design.arl1 == pytest.approx(165.2, abs=0.1)
    assert median_delay(design.cusum(), 0.1, 0.2) == pytest.approx(138, abs=3)
    assert median_delay(design.cusum(), 0.1, 0.3) == pytest.approx(57, abs=3)
    rarer = bernoulli_cusum(0.1, 0.2, 1e6)
    assert median_delay(rarer.cusum(), 0.1, 0.2) == pytest.approx(190, abs=3)


@pytest.mark.parametrize(("p0", "p1"), [(0.2, 0.1), (0.1, 0.1), (0.0, 0.1), (0.5, 1.0)])
def test_rates_out_of_order_are_refused(p0: float, p1: float) -> None:
    with pytest.raises(ValueError, match="0 < p0 < p1 < 1"):
        bernoulli_cusum(p0, p1, 1000.0)


def test_what_would_take_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="too small a change"):
        bernoulli_cusum(1e-6, 2e-6, 1000.0)


@pytest.mark.parametrize("arl", [1.0, 2e9, float("nan")])
def test_a_run_length_out_of_reach_is_refused(arl: float) -> None:
    with pytest.raises(ValueError, match="run length"):
        bernoulli_cusum(0.1, 0.2, arl)
    with pytest.raises(ValueError, match="run length"):
        normal_cusum(1.0, arl)


@pytest.mark.parametrize("shift", [0.0, -1.0, 11.0])
def test_a_shift_out_of_range_is_refused(shift: float) -> None:
    with pytest.raises(ValueError, match="standard deviations"):
        normal_cusum(shift, 1000.0)
