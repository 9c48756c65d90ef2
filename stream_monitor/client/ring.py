"""Counting and queueing that never waits: what ``log`` does in the model's own thread.

No lock is taken by whoever adds. Each step is one call into C that the interpreter does not
divide (``deque.append``, ``next`` of a counter, the release of a lock), so threads, signal
handlers and destructors may log, in whatever the interrupted code was doing.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Tally:
    """A count that any thread adds to without a lock."""

    def __init__(self) -> None:
        self._ticket = itertools.count()
        #: One more; what comes back means nothing.
        self.add: Callable[[], int] = self._ticket.__next__
        self._reads = 0
        self._reading = threading.Lock()

    def value(self) -> int:
        """How many were added."""
        with self._reading:
            # A read draws a ticket too: nothing else tells how far a counter has come.
            value = next(self._ticket) - self._reads
            self._reads += 1
        return value


class Bell:
    """Wakes one waiting thread; ringing twice before it wakes is ringing once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake whoever waits, or the next one who would."""
        if self._lock.locked():
            try:
                self._lock.release()
            except RuntimeError:  # another thread was first
                return

    def wait(self, seconds: float) -> bool:
        """Until it rings (True) or the time is up."""
        return self._lock.acquire(timeout=seconds)


class Ring(Generic[Row]):
    """A queue of at most ``size`` rows; when it is full, a new row pushes the oldest out.

    Many threads put, one takes. Whatever is put is ``taken``, ``dropped`` or still here.
    """

    def __init__(self, size: int) -> None:
        self._rows: deque[Row] = deque(maxlen=size)
        self._append = self._rows.append
        self._given = Tally()
        self._count = self._given.add
        self._taking = threading.Lock()  # between taking and reading the counts
        self._taken = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row: Row) -> int:
        """Add a row; how many there are now."""
        self._append(row)
        self._count()
        return len(self._rows)

    def take(self, most: int) -> list[Row]:
        """The oldest rows, at most so many."""
        rows: list[Row] = []
        with self._taking:
            try:
                while len(rows) < most:
                    rows.append(self._rows.popleft())
            except IndexError:  # all are out
                pass
            self._taken += len(rows)
        return rows

    def counts(self) -> tuple[int, int, int]:
        """How many were given, taken and dropped.

        Exact when nobody is putting. Else a row may already be here and not yet counted as
        given: dropped rows may then be counted a moment late, and never too early.
        """
        with self._taking:
            given = self._given.value()
            self._dropped = max(self._dropped, given - self._taken - len(self._rows))
            return given, self._taken, self._dropped
