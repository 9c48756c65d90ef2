"""A partition of ``joins`` as values: its log, its joiner, and one that was believed lost."""

from __future__ import annotations

from collections.abc import Callable

from stream_monitor.joining.joiner import Joiner
from stream_monitor.pipeline.messages import LabelSlot
from stream_monitor.testing.wire import Wire


class JoinPartition:
    """The log and who reads it; ``begin`` gives a joiner that starts at a floor.

    What is handed on goes to ``summaries``, by the joiner's ``wire``.
    """

    def __init__(
        self, partition: int, summaries: list[bytes], begin: Callable[[int], Joiner]
    ) -> None:
        self.log: list[bytes] = []
        self.wire = Wire()
        self._partition = partition
        self._summaries = summaries
        self._begin = begin
        self._joiner = begin(0)
        self._zombie: Joiner | None = None
        self._floor = 0
        self._known_floor = 0
        self._end = 0  # what the joiner has to read before it hands on

    def join(self, count: int) -> None:
        """The joiner handles the next ``count`` messages."""
        for data in self.log[self._joiner.position : self._joiner.position + count]:
            self._joiner.handle(self._joiner.position, data)

    def flush(self) -> None:
        """The joiner hands on what it knows, and may commit its floor."""
        if self._joiner.position < self._end:
            return
        for labels in self._joiner.flush():
            self.wire.send(self._summaries, LabelSlot(self._partition, labels).encode())
        self._known_floor = self._joiner.floor

    def commit(self) -> None:
        """The joiner commits its floor."""
        self.wire.deliver()
        self._floor = self._known_floor

    def crash(self, *kept: float) -> None:
        """The joiner is lost (see ``Wire.lose``) and begins again at its floor."""
        self.wire.lose(kept or [1.0])
        self._zombie = self._joiner
        self._known_floor = self._floor
        self._joiner = self._begin(self._floor)
        self._end = len(self.log)

    def flush_zombie(self) -> None:
        """A joiner that was believed lost says what it knew, after its successor has spoken."""
        zombie, self._zombie = self._zombie, None
        for labels in [] if zombie is None else zombie.flush():
            self._summaries.append(LabelSlot(self._partition, labels).encode())
