"""A window with too few events: an alarm by a stated limit, however few there are."""

from __future__ import annotations

import pytest

from stream_monitor.config.monitors import QualitySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.few_rows import judge_rows
from stream_monitor.detectors.verdict import Family, State

LIMITED = ModelSettings(quality=QualitySettings(min_rows=500))


@pytest.mark.parametrize(
    ("rows", "state", "missing"),
    [
        (500, State.OK, 0.0),
        (9_000, State.OK, 0.0),
        (499, State.ALARM, 0.002),
        (5, State.ALARM, 0.99),
    ],
)
def test_fewer_rows_than_the_limit_are_an_alarm_even_where_nothing_else_is_judged(
    rows: int, state: State, missing: float
) -> None:
    (verdict,) = judge_rows(rows, "hash", LIMITED, is_full=True)
    assert rows > 5 or rows < LIMITED.min_samples
    assert (verdict.state, verdict.statistic, verdict.threshold) == (state, rows, 500)
    assert verdict.effect == pytest.approx(missing)
    assert (verdict.family, verdict.column, verdict.below) == (Family.QUALITY, "", True)
    assert verdict.decides


def test_a_window_that_reaches_back_before_the_first_events_is_not_judged() -> None:
    (verdict,) = judge_rows(5, "hash", LIMITED, is_full=False)
    assert (verdict.state, verdict.statistic) == (State.THIN, 5)


def test_without_a_limit_nothing_is_said_of_rows() -> None:
    assert judge_rows(0, "hash", ModelSettings(), is_full=True) == ()
