from __future__ import annotations

import pytest

from stream_monitor.alerts.rule import Status, Window
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.telling import event_of, news_of
from stream_monitor.config.limits import MaximumSettings, MinimumSettings
from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.limits import Limit, limit_of
from stream_monitor.detectors.performance import LESS_IS_BETTER, judge_performance
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.reference.model import Task
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import batch, only, reference

NAMES = set(MinimumSettings.model_fields) | set(MaximumSettings.model_fields)
WORLDS = [
    reference(task=Task.BINARY, classes=("0", "1"), positive="1"),
    reference(task=Task.MULTICLASS, classes=("0", "1", "2")),
    reference(task=Task.REGRESSION),
]


#: What is said beside the figures of a model, of its labels and estimates.
BESIDE = ("delay_", "labelled_shift", "estimate")


def judged(**limits: object) -> tuple[Verdict, ...]:
    """The verdicts of 200 rows with errors of 1, 2, 1, 2, …"""
    chosen = PerformanceSettings.model_validate(limits)
    truths = [float(i) for i in range(200)]
    events = batch(200, prediction=[y + 1 + y % 2 for y in truths], truth=truths)
    return judge_performance(
        ModelSummary.of(events, WORLDS[2]).traffic.total,
        WORLDS[2],
        ModelSettings(performance=chosen),
    )


def test_every_figure_of_a_model_but_none_of_a_class_can_have_a_limit() -> None:
    figures = {
        verdict.monitor
        for world in WORLDS
        for verdict in judge_performance(
            ModelSummary.empty(world).traffic.total, world, ModelSettings()
        )
        if not verdict.column and not verdict.monitor.startswith(BESIDE)
    }
    assert figures == NAMES


def test_a_maximum_is_for_figures_that_are_better_when_less_or_have_two_sides() -> None:
    both = set(MinimumSettings.model_fields) & set(MaximumSettings.model_fields)
    assert set(MaximumSettings.model_fields) == LESS_IS_BETTER | both
    assert not set(MinimumSettings.model_fields) & LESS_IS_BETTER


def test_a_figure_above_its_maximum_is_an_alarm_and_the_effect_is_how_far() -> None:
    verdicts = judged(max={"mae": 1.25, "rmse": 2.0})
    high, good = only(verdicts, "mae"), only(verdicts, "rmse")
    assert (high.state, high.threshold, high.below) == (State.ALARM, 1.25, False)
    assert (high.effect, high.decides) == (0.25, True)
    assert (good.state, good.effect, good.decides) == (State.OK, 0.0, True)
    assert {v.monitor for v in verdicts if v.decides} == {"mae", "rmse"}


def test_a_figure_at_its_maximum_is_no_alarm() -> None:
    assert only(judged(max={"mae": 1.5}), "mae").state is State.OK


@pytest.mark.parametrize(
    ("least", "most", "state", "threshold", "below"),
    [
        (2.0, 3.0, State.ALARM, 2.0, True),
        (0.0, 1.0, State.ALARM, 1.0, False),
        (1.0, 9.0, State.OK, 1.0, True),
        (-9.0, 2.0, State.OK, 2.0, False),
    ],
)
def test_of_two_limits_the_verdict_has_the_one_that_is_passed_or_closer(
    least: float, most: float, state: State, threshold: float, below: bool
) -> None:
    bias = only(judged(min={"bias": least}, max={"bias": most}), "bias")
    assert (bias.state, bias.threshold, bias.below) == (state, threshold, below)


def test_when_certain_an_alarm_needs_the_whole_interval_beyond_the_limit() -> None:
    found = only(judged(), "mae")
    assert found.lower is not None
    for limit, state in ((found.lower + 0.01, State.OK), (found.lower - 0.01, State.ALARM)):
        assert only(judged(max={"mae": limit}), "mae").state is State.ALARM
        assert only(judged(max={"mae": limit}, certain=True), "mae").state is state


def test_certain_takes_the_bound_where_there_is_no_interval_and_else_the_figure() -> None:
    for figure, end in (
        (Figure(0.7, 10, 0.6, 0.8, 0.65, 0.75), 0.8),
        (Figure(0.7, 10, None, None, 0.65, 0.75), 0.75),
        (Figure(0.7, 10), 0.7),
    ):
        assert not Limit(end, below=True).is_passed(figure, certain=True)
        assert Limit(end + 1e-9, below=True).is_passed(figure, certain=True)
    assert not Limit(1.0, below=True).is_passed(Figure(None, 0), certain=False)


def test_an_interval_without_an_end_on_the_side_of_the_limit_is_never_beyond_for_certain() -> None:
    figure = Figure(5.0, 60, 4.0, None, 4.9, 5.1)
    assert Limit(9.0, below=True).is_passed(figure, certain=False)
    assert not Limit(9.0, below=True).is_passed(figure, certain=True)
    assert Limit(3.0, below=False).is_passed(figure, certain=True)


def test_mape_of_few_truths_that_are_not_zero_is_thin() -> None:
    chosen = PerformanceSettings(max=MaximumSettings(mape=0.1))
    events = batch(200, prediction=[1.0] * 200, truth=[2.0] * 99 + [0.0] * 101)
    verdicts = judge_performance(
        ModelSummary.of(events, WORLDS[2]).traffic.total,
        WORLDS[2],
        ModelSettings(performance=chosen),
    )
    mape = only(verdicts, "mape")
    assert (mape.state, mape.statistic, mape.n) == (State.THIN, 0.5, 99)
    assert only(verdicts, "mae").state is State.INFO


def test_without_limits_nothing_decides() -> None:
    assert limit_of(PerformanceSettings(), "mae", Figure(1.0, 1)) is None
    assert not any(v.decides for v in judged())
    assert {v.state for v in judged() if v.monitor in NAMES} == {State.INFO}


def test_an_alert_on_a_figure_says_which_side_of_which_limit() -> None:
    verdict = only(judged(max={"mae": 1.25}), "mae")
    window = Window(0, 2, 1)
    state, status = news_of(AlertState(first=window), Status.STARTED, verdict)
    assert status is not None
    event = event_of("m", verdict, state, status, window, ModelSettings().false_alarms)
    assert event.severity == "critical"
    assert "the mean absolute error is above its maximum: 1.5, maximum 1.25, n = 200" in (
        event.summary
    )
