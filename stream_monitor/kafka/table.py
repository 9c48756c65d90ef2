"""A Faust table of bytes whose disk never knows more than its changelog.

Faust writes a key to RocksDB at once and to the changelog later. A worker that is killed in
between finds on its disk what the changelog lacks: what it reads again then changes nothing
and is not written again, and whoever recovers from the changelog after it lacks it for ever.
Here a key goes to the changelog, and to the disk when the broker has it: a worker that starts
on its own disk knows a prefix of the changelog, as one without a disk does.

Faust's store also looks a key up over all partitions of the worker, so the same key in two of
them would be mistaken for one. Here every key begins with its partition's number.

What does not fit into one message is kept in parts, see :mod:`stream_monitor.kafka.parts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import faust
from faust.stores import rocksdb
from faust.tables import Table
from faust.types import TP

from stream_monitor.kafka.disk_age import DiskAge
from stream_monitor.kafka.parts import Parts, Write
from stream_monitor.kafka.sending import ENVELOPE

if TYPE_CHECKING:
    from faust.types import EventT
    from faust.types.tuples import FutureMessage


class StateTable:
    """One key-value store a partition, kept in a compacted changelog and on RocksDB."""

    def __init__(self, app: faust.App, name: str, max_message_bytes: int) -> None:
        table = app.Table(
            name,
            key_type=bytes,
            value_type=bytes,
            extra_topic_configs={"max.message.bytes": str(max_message_bytes)},
        )
        assert isinstance(table, AcknowledgedTable)
        self._table = table
        self._room = max_message_bytes - ENVELOPE
        self._parts: dict[int, Parts] = {}  # by partition

    def unacknowledged(self, partition: int) -> int:
        """Writes that the broker does not have yet, and that :meth:`items` lacks."""
        return self._table.unacknowledged[partition]

    def put(self, partition: int, key: bytes, value: bytes) -> None:
        """Keep ``value`` under ``key``, whatever its size."""
        self._write(partition, self._parts_of(partition).put(key, value))

    def delete(self, partition: int, key: bytes) -> None:
        """Forget ``key``; nothing happens if it is not there."""
        self._write(partition, self._parts_of(partition).delete(key))

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Everything kept for a partition, once its recovery is complete; to be read to its end.

        To be read before a partition that has come is written to.
        """
        prefix = _prefix(partition)
        ours = (
            (key[len(prefix) :], value)
            for key, value in self._table.items()
            if key.startswith(prefix)
        )
        return self._parts_of(partition).read(ours)

    def _parts_of(self, partition: int) -> Parts:
        parts = self._parts.get(partition)
        if parts is None:
            parts = self._parts[partition] = Parts(self._room - len(_prefix(partition)))
        return parts

    def _write(self, partition: int, writes: Iterable[Write]) -> None:
        for key, value in writes:
            self._table.write(partition, _prefix(partition) + key, value)


class AcknowledgedTable(Table[bytes, bytes]):
    """A table that is written as recovery writes it: by what is in the changelog."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.unacknowledged: Counter[int] = Counter()  # writes by partition
        self._age = DiskAge()

    def write(self, partition: int, key: bytes, value: bytes | None) -> None:
        """Send a key to the changelog; ``None`` deletes it."""
        self.unacknowledged[partition] += 1
        self.send_changelog(partition, key, value, "raw", "raw")

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Open the partitions that came; one that was away for too long is recovered whole."""
        store = self.data
        if isinstance(store, rocksdb.Store):
            came = {tp for tp in newly_assigned if tp.topic == self.changelog_topic_name}
            store.revoke_partitions(self, came | revoked)  # closed, so that it can be deleted
            for tp in came:
                self._age.forget_if_old(store.partition_path(tp.partition))
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def _on_changelog_sent(self, fut: FutureMessage) -> None:
        # Not called for a send that failed: then the worker crashes.
        sent, message = fut.result(), fut.message
        self.unacknowledged[sent.topic_partition.partition] -= 1
        key, value = cast("bytes", message.key), cast("bytes | None", message.value)
        record = _Record(sent.topic_partition, sent.offset, key, value)
        self.apply_changelog_batch([cast("EventT[bytes]", record)])
        if isinstance(self.data, rocksdb.Store):
            self._age.mark(self.data.partition_path(sent.topic_partition.partition))


class _Record(NamedTuple):
    """What a store reads of an event of the changelog: key, value, and its message's place."""

    tp: TP
    offset: int
    key: bytes
    value: bytes | None

    @property
    def message(self) -> _Record:
        """The event's message: the same bytes, as there is nothing to decode."""
        return self

    @property
    def partition(self) -> int:
        """The partition of the changelog."""
        return self.tp.partition


def _prefix(partition: int) -> bytes:
    return f"{partition}:".encode()
