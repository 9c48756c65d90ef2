"""From the state of an alert and a window's verdict to the event that tells of it."""

from __future__ import annotations

from dataclasses import replace

from stream_monitor.alerts.columns import columns_of, joined
from stream_monitor.alerts.event import AlertEvent, alert_id
from stream_monitor.alerts.look import look_first
from stream_monitor.alerts.rule import Severity, Status, Window
from stream_monitor.alerts.severity import severity_of, worse
from stream_monitor.alerts.signals import BUDGETED
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.words import paragraph
from stream_monitor.config.budget import Budget
from stream_monitor.detectors.verdict import Verdict


def news_of(
    state: AlertState, status: Status | None, verdict: Verdict
) -> tuple[AlertState, Status | None]:
    """What a step has to tell, and the state with it told; nothing if nothing is new.

    An alert that goes on has escalated if its severity has risen, and says so if columns have
    joined; otherwise it is silent, and only keeps the newest figures of its columns.
    """
    if status in (Status.STARTED, Status.ONGOING) and state.first is not None:
        columns = joined(state.columns, columns_of(verdict, state.first.pane_ms))
        severity = worse(state.severity, severity_of(verdict))
        if status is Status.ONGOING and severity is not state.severity:
            status = Status.ESCALATED
        elif status is Status.ONGOING and len(columns) == len(state.columns):
            status = None
        state = replace(state, columns=columns, severity=severity)
    if status is not None:
        state = replace(state, sequence=state.sequence + 1)
    return state, status


def event_of(
    model: str,
    verdict: Verdict,
    state: AlertState,
    status: Status,
    window: Window,
    budget: Budget,
) -> AlertEvent:
    """The event of a step that led to ``state``, with the figures of the window's verdict."""
    first = window if state.first is None else state.first
    key = (verdict.family.value, verdict.monitor, verdict.column)
    return worded(
        AlertEvent(
            alert_id=alert_id(model, *key, first.pane_ms, state.reference_hash),
            status=status.value,
            sequence=max(1, state.sequence),
            severity=(state.severity or Severity.WARNING).value,
            model=model,
            family=verdict.family.value,
            monitor=verdict.monitor,
            column=verdict.column,
            columns=state.columns,
            statistic=verdict.statistic,
            threshold=verdict.threshold,
            below=verdict.below,
            p_value=verdict.p_value,
            effect=verdict.effect,
            n=verdict.n,
            reference_n=verdict.reference_n,
            reference_hash=state.reference_hash,
            false_alarms=str(budget) if verdict.monitor in BUDGETED else None,
            window_start_ms=window.start_ms,
            window_end_ms=window.end_ms,
            start_pane_ms=first.pane_ms,
            since_ms=min((c.since_ms for c in state.columns), default=first.pane_ms),
            started_at=window.end_ms if state.started_at_ms is None else state.started_at_ms,
            recovered_at=window.end_ms if status is Status.RECOVERED else None,
        )
    )


def worded(event: AlertEvent) -> AlertEvent:
    """The event with the words that its figures come to."""
    return replace(event, look_first=look_first(event), summary=paragraph(event))
