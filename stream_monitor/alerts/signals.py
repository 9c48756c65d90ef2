"""What a verdict says to its alert: an alarm, quiet, or nothing."""

from __future__ import annotations

from stream_monitor.alerts.rule import Limits, Signal
from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.verdicts import PREFIX
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.detectors.worse import MONITOR as WORSE

#: Monitors that hold the budget of false alarms: one window in alarm is enough.
BUDGETED = frozenset((EVIDENCE, PREFIX + EVIDENCE, WORSE))


def limits_of(monitor: str, settings: ModelSettings) -> Limits:
    """How many windows start and end an alert of a monitor, and how long it cools."""
    alerts = settings.alerts
    consecutive = 1 if monitor in BUDGETED else alerts.consecutive
    return Limits(consecutive, alerts.recover, alerts.cooldown_ms)


def signal_of(verdict: Verdict, settings: ModelSettings, *, is_open: bool) -> Signal | None:
    """The signal of a verdict; ``None``: it changes nothing.

    While an alert ``is_open``, a verdict that is no alarm is quiet only if its effect is below
    ``alerts.recover_below`` of the smallest one that matters, or if chance explains it (its
    p-value is above ``alpha``): otherwise an effect near its limit would start and end an alert
    again and again. Monitors with a budget of false alarms have done so themselves: ``INFO``.
    """
    if verdict.state is State.ALARM:
        return Signal.ALARM
    if verdict.state is not State.OK:
        return None
    return None if is_open and _is_near(verdict, settings) else Signal.QUIET


def _is_near(verdict: Verdict, settings: ModelSettings) -> bool:
    """Whether the change is real and nearly of the size that matters."""
    if verdict.monitor in BUDGETED or not verdict.effect:
        return False
    match verdict.family, verdict.monitor:
        case Family.DRIFT, _:
            least, alpha = settings.drift.min_effect, settings.drift.alpha
        case Family.QUALITY, monitor if monitor == ROWS:
            return False  # a limit
        case Family.QUALITY, "duplicates":
            least, alpha = settings.quality.max_duplicates, 1.0
        case Family.QUALITY, _:
            least, alpha = settings.quality.min_increase, settings.quality.alpha
        case _:
            return False  # a limit, or a detector with a memory of its own
    by_chance = verdict.p_value is not None and verdict.p_value > alpha
    return not by_chance and verdict.effect >= settings.alerts.recover_below * least > 0
