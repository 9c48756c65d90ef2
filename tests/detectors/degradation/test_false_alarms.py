"""How often the CUSUM alarms falsely, and how late it alarms, by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.detectors.degradation.plan import RowPlan, SumPlan, plan_of_rate
from tests.detectors.degradation.worlds import (
    PANE_MS,
    classifier,
    of_rate,
    of_values,
    regression,
)


def test_by_default_a_false_alarm_comes_less_often_than_once_in_a_million_rows() -> None:
    degradation = classifier(baseline_error=0.1)
    panes = of_rate(np.random.default_rng(1), 0.1, 20, 600_000)  # 12 M rows
    found = degradation.fold(degradation.start(), panes)[1]["cusum"]
    assert 1 <= len(found) <= 12 + 2 * np.sqrt(12)


def test_on_single_rows_the_run_length_is_the_one_asked_for() -> None:
    degradation = classifier(baseline_error=0.1, run_length=2_000)
    panes = of_rate(np.random.default_rng(2), 0.1, 1, 300_000)
    found = len(degradation.fold(degradation.start(), panes)[1]["cusum"])
    assert 80 <= found <= 150 + 2 * np.sqrt(150)


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_larger_panes_alarm_no_more_often(n: int) -> None:
    degradation = classifier(baseline_error=0.1, run_length=2_000)
    panes = of_rate(np.random.default_rng(3), 0.1, n, 300_000 // n)
    found = len(degradation.fold(degradation.start(), panes)[1]["cusum"])
    assert found <= 150 + 2 * np.sqrt(150)


def test_with_learned_baselines_nine_streams_in_ten_keep_the_run_length() -> None:
    degradation = classifier(run_length=2_000)
    rng = np.random.default_rng(4)
    found = [
        len(degradation.fold(degradation.start(), of_rate(rng, 0.1, 10, 5_100))[1]["cusum"])
        for _ in range(100)
    ]
    assert sum(count > 25 for count in found) <= 10 + 2 * 3


@pytest.mark.parametrize(("rate", "most"), [(0.12, 20_000), (0.15, 800), (0.2, 300), (0.3, 150)])
def test_the_median_delay_of_a_rise_from_a_tenth(rate: float, most: int) -> None:
    degradation = classifier(baseline_error=0.1)
    rng = np.random.default_rng(5)
    delays = []
    for _ in range(60):
        panes = of_rate(rng, 0.1, 20, 50) + of_rate(rng, rate, 20, most // 5, first=50)
        found = degradation.fold(degradation.start(), panes)[1]["cusum"]
        late = [at for at in found if at >= 50 * PANE_MS]
        delays.append((late[0] // PANE_MS - 49) * 20 if late else 10**9)
    assert np.median(delays) <= most


@pytest.mark.parametrize("kind", ["normal", "laplace"])
@pytest.mark.parametrize("n", [1, 20])
def test_a_regression_keeps_its_run_length_although_absolute_errors_are_skewed(
    kind: str, n: int
) -> None:
    rng = np.random.default_rng(6)
    draw = {"normal": rng.normal, "laplace": rng.laplace}[kind]
    errors = np.abs(draw(size=(200_000 // n, n)))
    degradation = regression(
        baseline_mean=float(errors.mean()),
        baseline_deviation=float(errors.std()),
        run_length=2_000,
    )
    found = len(degradation.fold(degradation.start(), of_values(errors))[1]["cusum"])
    assert found <= 100 + 2 * 10


def test_a_regression_whose_error_grows_by_half_a_deviation_is_found() -> None:
    rng = np.random.default_rng(7)
    degradation = regression(baseline_mean=1.0, baseline_deviation=0.5)
    delays = []
    for _ in range(60):
        panes = of_values(rng.normal(1.25, 0.5, size=(100, 20)).clip(0))
        delays.append(degradation.fold(degradation.start(), panes)[1]["cusum"][0] // PANE_MS + 1)
    assert np.median(delays) * 20 <= 160


def test_a_change_too_small_for_rows_is_watched_by_the_sums_of_panes() -> None:
    assert isinstance(plan_of_rate(0.1, 0.05, 1e6), RowPlan)
    assert isinstance(plan_of_rate(0.9989, 0.001, 2_000), SumPlan)
    degradation = classifier(baseline_error=0.9989, smallest_rise=0.001, run_length=2_000)
    assert degradation.standings(degradation.start())["cusum"].design == "normal"
    panes = of_rate(np.random.default_rng(8), 0.9989, 100, 3_000)
    found = len(degradation.fold(degradation.start(), panes)[1]["cusum"])
    assert found <= 150 + 2 * np.sqrt(150)
