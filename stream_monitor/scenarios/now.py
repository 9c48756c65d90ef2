"""An act moved in time, so that it ends now, and what is said of it while it plays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stream_monitor.errors import StreamMonitorError
from stream_monitor.events.batch import EventBatch
from stream_monitor.scenarios.acts import Act


class CannotPlayError(StreamMonitorError):
    """An act is playing already, or its model is somebody's."""


def ending_at(act: Act, now_ms: int) -> tuple[Act, int, int]:
    """The act with its last event at the newest whole minute; its first and last event's time."""
    first = min(int(batch.timestamps.min()) for batch in act.batches())
    last = max(int(batch.timestamps.max()) for batch in act.batches())
    # Whole minutes keep the panes of every act's settings where they were.
    by = (now_ms - last) // _MINUTE_MS * _MINUTE_MS

    def batches() -> Iterator[EventBatch]:
        for batch in act.batches():
            yield replace(batch, timestamps=batch.timestamps + by)

    labels = act.labels
    if labels is not None:
        labels = replace(labels, timestamps=labels.timestamps + by)
    return replace(act, batches=batches, labels=labels), first + by, last + by


_MINUTE_MS = 60_000
