"""The readers of a topic as values: one a partition, and those that were taken for dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stream_monitor.testing.wire import Wire

Reader = TypeVar("Reader")


@dataclass(frozen=True, slots=True)
class Process(Generic[Reader]):
    """A reader, and what it has sent."""

    reader: Reader
    wire: Wire = field(default_factory=Wire)


class Readers(Generic[Reader]):
    """A process for each partition; ``begin`` gives its reader, where the partition has committed.

    A process that was taken for dead goes on as the partition's zombie, until the next one.
    """

    def __init__(self, partitions: int, begin: Callable[[int], Reader]) -> None:
        self._begin = begin
        self._running = [Process(begin(partition)) for partition in range(partitions)]
        self._zombies: dict[int, Process[Reader]] = {}

    def __getitem__(self, partition: int) -> Process[Reader]:
        return self._running[partition]

    def deliver(self) -> None:
        """What they have sent is there; not what zombies have."""
        for process in self._running:
            process.wire.deliver()

    def crash(self, partition: int, *kept: float) -> None:
        """The process is lost, with what did not get out (see ``Wire.lose``), and begins again."""
        self._running[partition].wire.lose(kept or [1.0])
        self._running[partition] = Process(self._begin(partition))

    def usurp(self, partition: int) -> None:
        """The process begins again elsewhere, and the one before does not know it."""
        self._zombies[partition] = self._running[partition]
        self._running[partition] = Process(self._begin(partition))

    def zombie(self, partition: int) -> Process[Reader] | None:
        """The last one that was taken for dead; ``None``: there was none."""
        return self._zombies.get(partition)
