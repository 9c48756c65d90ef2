"""Connections of a server: how many, and for how long each may wait.

One that waits for its peer, to send a whole request or to take an answer, may be ended at any
time; one whose request is being answered may not. So whoever holds connections open takes
nothing from others: at the limit the one that has waited longest makes room.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Closed(StrEnum):
    """Which limit ended a connection."""

    SLOW = "slow"  # no whole request in time
    UNREAD = "unread"  # the answer was not taken in time
    EVICTED = "evicted"  # it made room for another
    FULL = "full"  # refused: all that are open are at work
    HANDSHAKE = "handshake"  # TLS that was not agreed on in time, or at all


class Counts(Protocol):
    """Where connections are counted."""

    connections: int  # open now

    def closed(self, why: Closed) -> None:
        """A limit ended one."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of connections; times in seconds.

    Attributes:
        connections: open at once.
        request_s: until a whole head of a request has come, from the start of the connection
            or from the last answer.
        answer_s: until an answer has been taken by the peer's machine.
        handshake_s: until TLS is agreed on.
    """

    connections: int = 256
    request_s: float = 15.0
    answer_s: float = 60.0
    handshake_s: float = 10.0


class Connection(Protocol):
    """What can be ended."""

    def unsent(self) -> int:
        """Bytes of answers that the peer has not taken."""

    def abort(self) -> None:
        """End it at once."""


class Connections:
    """Those that are open, the one that has waited longest first.

    For one thread at a time: an event loop's, or whichever holds a lock. ``now_s`` is a clock that
    never goes back.
    """

    def __init__(self, bounds: Bounds, counts: Counts, now_s: Callable[[], float]) -> None:
        self.bounds = bounds
        self._counts = counts
        self._now_s = now_s
        self._waiting: OrderedDict[Connection, float] = OrderedDict()
        self._busy: set[Connection] = set()

    def came(self, connection: Connection) -> None:
        """One was opened; it waits."""
        self._waiting[connection] = self._now_s()
        self._count()

    def went(self, connection: Connection) -> None:
        """It is closed; one that is not known is none."""
        self._waiting.pop(connection, None)
        self._busy.discard(connection)
        self._count()

    def begins(self, connection: Connection) -> bool:
        """Its request is at work from now on, and it is not ended; False where it was before."""
        if self._waiting.pop(connection, None) is None:
            return False
        self._busy.add(connection)
        return True

    def answers(self, connection: Connection) -> None:
        """Its answer is there; it waits again."""
        if connection in self._busy:  # else it is closed
            self._busy.discard(connection)
            self._waiting[connection] = self._now_s()

    @contextmanager
    def answering(self, connection: Connection) -> Iterator[None]:
        """Meanwhile it is not ended."""
        self.begins(connection)
        try:
            yield
        finally:
            self.answers(connection)

    def make_room(self) -> bool:
        """Whether one more may be opened; if need be the one that waits longest is ended."""
        if len(self._waiting) + len(self._busy) < self.bounds.connections:
            return True
        if not self._waiting:
            self._counts.closed(Closed.FULL)
            return False
        self._end(next(iter(self._waiting)), Closed.EVICTED)
        return True

    def look(self) -> None:
        """End those that wait too long."""
        now_s = self._now_s()
        for connection, since_s in list(self._waiting.items()):
            unread = connection.unsent() > 0
            limit_s = self.bounds.answer_s if unread else self.bounds.request_s
            if now_s - since_s > limit_s:
                self._end(connection, Closed.UNREAD if unread else Closed.SLOW)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self.bounds.request_s / 4))
            self.look()

    def _end(self, connection: Connection, why: Closed) -> None:
        self.went(connection)
        self._counts.closed(why)
        connection.abort()

    def _count(self) -> None:
        self._counts.connections = len(self._waiting) + len(self._busy)
