"""The fold over panes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.detectors.degradation.baseline import Baseline, Learning
from stream_monitor.detectors.degradation.degradation import Degradation
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.plan import RowPlan, plan_of_rate
from stream_monitor.detectors.degradation.rows import blocks
from stream_monitor.errors import ConfigurationError
from stream_monitor.reference.model import Task
from tests.detectors.degradation.worlds import (
    EVERY,
    FOR_ALL,
    PANE_MS,
    classifier,
    of_counts,
    of_rate,
    of_values,
    pane_lists,
    regression,
)

QUICK = {"run_length": 1000, "page_hinkley": {"threshold": 5.0, "min_samples": 5}}
WORLDS = {
    "classifier, learning": classifier(detectors=("evidence", *EVERY), learn=500, **QUICK),
    "classifier, given": classifier(detectors=("evidence", *EVERY), baseline_error=0.1, **QUICK),
    "classifier, normal design": classifier(
        detectors=("cusum",), baseline_error=0.9989, smallest_rise=0.001, run_length=1000
    ),
    "regression, learning": regression(detectors=("evidence", *FOR_ALL), learn=200, **QUICK),
    "regression, given": regression(
        detectors=("evidence", *FOR_ALL),
        baseline_mean=1.0,
        baseline_deviation=0.5,
        **QUICK,
    ),
}


@pytest.mark.parametrize("world", WORLDS)
@settings(deadline=None, max_examples=60)
@given(panes=pane_lists(), data=st.data())
def test_folding_in_parts_is_folding_at_once_and_changes_no_state(
    world: str, panes: list[PaneErrors], data: st.DataObject
) -> None:
    degradation = WORLDS[world]
    at = data.draw(st.integers(0, len(panes)))
    start = degradation.start()
    whole, alarms = degradation.fold(start, panes)
    between, before = degradation.fold(start, panes[:at])
    kept = degradation.dump(between)
    after, later = degradation.fold(between, panes[at:])
    assert after == whole
    assert {name: before[name] + later[name] for name in before} == alarms
    assert start == degradation.start()
    assert degradation.dump(between) == kept
    assert degradation.fold(degradation.load(kept), panes[at:]) == (after, later)


@settings(deadline=None, max_examples=100)
@given(panes=pane_lists(), rate=st.sampled_from([0.0, 0.02, 0.1, 0.5]))
def test_the_cusum_is_the_loop_over_single_rows(panes: list[PaneErrors], rate: float) -> None:
    plan = plan_of_rate(rate, 0.05, 1000)
    assert isinstance(plan, RowPlan)
    total, expected = 0, []
    for pane in panes:
        for block in blocks([pane]):
            for row in block.rows.tolist():
                total = max(0, total + (plan.up if row else -plan.down))
                if total >= plan.height:
                    expected.append(pane.start_ms)
                    total = 0
                    break
    degradation = classifier(baseline_error=rate, run_length=1000)
    state, alarms = degradation.fold(degradation.start(), panes)
    assert list(alarms["cusum"]) == expected
    assert degradation.standings(state)["cusum"].statistic == total / (plan.up + plan.down)


@settings(deadline=None, max_examples=60)
@given(panes=pane_lists())
def test_page_hinkley_is_the_loop_over_single_rows(panes: list[PaneErrors]) -> None:
    delta, threshold, least = 0.125, 3.0, 5
    count, total, upper, lower, expected = 0, 0.0, 0.0, 0.0, []
    for pane in panes:
        for block in blocks([pane]):
            for row in block.rows.tolist():
                count, total = count + 1, total + row
                mean = round(total / count * 2**20) / 2**20
                upper = max(0.0, upper + (row - mean - delta))
                lower = max(0.0, lower + (mean - row - delta))
                if count >= least and max(upper, lower) > threshold:
                    if upper > threshold:
                        expected.append(pane.start_ms)
                    count, total, upper, lower = 0, 0.0, 0.0, 0.0
                    break
    degradation = classifier(
        detectors=("page_hinkley",),
        page_hinkley={"delta": delta, "threshold": threshold, "min_samples": least},
    )
    state, alarms = degradation.fold(degradation.start(), panes)
    assert list(alarms["page_hinkley"]) == expected
    assert degradation.standings(state)["page_hinkley"].statistic == upper


def test_restated_panes_give_what_the_right_counts_would_have_given() -> None:
    rng = np.random.default_rng(3)
    degradation = classifier(detectors=EVERY)
    closed, late = of_rate(rng, 0.1, 200, 30), of_rate(rng, 0.3, 200, 30, first=30)
    base, _ = degradation.fold(degradation.start(), closed)
    partial = [pane._replace(n=pane.n // 4, errors=0) for pane in late]
    _, early = degradation.fold(base, partial)
    assert early["cusum"] == ()
    now, alarms = degradation.fold(base, late)
    whole, expected = degradation.fold(degradation.start(), closed + late)
    assert now == whole
    assert alarms == {
        name: tuple(at for at in expected[name] if at >= 30 * PANE_MS) for name in EVERY
    }
    assert alarms["cusum"]


@pytest.mark.parametrize("name", EVERY)
def test_a_rise_of_the_error_rate_alarms_and_a_fall_does_not(name: str) -> None:
    rng = np.random.default_rng(5)
    degradation = classifier(detectors=(name,))
    before = of_rate(rng, 0.3, 100, 60)
    state, found = degradation.fold(degradation.start(), before)
    assert found[name] == ()
    _, risen = degradation.fold(state, of_rate(rng, 0.6, 100, 20, first=60))
    assert risen[name]
    _, fallen = degradation.fold(state, of_rate(rng, 0.02, 100, 60, first=60))
    assert fallen[name] == ()


@pytest.mark.parametrize("name", FOR_ALL)
def test_a_rise_of_the_absolute_error_alarms_and_a_fall_does_not(name: str) -> None:
    rng = np.random.default_rng(6)
    degradation = regression(detectors=(name,), adwin={"clock": 1})
    before = np.abs(rng.normal(size=(120, 50))) * 1e5
    state, found = degradation.fold(degradation.start(), of_values(before))
    assert found[name] == ()
    risen = np.abs(rng.normal(size=(40, 50))) * 2e5
    _, alarms = degradation.fold(state, of_values(risen, first=120))
    assert alarms[name]
    fallen = np.abs(rng.normal(size=(40, 50))) * 3e4
    _, alarms = degradation.fold(state, of_values(fallen, first=120))
    assert alarms[name] == ()


def test_the_unit_of_the_truth_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    errors = np.abs(rng.normal(size=(80, 32)))
    errors[40:] *= 1.6
    degradation = regression(detectors=FOR_ALL)
    found = [
        degradation.fold(degradation.start(), of_values(errors * unit))[1]
        for unit in (1.0, 2.0**40, 2.0**-40)
    ]
    assert found[0]["cusum"]
    assert found[0] == found[1] == found[2]


def test_the_baseline_is_learned_from_the_first_rows_and_then_stays() -> None:
    degradation = classifier(learn=250)
    state, _ = degradation.fold(degradation.start(), of_counts([(100, 10), (100, 20)]))
    assert state.baseline is None
    assert degradation.standings(state)["cusum"].learning
    state, _ = degradation.fold(state, of_counts([(100, 15), (100, 90)], first=2))
    assert state.baseline == Baseline.of_rate(0.15, 300)
    assert not degradation.standings(state)["cusum"].learning
    more, _ = degradation.fold(state, of_counts([(100, 90)] * 5, first=4))
    assert more.baseline == state.baseline


def test_the_mean_and_deviation_of_a_regression_are_learned() -> None:
    errors = np.abs(np.random.default_rng(8).normal(size=(10, 100)))
    degradation = regression()
    state, _ = degradation.fold(degradation.start(), of_values(errors))
    assert state.baseline is not None
    assert state.baseline.mean == pytest.approx(errors.mean())
    assert state.baseline.deviation == pytest.approx(errors.std())
    assert state.baseline.n == 1000


def test_panes_whose_sums_overflow_are_not_learned_from() -> None:
    learning = Learning().plus(PaneErrors(0, 5, 0, float("inf"), float("inf")))
    assert learning == Learning()
    degradation = regression(baseline_mean=1.0, baseline_deviation=1.0)
    state, alarms = degradation.fold(
        degradation.start(), [PaneErrors(0, 5, 0, float("inf"), float("inf"))]
    )
    assert alarms["cusum"] == (0,)
    assert degradation.standings(state)["cusum"].statistic == 0.0


def test_the_settings_baseline_wins_over_the_one_given_and_that_over_learning() -> None:
    own, other = DegradationSettings(baseline_error=0.2), Baseline.of_rate(0.3, 50)
    assert Degradation.of(own, Task.BINARY, other).baseline == Baseline.of_rate(0.2)
    assert Degradation.of(DegradationSettings(), Task.MULTICLASS, other).baseline == other
    assert Degradation.of(DegradationSettings(), Task.UNKNOWN).baseline is None


@pytest.mark.parametrize("errors", [0, 1000])
def test_a_model_that_was_never_or_always_wrong_can_be_watched(errors: int) -> None:
    degradation = classifier(detectors=EVERY)
    state, _ = degradation.fold(degradation.start(), of_counts([(1000, errors)]))
    state, alarms = degradation.fold(state, of_counts([(1000, errors)] * 20, first=1))
    assert alarms["cusum"] == ()
    _, alarms = degradation.fold(state, of_counts([(1000, 500)], first=21))
    assert bool(alarms["cusum"]) == (errors == 0)


def test_a_regression_that_was_never_wrong_can_be_watched() -> None:
    degradation = regression(detectors=FOR_ALL)
    right = [PaneErrors(at * PANE_MS, 1000) for at in range(10)]
    state, alarms = degradation.fold(degradation.start(), right)
    assert alarms["cusum"] == ()
    _, alarms = degradation.fold(state, [PaneErrors(10 * PANE_MS, 1000, 0, 0.1, 0.1)])
    assert alarms["cusum"] == (10 * PANE_MS,)


def test_empty_panes_and_no_panes_change_nothing_but_the_last_pane() -> None:
    degradation = classifier(detectors=EVERY, baseline_error=0.1)
    start = degradation.start()
    assert degradation.fold(start, [])[0] == start
    state, alarms = degradation.fold(start, of_counts([(0, 0)] * 3))
    assert state.machines == start.machines
    assert state.last_ms == 2 * PANE_MS
    assert set(alarms.values()) == {()}


def test_an_alarm_starts_the_detector_again_so_that_a_lasting_rise_alarms_pane_after_pane() -> None:
    degradation = classifier(baseline_error=0.1)
    panes = of_counts([(1000, 500)] * 4)
    assert degradation.fold(degradation.start(), panes)[1]["cusum"] == tuple(
        pane.start_ms for pane in panes
    )


def test_panes_out_of_order_are_refused() -> None:
    degradation = classifier()
    state, _ = degradation.fold(degradation.start(), of_counts([(1, 0)], first=3))
    with pytest.raises(ValueError, match="in the order of event time, each once"):
        degradation.fold(state, of_counts([(1, 0)], first=3))


@pytest.mark.parametrize("name", ["ddm", "hddm_a"])
def test_a_detector_of_zeros_and_ones_cannot_watch_a_regression(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}, which watch .* choose evidence"):
        regression(detectors=("cusum", name))
