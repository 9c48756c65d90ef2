"""What the server of /metrics and /health has ended, counted there and shown to any thread."""

from __future__ import annotations

from dataclasses import replace

from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.web.connections import Closed


class ServedCounts:
    """Connections by the limit that has ended them; ``connections`` are open now."""

    def __init__(self) -> None:
        self._closed = dict.fromkeys(Closed, 0)
        self.connections = 0

    def closed(self, why: Closed) -> None:
        """A limit ended a connection."""
        self._closed[why] += 1

    def show(self, snapshot: Snapshot) -> Snapshot:
        """The worker's snapshot with what is counted here; from any thread."""
        # A dict of this kind is copied in one step of the interpreter.
        closed = {str(why): count for why, count in self._closed.copy().items()}
        return replace(snapshot, http_closed=closed)
