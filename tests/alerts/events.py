"""Verdicts and the events that tell of them."""

from __future__ import annotations

from stream_monitor.alerts.columns import columns_of
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Phase, Severity, Status, Window
from stream_monitor.alerts.severity import severity_of
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.telling import event_of
from stream_monitor.config.budget import Budget
from stream_monitor.config.duration import DAY
from stream_monitor.detectors.verdict import Carrier, Family, State, Verdict

HOUR = 3_600_000
PANE = HOUR // 12
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
FIRST = Window(START, START + HOUR, START + HOUR - PANE)
SECOND = Window(FIRST.start_ms + PANE, FIRST.end_ms + PANE, FIRST.pane_ms + PANE)

DRIFT = Verdict(
    family=Family.DRIFT,
    monitor="ks",
    column="feature:amount",
    state=State.ALARM,
    statistic=0.31,
    threshold=0.0625,
    p_value=1.5e-40,
    n=1200,
    reference_n=5000,
    reference_hash="00112233aabbccdd",
    effect=0.31,
    decides=True,
)
CARRIER = Carrier(
    "feature:amount",
    0.62,
    START + HOUR // 2,
    0.31,
    (("ks", 0.32), ("wasserstein", 1.21), ("psi", 0.43)),
)


def event(
    verdict: Verdict = DRIFT,
    status: Status = Status.STARTED,
    *,
    sequence: int = 1,
    columns: tuple[Carrier, ...] | None = None,
    severity: Severity | None = None,
) -> AlertEvent:
    """What is said of the second window of an alert; its columns are those of the verdict."""
    state = AlertState(
        phase=Phase.ONGOING,
        last_end_ms=SECOND.end_ms,
        first=FIRST,
        reference_hash=verdict.reference_hash,
        started_at_ms=SECOND.end_ms,
        severity=severity or severity_of(verdict),
        sequence=sequence,
        columns=columns_of(verdict, FIRST.pane_ms) if columns is None else columns,
    )
    return event_of("fraud", verdict, state, status, SECOND, Budget(1.0, 30 * DAY))
