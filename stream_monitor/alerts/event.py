"""What is published of an alert, each time that there is something new to say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from stream_monitor.alerts.columns import columns_from_list, columns_to_list
from stream_monitor.alerts.rule import OPEN
from stream_monitor.detectors.verdict import Carrier


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing said of one alert; every time is integer milliseconds of event time.

    ``alert_id`` is the same in all events of an alert and in every replay; ``sequence`` counts
    them from 1. The figures (``statistic`` … ``reference_n``) are those of the window that gave
    rise to the event, ``window_start_ms`` and ``window_end_ms`` its bounds. ``start_pane_ms`` is
    the start of the newest pane of the first window in alarm, ``since_ms`` when the change began
    as far as is known: the earliest of the columns', else that pane. ``started_at`` and
    ``recovered_at`` are ends of windows. ``false_alarms`` is the budget that the monitor holds
    (``1 per 30d``), ``None`` where it is judged window by window.
    """

    alert_id: str
    status: str  # started | ongoing | escalated | recovered | withdrawn
    sequence: int
    severity: str  # warning | critical; it never falls while an alert lasts
    model: str
    family: str
    monitor: str
    column: str
    columns: tuple[Carrier, ...]
    statistic: float | None
    threshold: float | None
    below: bool
    p_value: float | None
    effect: float | None
    n: int
    reference_n: int
    reference_hash: str
    false_alarms: str | None
    window_start_ms: int
    window_end_ms: int
    start_pane_ms: int
    since_ms: int
    started_at: int
    recovered_at: int | None
    look_first: str = ""  # empty once it is over
    summary: str = ""

    @property
    def event_id(self) -> str:
        """The id of this very event, the same in every replay."""
        return f"{self.alert_id}:{self.sequence}"

    @property
    def is_open(self) -> bool:
        """Whether the alert goes on."""
        return self.status in OPEN

    @property
    def key(self) -> tuple[str, str, str]:
        """What the alert is about."""
        return (self.family, self.monitor, self.column)

    def to_dict(self) -> dict[str, object]:
        """The event as JSON's own types, one key a field."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return told | {"columns": columns_to_list(self.columns)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AlertEvent:
        """The event that :meth:`to_dict` wrote; a ``ValueError`` for anything else."""
        names = {field.name for field in fields(cls)}
        if set(data) != names:
            odd = ", ".join(sorted(names.symmetric_difference(data)))
            raise ValueError(f"an alert was expected; it lacks or has too much: {odd}")
        return cls(**{**data, "columns": columns_from_list(data["columns"])})


def alert_id(
    model: str, family: str, monitor: str, column: str, start_pane_ms: int, reference_hash: str
) -> str:
    """16 hex digits of SHA-256 over who, what, when it began and the reference."""
    parts = (model, family, monitor, column, str(start_pane_ms), reference_hash)
    # the length before each part keeps ("a", "bc") and ("ab", "c") apart
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
