"""What the API has done, counted in the worker's event loop and shown to any thread."""

from __future__ import annotations

from dataclasses import replace

from stream_monitor.metrics.histogram import WORK, Histogram
from stream_monitor.metrics.snapshot import ApiView, Snapshot
from stream_monitor.web.connections import Closed


class ApiCounts:
    """Requests by route and status, how long they took, and connections.

    Bounded: a route is a path of ``routes`` or "" for any other, a status one of HTTP's.
    """

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], int] = {}
        self._took = Histogram.empty(WORK)
        self._closed = dict.fromkeys(Closed, 0)
        self.connections = 0

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered; the peer may not have all of it yet."""
        self._requests[route, status] = self._requests.get((route, status), 0) + 1
        self._took = self._took.seen(seconds)

    def malformed(self, status: int) -> None:
        """What was sent is no HTTP."""
        self._requests["", status] = self._requests.get(("", status), 0) + 1

    def closed(self, why: Closed) -> None:
        """A limit ended a connection."""
        self._closed[why] += 1

    def show(self, snapshot: Snapshot) -> Snapshot:
        """The worker's snapshot with what is counted here; from any thread."""
        # A dict of this kind is copied in one step of the interpreter.
        view = ApiView(
            self._requests.copy(),
            self._took,
            self.connections,
            {str(why): count for why, count in self._closed.copy().items()},
        )
        return replace(snapshot, api=view)
