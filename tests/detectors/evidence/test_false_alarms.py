"""How long to a false alarm, and how long to a true one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stream_monitor.detectors.evidence.cuts import bins_of_numeric, bins_of_rate
from stream_monitor.detectors.evidence.detector import EvidenceDetector
from tests.detectors.evidence.worlds import (
    Draw,
    Watched,
    cauchy,
    constant,
    correlated,
    discrete,
    folded,
    normal,
)

C = 100
RUNS = 20
PANES = 3 * C


@pytest.mark.parametrize("draw", [normal, cauchy, correlated, folded, discrete, constant])
def test_false_alarms_stay_within_the_budget(draw: Draw) -> None:
    """Each run has a reference of its own; one without an alarm counts as its 300 panes."""
    firsts, alarms = [], 0
    for run in range(RUNS):
        random = np.random.default_rng([11, run])
        watched = Watched.of(draw(random, 400), C, seed=run)
        panes = [(at, watched.counts(draw(random, 50), at)) for at in range(1, PANES + 1)]
        _, told = watched.detector.fold(watched.detector.start(), panes)
        alarmed = [at for at, evidence in enumerate(told, start=1) if evidence.alarm]
        firsts.append(alarmed[0] if alarmed else PANES)
        alarms += len(alarmed)
    assert np.mean(firsts) >= C
    assert alarms / RUNS <= PANES / C


@pytest.mark.parametrize("rises_only", [False, True])
@pytest.mark.parametrize("rate", [0.2, 0.02, 0.002, 0.0])
def test_false_alarms_of_a_rate_stay_within_the_budget(rate: float, rises_only: bool) -> None:
    firsts, alarms = [], 0
    for run in range(RUNS):
        random = np.random.default_rng([12, run])
        wrong = int(random.binomial(2000, rate))
        bins = bins_of_rate("errors", wrong, 2000, rises_only=rises_only)
        detector = EvidenceDetector.of([bins], C)
        panes = [
            (at, {"errors": bins.count_rate(int(random.binomial(100, rate)), 100)})
            for at in range(1, PANES + 1)
        ]
        _, told = detector.fold(detector.start(), panes)
        alarmed = [at for at, evidence in enumerate(told, start=1) if evidence.alarm]
        firsts.append(alarmed[0] if alarmed else PANES)
        alarms += len(alarmed)
    assert np.mean(firsts) >= C
    assert alarms / RUNS <= PANES / C


def test_a_shift_of_one_of_ten_columns_is_found_in_a_few_panes_and_named() -> None:
    delays = []
    for run in range(10):
        random = np.random.default_rng([13, run])
        watched = Watched.of(random.normal(size=(5000, 10)), 10_000.0)
        state = watched.detector.start()
        for pane in range(1, 130):
            rows = random.normal(size=(100, 10))
            rows[:, 4] += pane > 100
            state, evidence = watched.detector.update(state, watched.counts(rows, pane), pane)
            if evidence.alarm:
                assert evidence.shares[0][0] == "f4"
                assert evidence.shares[0][1] > 0.9
                break
        delays.append(pane - 100)
    assert min(delays) > 0
    assert np.median(delays) <= 2
    assert max(delays) <= 4


def test_a_small_lasting_shift_is_found_though_the_urn_learns_it() -> None:
    """In panes as they are expected: 10,000 rows without drift, then a shift of .07 for 20,000."""
    at_cuts = stats.norm.ppf(np.arange(1, 5000) / 5000)
    bins = bins_of_numeric("x", at_cuts)
    panes = [
        np.diff(np.round(2000 * stats.norm.cdf(bins.points, shift)), prepend=0, append=2000)
        for shift in [0.0] * 5 + [0.07] * 10
    ]
    detector = EvidenceDetector.of([bins], 1e6 / 2000 * 10)
    state = detector.start()
    alarms = []
    for at, counts in enumerate(panes):
        state, evidence = detector.update(state, {"x": counts.astype(np.int64)}, at)
        alarms.append(evidence.alarm)
        if evidence.alarm:
            assert evidence.since == (("x", 5),)
            break
    assert not any(alarms[:5])
    assert alarms[-1]


def test_a_rate_that_doubles_is_found_in_a_few_panes() -> None:
    random = np.random.default_rng(14)
    bins = bins_of_rate("errors", 500, 5000, rises_only=True)
    detector = EvidenceDetector.of([bins], 10_000.0)
    state = detector.start()
    for pane in range(1, 220):
        wrong = int(random.binomial(100, 0.2 if pane > 200 else 0.1))
        counts = bins.count_rate(wrong, 100)
        state, evidence = detector.update(state, {"errors": counts}, pane)
        if evidence.alarm:
            break
    assert 200 < pane <= 205
