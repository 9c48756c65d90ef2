"""Up to which row a message on ``joins`` goes, and how long it is needed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from stream_monitor.statistics.arrays import IntArray


@dataclass(slots=True)
class _Chunk:
    """Rows of one message: up to which number, when the newest was."""

    offset: int
    end: int
    waiting_end: int
    newest_ms: int


class Chunks:
    """The messages of which rows are held, by offset; they leave in that order."""

    def __init__(self) -> None:
        self._chunks: deque[_Chunk] = deque()
        self._of: dict[int, _Chunk] = {}

    @property
    def first_offset(self) -> int | None:
        """The offset of the oldest message."""
        return self._chunks[0].offset if self._chunks else None

    def note(self, offset: int, end: int, waiting_end: int, newest_ms: int) -> None:
        """Rows came with the newest message: now predictions end here and labels there."""
        chunk = self._of.get(offset)
        if chunk is None:
            chunk = self._of[offset] = _Chunk(offset, end, waiting_end, newest_ms)
            self._chunks.append(chunk)
        chunk.end, chunk.waiting_end = end, waiting_end
        chunk.newest_ms = max(chunk.newest_ms, newest_ms)

    def keep(self, offsets: IntArray, times: IntArray) -> None:
        """What came at each offset is needed as long as something of the time beside it."""
        order = np.argsort(offsets, kind="stable")
        distinct, starts = np.unique(offsets[order], return_index=True)
        newest = np.maximum.reduceat(times[order], starts)
        for offset, newest_ms in zip(distinct.tolist(), newest.tolist(), strict=True):
            self._of[offset].newest_ms = max(self._of[offset].newest_ms, newest_ms)

    def drop(self, horizon_ms: int, below_offset: int) -> tuple[int, int] | None:
        """Forget the oldest messages: those wholly before a time, and those below an offset.

        Up to which predictions and labels their rows went; ``None`` if none was forgotten.
        """
        ends = None
        while self._chunks:
            chunk = self._chunks[0]
            if chunk.newest_ms >= horizon_ms and chunk.offset >= below_offset:
                break
            ends = chunk.end, chunk.waiting_end
            del self._of[self._chunks.popleft().offset]
        return ends
