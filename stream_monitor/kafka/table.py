"""A Faust table of bytes whose partitions can be told apart.

Faust's RocksDB store looks a key up over all partitions of the worker, so the same key in two
of them would be mistaken for one. Here every key begins with its partition's number.
"""

from __future__ import annotations

from collections.abc import Iterator

import faust


class StateTable:
    """One key-value store a partition, kept on RocksDB and in a compacted changelog.

    :meth:`put` and :meth:`delete` go to the partition of the stream event being handled, and
    may only be called there.
    """

    def __init__(self, app: faust.App, name: str, max_message_bytes: int) -> None:
        self._table = app.Table(
            name,
            key_type=bytes,
            value_type=bytes,
            extra_topic_configs={"max.message.bytes": str(max_message_bytes)},
        )

    def put(self, partition: int, key: bytes, value: bytes) -> None:
        """Keep ``value`` under ``key``."""
        self._table[_prefix(partition) + key] = value

    def delete(self, partition: int, key: bytes) -> None:
        """Forget ``key``; nothing happens if it is not there."""
        self._table.pop(_prefix(partition) + key, None)

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Everything kept for a partition, once its recovery is complete."""
        prefix = _prefix(partition)
        for key, value in self._table.items():
            if key.startswith(prefix):
                yield key[len(prefix) :], value


def _prefix(partition: int) -> bytes:
    return f"{partition}:".encode()
