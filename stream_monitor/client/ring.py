"""Counting and queueing that never waits: what ``log`` does in the model's own thread.

Whoever adds waits for no lock. Each step is one call into C that the interpreter does not
divide (``deque.append``, ``next`` of a counter, the release of a lock), so threads, signal
handlers and destructors may log, in whatever the interrupted code was doing.

An exception that a signal's handler raises (``KeyboardInterrupt``, a timeout) comes after a call
and at no other place. So what is counted is counted right before the one call that does it, and
locks are taken by ``with``, which leaves none locked.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Generic, TypeVar

from stream_monitor.client.refusals import Refusal, RefusedError

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
            reads = self._reads
            self._reads = reads + 1
            return next(self._ticket) - reads


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


class Full(StrEnum):
    """Of what a queue had too much, when its oldest row was dropped."""

    ROWS = "rows"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a queue holds at most, and with how many rows it wants to be looked at."""

    rows: int
    size: int  # bytes
    enough: int


class Watch(Enum):
    """How often somebody looks at a queue without being asked."""

    NEVER = auto()
    SELDOM = auto()
    OFTEN = auto()


class Ring(Generic[Row]):
    """A queue in bounds; a new row pushes the oldest out.

    Many threads put, one takes. Whatever is put is taken, dropped or still here. To weigh a row
    costs more than to put it, so rows are weighed later, by whoever takes or counts, or by
    whoever puts one when too many are not yet weighed: at most ``UNSORTED``, and fewer after
    heavy ones, so that those of the same weight add a quarter to the bytes at most. Only so
    much is ever above the bounds.

    Who puts a row calls ``append``, and ``asks`` when ``new`` has come to ``calm``: a call that
    comes after a rest of the processor takes as long as it touches memory that is in no cache.
    """

    UNSORTED = 512

    __slots__ = (
        *("append", "new", "calm"),  # together, and first: what ``log`` touches
        *("_bounds", "_weigh", "_unsorted", "_watch", "_lock", "_rows"),
        *("_bytes", "_taken", "_dropped"),
    )

    def __init__(self, bounds: Bounds, weigh: Callable[[Row], int]) -> None:
        self._bounds = bounds
        self._weigh = weigh
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing."""
        self.new: deque[Row] = deque()
        self.append: Callable[[Row], None] = self.new.append
        self.calm = 1  # with fewer new rows there is nothing to be done
        self._unsorted = 1  # how many may be now; grows while rows are light
        self._watch = Watch.NEVER
        self._lock = threading.Lock()  # on all that follows; nobody who puts waits for it
        self._rows: deque[tuple[Row, int]] = deque()
        self._bytes = 0
        self._taken = 0
        self._dropped = dict.fromkeys(Full, 0)

    def __len__(self) -> int:
        return min(self._bounds.rows, len(self._rows) + len(self.new))

    def asks(self) -> bool:
        """Whether the queue should be looked at; makes room where there is too much."""
        # who has it sorts, if it is not this thread itself, interrupted by a signal
        if len(self.new) > self._unsorted and not self._lock.locked():
            with self._lock:
                self._sort()
        return len(self.new) >= self._wanted()

    def close(self) -> None:
        """From now on a row that is put is refused: raises ``RefusedError``."""
        self.append = _closed

    def watch(self, how: Watch) -> None:
        """Say how often somebody will look from now on."""
        with self._lock:
            self._watch = how
            self._plan()

    def sort(self) -> int:
        """Weigh what is new, and drop what is too much; the bytes that are held."""
        with self._lock:
            self._sort()
            return self._bytes

    def take(self, most: int) -> list[Row]:
        """The oldest rows, at most so many."""
        with self._lock:
            self._sort()
            taken = [self._rows.popleft() for _ in range(min(most, len(self._rows)))]
            self._taken += len(taken)
            self._bytes -= sum(weight for _, weight in taken)
            self._plan()
        return [row for row, _ in taken]

    def clear(self) -> int:
        """Take all there is, unweighed; how many rows that were."""
        with self._lock:
            before = self._taken
            while rows := self._rows or self.new:
                self._taken += 1
                rows.popleft()
            self._bytes = 0
            return self._taken - before

    def counts(self) -> tuple[int, int, dict[Full, int]]:
        """How many were given, taken, and dropped for what."""
        with self._lock:
            self._sort()
            gone = self._taken + sum(self._dropped.values())
            return gone + len(self._rows) + len(self.new), self._taken, self._dropped.copy()

    def _sort(self) -> None:
        many, heaviest = len(self.new), 1  # what comes meanwhile is for the next time
        for _ in range(many):
            weight = 0
            try:
                weight = self._weigh(self.new[0])
            except Exception:  # of an odd object: whoever packs the row will refuse it
                weight = 0
            finally:  # also what raises more than that is not asked again
                self._let_in(weight)
            heaviest = max(heaviest, weight)
        self._make_room()
        if many:  # else nothing says that what comes next is light
            fitting = self._bounds.size // 4 // heaviest
            self._unsorted = max(1, min(self.UNSORTED, 2 * self._unsorted, fitting))
        self._plan()

    def _wanted(self) -> int:
        """With how many new rows somebody should look: to wake a thread costs more than to log."""
        if self._watch is Watch.NEVER:
            return 1
        bounds, held = self._bounds, len(self._rows)
        if self._watch is Watch.SELDOM:
            room = bounds.enough - held
        else:  # before it is full; once it is, to ask is of no use
            room = (bounds.rows - held + 1) // 2 or self.UNSORTED
        return max(1, min(room, self.UNSORTED // 2))

    def _plan(self) -> None:
        """When the next row that is put makes something to do."""
        self.calm = min(self._wanted(), self._unsorted + 1)

    def _let_in(self, weight: int) -> None:
        """The first of the new rows among the others, unless it has no room there alone."""
        if weight > self._bounds.size:
            self._dropped[Full.BYTES] += 1
            self.new.popleft()
        else:  # out of one and into the other in one call: a row is never in both, nor in none
            moved = zip(map(deque.popleft, (self.new,)), (weight,), strict=True)
            self._bytes += weight
            self._rows.extend(moved)

    def _make_room(self) -> None:
        rows, bounds = self._rows, self._bounds
        while (many := len(rows) > bounds.rows) or self._bytes > bounds.size:
            self._dropped[Full.ROWS if many else Full.BYTES] += 1
            self._bytes -= rows[0][1]
            rows.popleft()


def _closed(row: object) -> None:
    raise RefusedError(Refusal.CLOSED)
