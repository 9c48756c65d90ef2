"""Alerts as a reader wants them: each from its start to its end, with what was said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Status


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert: the last that was said of it, and the last while it was open.

    ``starts``: the sequence numbers of its starts; more than one is an alert that came again.
    """

    last: AlertEvent
    told: AlertEvent
    starts: frozenset[int]

    @classmethod
    def of(cls, event: AlertEvent) -> Episode:
        """What a single event tells."""
        starts = [event.sequence] if event.status == Status.STARTED else []
        return cls(event, event, frozenset(starts))

    def merge(self, other: Episode) -> Episode:
        """What both tell of the same alert, whichever came first and however often."""
        last = max(self.last, other.last, key=lambda event: event.sequence)
        told = max(self.told, other.told, key=lambda event: (event.is_open, event.sequence))
        return replace(self, last=last, told=told, starts=self.starts | other.starts)

    @property
    def is_open(self) -> bool:
        return self.last.is_open

    @property
    def is_withdrawn(self) -> bool:
        return self.last.status == Status.WITHDRAWN

    @property
    def since_ms(self) -> int:
        """When the change began as far as is known."""
        return self.last.since_ms

    @property
    def end_ms(self) -> int | None:
        """The end of the window that ended it; ``None`` while it is open."""
        if self.is_open:
            return None
        return self.last.recovered_at or self.last.window_end_ms
