from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.alerts.rule import Limits, Signal
from stream_monitor.alerts.signals import limits_of, signal_of
from stream_monitor.config.monitors import AlertSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, State
from tests.alerts.events import DRIFT

SETTINGS = ModelSettings()  # 0.8 of 0.05 (drift) and of 0.01 (quality, duplicates)
QUIET = replace(DRIFT, state=State.OK)


@pytest.mark.parametrize("is_open", [True, False])
def test_an_alarm_is_an_alarm_and_no_answer_is_no_signal(is_open: bool) -> None:
    signals = {
        state: signal_of(replace(DRIFT, state=state), SETTINGS, is_open=is_open) for state in State
    }
    assert signals[State.ALARM] is Signal.ALARM
    assert signals[State.THIN] is signals[State.INFO] is None


@pytest.mark.parametrize(
    ("family", "monitor", "effect", "p_value", "signal"),
    [
        (Family.DRIFT, "ks", 0.045, 1e-9, None),
        (Family.DRIFT, "ks", 0.039, 1e-9, Signal.QUIET),
        (Family.DRIFT, "ks", 0.2, 0.02, Signal.QUIET),  # chance explains it
        (Family.DRIFT, "ks", None, 1e-9, Signal.QUIET),
        (Family.DRIFT, "wasserstein", 0.045, 1e-9, None),
        (Family.QUALITY, "missing", 0.009, 1e-9, None),
        (Family.QUALITY, "missing", 0.007, 1e-9, Signal.QUIET),
        (Family.QUALITY, "missing", 0.009, 0.5, Signal.QUIET),
        (Family.QUALITY, "duplicates", 0.009, None, None),
        (Family.QUALITY, "duplicates", 0.007, None, Signal.QUIET),
        (Family.QUALITY, "rows", 0.009, None, Signal.QUIET),  # a limit
        (Family.PERFORMANCE, "accuracy", 0.049, None, Signal.QUIET),
        (Family.PERFORMANCE, "version_worse", 0.2, None, Signal.QUIET),
        (Family.LATENCY, "p99", 0.049, None, Signal.QUIET),
        (Family.DRIFT, "evidence", 0.045, None, Signal.QUIET),  # it has its own band
    ],
)
def test_an_open_alert_stays_while_a_real_effect_is_nearly_large_enough(
    family: Family, monitor: str, effect: float | None, p_value: float | None, signal: Signal | None
) -> None:
    verdict = replace(QUIET, family=family, monitor=monitor, effect=effect, p_value=p_value)
    assert signal_of(verdict, SETTINGS, is_open=True) is signal
    assert signal_of(verdict, SETTINGS, is_open=False) is Signal.QUIET


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_not_open_is_quiet_and_an_effect_of_nothing_always(
    effect: float, p_value: float, recover_below: float
) -> None:
    settings = ModelSettings(alerts=AlertSettings(recover_below=recover_below))
    verdict = replace(QUIET, effect=effect, p_value=p_value)
    assert signal_of(verdict, settings, is_open=False) is Signal.QUIET
    assert signal_of(replace(verdict, effect=0.0), settings, is_open=True) is Signal.QUIET


def test_monitors_with_a_budget_need_one_window_to_start_an_alert() -> None:
    settings = ModelSettings(alerts=AlertSettings(consecutive=3, recover=4, cooldown_ms=5))
    assert limits_of("ks", settings) == Limits(3, 4, 5)
    assert limits_of("degradation_cusum", settings) == Limits(3, 4, 5)
    assert limits_of("evidence", settings) == Limits(1, 4, 5)
    assert limits_of("degradation_evidence", settings) == Limits(1, 4, 5)
    assert limits_of("version_worse", settings) == Limits(1, 4, 5)
    assert limits_of("rows", settings) == Limits(3, 4, 5)
