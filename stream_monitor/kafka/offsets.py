"""Which offsets of one partition are processed, and which may be committed.

No client and no clock: the transport tells it what was delivered and acknowledged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

#: ``(partition, processed offset) -> offset that may be committed``, never above the second.
CommitPolicy = Callable[[int, int], int]


def commit_processed(partition: int, processed: int) -> int:
    """Commit whatever is processed: Kafka's usual at-least-once."""
    return processed


def commit_blocks(block_size: int) -> CommitPolicy:
    """Commit at multiples of ``block_size`` only, so that a restart re-reads whole blocks.

    Raises:
        ValueError: ``block_size`` is below 1.
    """
    if block_size < 1:
        raise ValueError(f"a block holds at least one offset, not {block_size}")
    return lambda partition, processed: processed - processed % block_size


class Position(NamedTuple):
    """Where a partition stands: offsets of the next record to process, commit and arrive.

    ``processed`` also passes what is in the log and is no record (transaction markers).
    """

    processed: int
    committed: int | None
    highwater: int | None


@dataclass(slots=True)
class _Delivery:
    last: int
    end: int  # up to there the log has no more records
    done: bool = False


@dataclass(slots=True)
class PartitionOffsets:
    """The books of one partition since its last seek.

    ``processed`` is one past the last offset of the longest *prefix* of deliveries that
    are all acknowledged: it never passes a delivery that is still at work, whatever the
    order of the acknowledgements, and it does not care about holes between offsets
    (compaction, transaction markers).

    Attributes:
        epoch: names the seek these books belong to; a new seek means new books.
        processed: the offset reading would resume from, were everything committed.
        read: no record below it is still to be processed. It is past ``processed`` where the
            log goes on with something else than records. That is never committed: who cuts
            the log at multiples of an offset knows of records only.
        committed: what the group has committed, None before the first commit.
    """

    epoch: int
    processed: int
    committed: int | None
    read: int = field(init=False)
    _pending: deque[_Delivery] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.read = self.processed

    def deliver(self, last: int) -> _Delivery:
        """Note that records up to offset ``last`` were handed on; the token acknowledges them."""
        token = _Delivery(last, last + 1)
        self._pending.append(token)
        return token

    def reach(self, position: int) -> None:
        """Note that all records below ``position`` were delivered."""
        if self._pending:
            self._pending[-1].end = max(self._pending[-1].end, position)
        else:
            self.read = max(self.read, position)

    def acknowledge(self, token: _Delivery) -> None:
        """Note that the records of ``token`` are dealt with; twice is harmless."""
        token.done = True
        pending = self._pending
        while pending and pending[0].done:
            first = pending.popleft()
            self.processed = first.last + 1
            self.read = max(self.read, first.end)

    def committable(self, policy: CommitPolicy, partition: int = 0) -> int | None:
        """The offset to commit now, None if there is nothing new; never goes backwards."""
        offset = min(policy(partition, self.processed), self.processed)
        if offset <= (self.committed or 0):
            return None
        return offset
