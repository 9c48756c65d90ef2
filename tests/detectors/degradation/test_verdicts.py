"""The verdicts of a window on degradation."""

from __future__ import annotations

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.verdicts import degradation_verdicts
from stream_monitor.detectors.verdict import Family, State, Verdict
from tests.detectors.degradation.worlds import PANE_MS

SETTINGS = ModelSettings(
    performance=PerformanceSettings(degradation=DegradationSettings(detectors=("cusum", "adwin")))
)
STANDINGS = {"cusum": Standing(False, 3.5, 19.0, "bernoulli"), "adwin": Standing()}


def verdicts(
    alarms: dict[str, tuple[int, ...]],
    standings: dict[str, Standing] | None = None,
    n: int = 1000,
    settings: ModelSettings = SETTINGS,
) -> tuple[Verdict, ...]:
    """Of a window of the panes 10 to 21."""
    held = STANDINGS if standings is None else standings
    return degradation_verdicts(alarms, held, 10 * PANE_MS, 22 * PANE_MS, n, settings, "abc")


def test_every_detector_has_a_verdict_and_the_first_decides() -> None:
    cusum, adwin = verdicts({"cusum": (), "adwin": ()})
    assert (cusum.monitor, adwin.monitor) == ("degradation_cusum", "degradation_adwin")
    assert (cusum.decides, adwin.decides) == (True, False)
    assert {cusum.family, adwin.family} == {Family.PERFORMANCE}
    assert (cusum.state, cusum.statistic, cusum.threshold) == (State.OK, 3.5, 19.0)
    assert (adwin.state, adwin.statistic, adwin.threshold) == (State.OK, None, None)
    assert (cusum.reference_hash, cusum.n, cusum.column) == ("abc", 1000, "")


def test_an_alarm_in_a_pane_of_the_window_is_one_of_the_window() -> None:
    for pane, state in ((9, State.OK), (10, State.ALARM), (21, State.ALARM), (22, State.OK)):
        cusum, adwin = verdicts({"cusum": (pane * PANE_MS,), "adwin": ()})
        assert (cusum.state, adwin.state) == (state, State.OK)
    cusum, _ = verdicts({"cusum": (11 * PANE_MS,)})
    assert cusum.statistic == cusum.threshold == 19.0


def test_few_rows_and_a_detector_that_learns_are_no_answer() -> None:
    assert {v.state for v in verdicts({}, n=99)} == {State.THIN}
    learning = {"cusum": Standing(learning=True), "adwin": Standing()}
    assert [v.state for v in verdicts({}, learning)] == [State.THIN, State.OK]
    assert [v.state for v in verdicts({}, {})] == [State.THIN, State.THIN]


def test_an_alarm_is_an_answer_even_of_few_rows() -> None:
    assert verdicts({"cusum": (12 * PANE_MS,)}, n=5)[0].state is State.ALARM


def test_without_detectors_there_are_no_verdicts() -> None:
    none = ModelSettings(
        performance=PerformanceSettings(degradation=DegradationSettings(detectors=()))
    )
    assert verdicts({}, settings=none) == ()
