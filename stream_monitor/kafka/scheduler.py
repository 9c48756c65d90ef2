"""Hands a fetched batch of one partition to Faust as one record.

Faust's path costs about 200 µs a *message*; here a message is up to some thousand
records, so that path no longer matters. It is Faust's public extension point
(``ConsumerScheduler``); the books that have to go with it are in ``transport``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faust.types.transports import SchedulingStrategyT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from faust.types import TP

    from stream_monitor.events.batch import RecordLike

#: Bounds what one agent step holds and what a stop has to wait for.
MAX_BATCH_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition in offset order, at least one, offsets not always adjacent."""

    partition: TP
    records: Sequence[RecordLike]

    @property
    def first_offset(self) -> int:
        return self.records[0].offset

    @property
    def last_offset(self) -> int:
        return self.records[-1].offset

    def __len__(self) -> int:
        return len(self.records)


class BatchScheduler(SchedulingStrategyT):
    """Round robin over topics, and over the partitions of each topic.

    Topics in ``batched`` come as :class:`Batch` of at most ``max_rows`` records; all others
    (Faust's changelogs, ordinary topics) record by record, as Faust's own scheduler does.
    """

    def __init__(self, batched: Set[str] = frozenset(), max_rows: int = MAX_BATCH_ROWS) -> None:
        self._batched = batched
        self._max_rows = max_rows

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """Yield ``(partition, Batch or record)``; order within a partition is kept."""
        topics: dict[str, deque[tuple[TP, Iterator[Any]]]] = {}
        for partition, rows in records.items():
            topics.setdefault(partition.topic, deque()).append(
                (partition, self._split(partition, rows))
            )
        turn = deque(topics.values())
        while turn:
            partitions = turn.popleft()
            while partitions:
                partition, rows_left = partitions.popleft()
                item = next(rows_left, None)
                if item is not None:
                    partitions.append((partition, rows_left))
                    turn.append(partitions)
                    yield partition, item
                    break

    def _split(self, partition: TP, rows: list[Any]) -> Iterator[Any]:
        if partition.topic not in self._batched:
            yield from rows
            return
        for start in range(0, len(rows), self._max_rows):
            yield Batch(partition, rows[start : start + self._max_rows])
