"""What a reader of one source partition still has to tell the joiners, and up to which offset.

Each partition of ``joins`` gets ranges of source offsets that follow one another without a
hole; a range for which it has no rows is stretched by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stream_monitor.joining.messages import JoinMessage, Part, Range, Source
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.outcomes import Words

#: Rows that are held back to travel together.
HELD_ROWS = 8192


def target_of(ids: Words, targets: int) -> IntArray:
    """The partition of ``joins`` of each id, int64; other bits than an index sorts by."""
    return ((ids >> np.uint64(32)) % np.uint64(targets)).astype(np.int64)


class Outbox:
    """Rows on their way to ``targets`` partitions of ``joins``."""

    def __init__(self, source: Source, targets: int, max_bytes: int) -> None:
        self._source = source
        self._targets = targets
        self._max_bytes = max_bytes
        self._parts: list[Part] = []
        self._rows = 0
        self._told: list[int] | None = None  # by target: the end of the last range
        self._fresh = [True] * targets

    def seek(self) -> None:
        """Forget what is held: reading begins anew, wherever the next row comes from."""
        self._parts, self._rows = [], 0
        self._told = None
        self._fresh = [True] * self._targets

    def start(self, offset: int) -> None:
        """Reading begins at ``offset``, unless it is under way already."""
        if self._told is None:
            self._told = [offset] * self._targets

    @property
    def full(self) -> bool:
        """Whether enough is held to send it."""
        return self._rows >= HELD_ROWS

    def add(self, part: Part) -> None:
        """Hold rows until they are taken."""
        if len(part):
            self._parts.append(part)
            self._rows += len(part)

    def take(self, end: int, *, everywhere: bool = False) -> Iterator[tuple[int, JoinMessage]]:
        """What is held, as (target, message), for all offsets below ``end``.

        ``everywhere``: partitions without rows are told too how far the source is read.
        """
        parts, self._parts, self._rows = self._parts, [], 0
        by_target: list[list[Part]] = [[] for _ in range(self._targets)]
        for part in parts:
            targets = target_of(part.ids, self._targets)
            for target in np.unique(targets).tolist():
                rows = np.flatnonzero(targets == target)
                by_target[target].append(part if len(rows) == len(part) else part.take(rows))
        for target, of_target in enumerate(by_target):
            if of_target or everywhere:
                for message in self._messages(target, of_target, end):
                    yield target, message

    def _messages(self, target: int, parts: list[Part], end: int) -> Iterator[JoinMessage]:
        assert self._told is not None
        start = self._told[target]
        if end <= start:
            return
        middle = _middle(parts) if sum(map(_size, parts)) > self._max_bytes else None
        if middle is not None:
            below = [part.take(np.flatnonzero(part.offsets < middle)) for part in parts]
            above = [part.take(np.flatnonzero(part.offsets >= middle)) for part in parts]
            yield from self._messages(target, [part for part in below if len(part)], middle)
            yield from self._messages(target, [part for part in above if len(part)], end)
            return
        fresh, self._fresh[target] = self._fresh[target], False
        self._told[target] = end
        yield JoinMessage(self._source, Range(start, end, fresh), tuple(parts))


def _size(part: Part) -> int:
    by_class = getattr(getattr(part, "predictions", None), "by_class", None)
    return len(part) * _ROW_BYTES + (0 if by_class is None else int(by_class.nbytes))


def _middle(parts: list[Part]) -> int | None:
    """An offset that cuts the rows in two; ``None`` where all have one offset."""
    offsets = np.unique(np.concatenate([part.offsets for part in parts]))
    return int(offsets[len(offsets) // 2]) if len(offsets) > 1 else None


#: Bytes of a row on the wire, about.
_ROW_BYTES = 64
