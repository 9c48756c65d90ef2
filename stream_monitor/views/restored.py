"""An open alert of which only a worker's state is left, in the shape of what is published."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Status
from stream_monitor.metrics.snapshot import OpenAlert
from stream_monitor.views.protocol import Report

_WORDS = (
    "This alert was open when its worker started or took the model over. The topic alerts has "
    "the figures with which it began."
)


def restored(alert: OpenAlert) -> Report:
    """Every field of an alert's event; what the state does not know is ``null``.

    ``sequence`` is 0, as no event of an alert is: whatever is published of it comes after.
    """
    unknown: dict[str, Any] = dict.fromkeys(field.name for field in fields(AlertEvent))
    return unknown | {
        "alert_id": alert.episode,
        "status": Status.ONGOING.value,
        "sequence": 0,
        "severity": alert.severity,
        "model": alert.model,
        "family": alert.family,
        "monitor": alert.monitor,
        "column": alert.column,
        "columns": [],
        "started_at": alert.started_ms,
        "look_first": "",
        "summary": _WORDS,
    }
