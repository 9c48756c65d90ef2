"""One kind of rows on its way: queue, packer, topic, and what became of every row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from stream_monitor.client.counts import Statistics
from stream_monitor.client.pack import Message, Packed, Packer
from stream_monitor.client.refusals import Refusal
from stream_monitor.client.ring import Bounds, Ring, Tally

Row = TypeVar("Row")


class Progress(NamedTuple):
    """How many rows ever came into a queue, and of how many of them nothing more will be heard."""

    given: int
    settled: int


class Lane(Generic[Row]):
    """Predictions and labels have a lane each, so that neither pushes the other out."""

    def __init__(
        self,
        kind: str,
        topic: str,
        packer: Packer[Row],
        bounds: Bounds,
        weigh: Callable[[Row], int],
    ) -> None:
        self.kind = kind
        self.topic = topic
        self._packer = packer
        self.ring: Ring[Row] = Ring(bounds, weigh)
        self._begin()

    def reset(self) -> None:
        """Begin anew, as a forked process does: what waits is the parent's to send."""
        self.ring.reset()
        self._begin()

    def _begin(self) -> None:
        self._refused = {reason: Tally() for reason in Refusal}
        self._lock = threading.Lock()
        self._in_packing: dict[Refusal, int] = {}
        self._sent = self._lost = self._messages = self._bytes = 0
        #: When what waits is to be sent, though it fills no batch; in the clock's seconds.
        self.due_at = 0.0

    def refuse(self, reason: Refusal, rows: int = 1) -> None:
        """Count rows that never came into the queue; takes no lock."""
        tally = self._refused[reason]
        for _ in range(rows):
            tally.add()

    def next_messages(self, most: int, now_ms: int) -> tuple[Message, ...]:
        """The oldest rows of the queue, packed; refused ones are counted."""
        rows = self.ring.take(most)
        try:
            packed = self._packer.pack(rows, now_ms)
        except Exception:  # a bug of ours: its rows are lost, the thread must not be
            packed = Packed(refused={Refusal.UNEXPECTED: len(rows)})
        with self._lock:
            for reason, count in packed.refused.items():
                self._in_packing[reason] = self._in_packing.get(reason, 0) + count
        return packed.messages

    def settle(self, message: Message, acknowledged: bool) -> None:
        """Count a message that Kafka has, or that will never arrive."""
        with self._lock:
            if acknowledged:
                self._sent += message.rows
                self._messages += 1
                self._bytes += len(message.value)
            else:
                self._lost += message.rows

    def progress(self) -> Progress:
        """Of the queue alone: rows that never came into it are not in these figures."""
        with self._lock:
            given, _, dropped = self.ring.counts()
            return Progress(given, self._settled(sum(dropped.values())))

    def statistics(self) -> Statistics:
        early = {reason: tally.value() for reason, tally in self._refused.items()}
        with self._lock:
            given, _, dropped_for = self.ring.counts()
            dropped = sum(dropped_for.values())
            waiting = given - self._settled(dropped)
            late = self._in_packing.copy()
            sent, lost = self._sent, self._lost
            messages, size = self._messages, self._bytes
        return Statistics(
            logged=given + sum(early.values()),
            sent=sent,
            dropped=dropped,
            lost=lost,
            waiting=max(0, waiting),
            refused={why: n for why in Refusal if (n := early[why] + late.get(why, 0))},
            messages=messages,
            bytes=size,
            dropped_for={full: n for full, n in dropped_for.items() if n},
        )

    def _settled(self, dropped: int) -> int:
        return self._sent + self._lost + dropped + sum(self._in_packing.values())

    def lose_all(self) -> None:
        """Count as lost whatever is still in the queue, when nothing will be sent any more."""
        rows = self.ring.clear()
        with self._lock:
            self._lost += rows
