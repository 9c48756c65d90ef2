"""The evidence over panes: what it accuses, how long, and how big the rise is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.degradation import Degradation
from stream_monitor.detectors.degradation.effect import LARGEST_RISE, Counted, measured, needed
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.detectors.degradation.terms import Terms
from stream_monitor.detectors.evidence.cuts import bins_of_rate
from stream_monitor.detectors.evidence.detector import EvidenceDetector
from stream_monitor.detectors.verdict import State
from stream_monitor.reference.model import Task
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.residuals import numbered
from tests.detectors.degradation.worlds import PANE_MS, of_counts, of_rate, of_values

TERMS = Terms(panes=1000.0, window_ms=4 * PANE_MS, min_samples=100, recover_below=0.8)
USUAL = Baseline.of_rate(0.1, 5000)


def watched(terms: Terms = TERMS, baseline: Baseline | None = USUAL, **more: Any) -> Degradation:
    return Degradation.of(DegradationSettings(**more), Task.BINARY, baseline, None, terms)


def of_residuals(errors: np.ndarray | None, terms: Terms = TERMS, **more: Any) -> Degradation:
    sample = None if errors is None else Grid.from_sample(errors)
    residuals = None if sample is None else ResidualCounts.of_sample(sample)
    baseline = None if sample is None else Baseline.of_residuals(sample)
    return Degradation.of(DegradationSettings(**more), Task.REGRESSION, baseline, residuals, terms)


def told(degradation: Degradation, panes: Sequence[PaneErrors]) -> list[Standing]:
    """Where it stands after each pane."""
    state, found = degradation.start(), []
    for pane in panes:
        state, _ = degradation.fold(state, [pane])
        found.append(degradation.standings(state, pane.start_ms + PANE_MS)["evidence"])
    return found


def test_the_budget_of_labels_is_half_of_the_models() -> None:
    own = ModelSettings(slide_ms=300_000, window_ms=3_600_000)
    assert Terms.of(own).panes == 2 * own.false_alarms.panes(300_000) == 17_280


@settings(deadline=None, max_examples=50)
@given(counts=st.lists(st.integers(0, 100), max_size=30))
def test_the_evidence_of_a_classifier_is_that_of_the_detector_of_rates(counts: list[int]) -> None:
    bins = bins_of_rate("errors", 500, 5000, rises_only=True)
    detector = EvidenceDetector.of([bins], TERMS.panes)
    panes = of_counts([(100, wrong) for wrong in counts])
    urn, alarms, latest = detector.start(), [], 0.0
    for pane in panes:
        urn, evidence = detector.update(
            urn, {"errors": bins.count_rate(pane.errors, pane.n)}, pane.start_ms
        )
        alarms += [pane.start_ms] if evidence.alarm else []
        latest = max(0.0, evidence.log_evidence / math.log(10))
    state, found = watched().fold(watched().start(), panes)
    assert list(found["evidence"]) == alarms
    standing = watched().standings(state)["evidence"]
    assert standing.threshold == 3.0
    if not alarms:
        assert standing.statistic == latest


def test_an_alarm_is_in_force_while_the_rise_lasts_and_over_once_a_window_is_as_usual() -> None:
    panes = of_counts([(200, 20)] * 20 + [(200, 60)] * 20 + [(200, 20)] * 12)
    found = told(watched(), panes)
    states = [standing.state for standing in found]
    assert set(states[:20]) == {State.OK}
    first = states.index(State.ALARM)
    assert 20 <= first <= 22
    assert set(states[first:40]) == {State.ALARM}
    assert set(states[44:]) == {State.OK}
    assert found[30].effect == pytest.approx(0.2)
    assert found[30].statistic is not None
    assert found[30].statistic >= 3.0  # of the alarm, though the evidence has begun again


def test_evidence_with_a_small_effect_is_information_and_is_acquitted_by_the_next_window() -> None:
    panes = of_counts([(20_000, 2000)] * 5 + [(20_000, 2180)] * 15 + [(20_000, 2000)] * 12)
    exact = watched(baseline=Baseline.of_rate(0.1, 10**6))
    found = told(exact, panes)
    assert State.ALARM not in {standing.state for standing in found}
    at = [standing.state for standing in found].index(State.INFO)
    assert 5 <= at < 20
    assert found[19].effect == pytest.approx(0.009)
    assert found[19].state is State.INFO  # between 0.8 of the smallest rise and it
    assert found[-1].state is State.OK


def test_between_the_smallest_rise_and_what_is_left_of_it_nothing_is_said() -> None:
    panes = of_counts([(1000, 200)] * 8 + [(1000, 109)] * 8 + [(1000, 107)] * 5)
    states = [standing.state for standing in told(watched(), panes)]
    assert states[7] is State.ALARM
    assert states[12:16] == [State.INFO] * 4
    assert states[-1] is State.OK


def test_with_few_labels_a_window_reaches_back_so_that_noise_acquits_nobody() -> None:
    panes = of_counts([(30, 15), (30, 0), (30, 15), (30, 15), (30, 1)])
    terms = TERMS._replace(window_ms=PANE_MS)
    found = told(watched(terms), panes)
    assert found[0].state is State.ALARM
    assert found[1].state is State.ALARM
    assert found[-1].effect == pytest.approx(31 / 120 - 0.1)


def test_a_window_without_new_labels_is_judged_by_the_panes_that_it_has() -> None:
    degradation = watched(TERMS._replace(min_samples=1))
    state, _ = degradation.fold(degradation.start(), of_counts([(100, 50), (100, 50), (100, 10)]))
    far, near = (degradation.standings(state, at * PANE_MS)["evidence"] for at in (6, 3))
    assert near.state is State.ALARM
    assert near.effect == pytest.approx(110 / 300 - 0.1)
    assert far.effect == pytest.approx(0.0)
    assert far.state is State.OK


def test_a_fall_of_the_error_rate_is_no_alarm() -> None:
    panes = of_counts([(500, 5)] * 30)
    assert {standing.state for standing in told(watched(), panes)} == {State.OK}


def test_a_baseline_that_is_learned_is_the_urns_start() -> None:
    degradation = watched(baseline=None, learn=500)
    found = told(degradation, of_counts([(250, 25)] * 2 + [(250, 100)] * 2))
    assert [standing.learning for standing in found] == [True, False, False, False]
    assert found[-1].state is State.ALARM
    assert found[1].threshold == 3.0


@pytest.mark.parametrize("known", [True, False])
def test_residuals_that_widen_are_an_alarm_and_those_that_narrow_information(known: bool) -> None:
    random = np.random.default_rng(5)
    usual = random.normal(size=(20, 100))
    for scale, expected, other in (
        (1.5, State.ALARM, State.INFO),
        (0.6, State.INFO, State.ALARM),
    ):
        changed = scale * random.normal(size=(20, 100))
        degradation = of_residuals(random.normal(size=2000) if known else None, learn=1000)
        found = told(degradation, [*of_values(usual), *of_values(changed, first=20)])
        states = [standing.state for standing in found]
        assert expected in states[20:25]
        assert other not in states
        assert not {State.ALARM, State.INFO}.intersection(states[:20])
        assert found[-1].effect == pytest.approx(scale - 1, abs=0.15)


def test_a_bias_is_seen_whatever_the_unit_of_the_truth() -> None:
    random = np.random.default_rng(6)
    usual, biased = random.normal(size=2000), random.normal(size=(10, 100)) + 0.8
    for unit in (1.0, 1e-6, 1e6):
        found = told(of_residuals(usual * unit), of_values(biased * unit))
        assert State.ALARM in {standing.state for standing in found[:3]}
        assert found[-1].effect == pytest.approx(0.27, abs=0.1)


def test_a_regression_with_a_given_baseline_learns_its_residuals() -> None:
    random = np.random.default_rng(7)
    given_: dict[str, Any] = {"baseline_mean": 1.0, "baseline_deviation": 0.5, "learn": 300}
    degradation = of_residuals(None, detectors=("evidence", "cusum"), **given_)
    state, _ = degradation.fold(degradation.start(), of_values(random.normal(size=(2, 100))))
    standings = degradation.standings(state)
    assert (standings["evidence"].learning, standings["cusum"].learning) == (True, False)
    state, _ = degradation.fold(state, of_values(random.normal(size=(2, 100)), first=2))
    assert state.baseline == Baseline(1.0, 0.5)
    assert degradation.standings(state)["evidence"].effect == pytest.approx(-0.2, abs=0.15)


def test_residuals_that_overflow_and_a_model_that_was_never_wrong_have_a_finite_effect() -> None:
    never = of_residuals(np.zeros(500))
    (right, wrong) = told(never, [*of_values(np.zeros((1, 200))), *of_values(np.ones((1, 200)), 1)])
    assert (right.state, right.effect) == (State.OK, 0.0)
    assert (wrong.state, wrong.effect) == (State.ALARM, LARGEST_RISE)
    huge = of_residuals(np.random.default_rng(8).normal(size=500))
    (found,) = told(huge, [PaneErrors(0, 5, 0, math.inf, math.inf)])
    assert found.effect == LARGEST_RISE


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 90)), min_size=1, max_size=40))
def test_the_panes_that_are_kept_measure_like_all_panes(pairs: list[tuple[int, int]]) -> None:
    starts = np.cumsum([gap + 1 for gap, _ in pairs]).tolist()
    panes = [Counted(at * PANE_MS, n, n / 2) for at, (_, n) in zip(starts, pairs, strict=True)]
    kept: list[Counted] = []
    for pane in panes:
        kept = needed([*kept, pane], TERMS)
    for later in (1, 2, 4, 9):
        begin = panes[-1].start_ms + later * PANE_MS - TERMS.window_ms
        assert measured(kept, begin, 0.1, TERMS, regression=False) == measured(
            panes, begin, 0.1, TERMS, regression=False
        )


@given(
    st.lists(st.floats(-1e3, 1e3), max_size=60),
    st.lists(st.floats(-1e3, 1e3), max_size=60),
)
def test_counts_of_residuals_add_up(first: list[float], second: list[float]) -> None:
    parts = [ResidualCounts.of_sample(Grid.from_sample(np.array(part))) for part in (first, second)]
    both = ResidualCounts.of_sample(Grid.from_sample(np.array(first + second)))
    assert parts[0].plus(parts[1]) == parts[1].plus(parts[0]) == both
    numbers, counts = both.arrays()
    expected = np.sort(numbered(np.array(first + second, dtype=np.float64)))
    assert np.repeat(numbers, counts).tolist() == expected.tolist()


def test_panes_out_of_any_order_of_calls_end_in_equal_bytes() -> None:
    degradation = watched()
    panes = of_rate(np.random.default_rng(9), 0.2, 50, 60)
    whole, alarms = degradation.fold(degradation.start(), panes)
    between, before = degradation.fold(degradation.start(), panes[:31])
    state, later = degradation.fold(degradation.load(degradation.dump(between)), panes[31:])
    assert degradation.dump(state) == degradation.dump(whole)
    assert alarms["evidence"] == before["evidence"] + later["evidence"] != ()


def test_other_terms_are_another_configuration() -> None:
    degradation = watched()
    data = degradation.dump(degradation.start())
    for other in (
        watched(TERMS._replace(panes=999.0)),
        watched(TERMS._replace(window_ms=PANE_MS)),
        watched(TERMS._replace(recover_below=0.5)),
        watched(min_rise=0.02),
    ):
        with pytest.raises(ValueError, match="another configuration"):
            other.load(data)
