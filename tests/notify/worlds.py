"""Alert documents as they stand on the topic."""

from typing import Any

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.detectors.verdict import Carrier
from stream_monitor.metrics.snapshot import OpenAlert

BEGAN_MS = 1_700_000_000_000
NOW_MS = BEGAN_MS + 600_000


def document(status: str = "started", **changes: Any) -> dict[str, Any]:
    """A critical drift of income and debt."""
    over = status in ("recovered", "withdrawn")
    event = AlertEvent(
        alert_id="0123456789abcdef",
        status=status,
        sequence=1,
        severity="critical",
        model="credit",
        family="drift",
        monitor="evidence",
        column="",
        columns=(
            Carrier("feature:debt", 0.1, BEGAN_MS, 0.1),
            Carrier("feature:income", 0.9, BEGAN_MS, 0.3),
        ),
        statistic=5.0,
        threshold=4.0,
        below=False,
        p_value=None,
        effect=0.3,
        n=1000,
        reference_n=5000,
        reference_hash="fedcba9876543210",
        false_alarms="1 per 30d",
        window_start_ms=BEGAN_MS - 300_000,
        window_end_ms=BEGAN_MS,
        start_pane_ms=BEGAN_MS - 60_000,
        since_ms=BEGAN_MS - 60_000,
        started_at=BEGAN_MS,
        recovered_at=BEGAN_MS + 300_000 if over else None,
        look_first="what fills these columns upstream",
        summary="Critical: model credit: 2 features have drifted.",
    )
    return event.to_dict() | changes


def held(**changes: Any) -> OpenAlert:
    """The same as a worker's state has it."""
    values: dict[str, Any] = {
        "model": "credit",
        "family": "drift",
        "monitor": "evidence",
        "column": "",
        "severity": "critical",
        "episode": "0123456789abcdef",
        "started_ms": BEGAN_MS,
    }
    return OpenAlert(**(values | changes))
