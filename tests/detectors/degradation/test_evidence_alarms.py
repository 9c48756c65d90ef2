"""How often the evidence alarms falsely, and how late it alarms, by simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.degradation import Degradation
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.detectors.degradation.terms import Terms
from stream_monitor.reference.model import Task
from stream_monitor.statistics.grid import Grid
from tests.detectors.degradation.worlds import PANE_MS, of_rate, of_values

C = 100
RUNS = 20
PANES = 3 * C
TERMS = Terms(float(C), 12 * PANE_MS, 100, 0.8)
Null = Callable[[np.random.Generator], tuple[Degradation, list[PaneErrors]]]


def of(task: Task, **more: Any) -> Degradation:
    return Degradation.of(DegradationSettings(learn=1000), task, terms=TERMS, **more)


def rate_of_a_reference(random: np.random.Generator) -> tuple[Degradation, list[PaneErrors]]:
    usual = Baseline.of_rate(float(random.binomial(2000, 0.1)) / 2000, 2000)
    return of(Task.BINARY, baseline=usual), of_rate(random, 0.1, 100, PANES)


def rate_learned(random: np.random.Generator) -> tuple[Degradation, list[PaneErrors]]:
    return of(Task.BINARY), of_rate(random, 0.1, 100, PANES + 10)


def residuals_of_a_reference(random: np.random.Generator) -> tuple[Degradation, list[PaneErrors]]:
    sample = Grid.from_sample(random.normal(size=400))
    degradation = of(
        Task.REGRESSION,
        baseline=Baseline.of_residuals(sample),
        residuals=ResidualCounts.of_sample(sample),
    )
    return degradation, of_values(random.normal(size=(PANES, 50)))


def residuals_learned(random: np.random.Generator) -> tuple[Degradation, list[PaneErrors]]:
    return of(Task.REGRESSION), of_values(random.normal(size=(PANES + 20, 50)))


def tied_residuals(random: np.random.Generator) -> tuple[Degradation, list[PaneErrors]]:
    return of(Task.REGRESSION), of_values(np.rint(random.normal(size=(PANES + 20, 50)) * 2))


@pytest.mark.parametrize(
    "null",
    [
        rate_of_a_reference,
        rate_learned,
        residuals_of_a_reference,
        residuals_learned,
        tied_residuals,
    ],
)
def test_false_alarms_stay_within_the_budget(null: Null) -> None:
    """Each run has a baseline of its own; one without an alarm counts as its 300 panes."""
    firsts, alarms = [], 0
    for run in range(RUNS):
        degradation, panes = null(np.random.default_rng([21, run]))
        _, found = degradation.fold(degradation.start(), panes)
        waited = len(panes) - PANES
        starts = [at // PANE_MS - waited + 1 for at in found["evidence"]]
        firsts.append(starts[0] if starts else PANES)
        alarms += len(starts)
    assert np.mean(firsts) >= C
    assert alarms / RUNS <= PANES / C


@pytest.mark.parametrize(("rate", "most"), [(0.15, 1000), (0.2, 400), (0.3, 200)])
def test_the_median_delay_of_a_rise_from_a_tenth_in_rows(rate: float, most: int) -> None:
    """At the default budget, one false alarm in 17,280 panes."""
    random = np.random.default_rng(22)
    degradation = Degradation.of(DegradationSettings(), Task.BINARY, Baseline.of_rate(0.1, 5000))
    delays = []
    for _ in range(15):
        panes = of_rate(random, 0.1, 50, 40) + of_rate(random, rate, 50, most // 10, first=40)
        _, found = degradation.fold(degradation.start(), panes)
        late = [at for at in found["evidence"] if at >= 40 * PANE_MS]
        delays.append((late[0] // PANE_MS - 39) * 50 if late else 10**9)
    assert np.median(delays) <= most


def test_residuals_that_widen_by_half_are_found_in_a_few_panes() -> None:
    random = np.random.default_rng(23)
    delays = []
    for _ in range(10):
        sample = Grid.from_sample(random.normal(size=5000))
        degradation = Degradation.of(
            DegradationSettings(),
            Task.REGRESSION,
            Baseline.of_residuals(sample),
            ResidualCounts.of_sample(sample),
        )
        panes = of_values(random.normal(size=(40, 100)))
        panes += of_values(1.5 * random.normal(size=(20, 100)), first=40)
        _, found = degradation.fold(degradation.start(), panes)
        delays.append(found["evidence"][0] // PANE_MS - 39)
    assert min(delays) > 0
    assert np.median(delays) <= 4
