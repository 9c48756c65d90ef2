"""The merge of a queue of summaries, kept without merging all of them anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Summary = TypeVar("Summary")


class MergeQueue(Generic[Summary]):
    """Summaries in ascending order of their times: in at one end, out at the other.

    :meth:`total` is the merge of all that are held. Two stacks, each entry with the merge of
    what is below it, make it amortised three merges a summary, with no inverse of ``merge``
    (Tangwongsan, Hirzel, Schneider and Wu, "General incremental sliding-window aggregation",
    VLDB 2015).

    >>> queue = MergeQueue(0, lambda a, b: a + b)
    >>> for at in (1, 2, 3): queue.push(at, 10 * at)
    >>> queue.evict(2)
    >>> queue.total()
    50
    """

    def __init__(self, empty: Summary, merge: Callable[[Summary, Summary], Summary]) -> None:
        self._empty = empty
        self._merge = merge
        self._old: list[tuple[int, Summary]] = []  # oldest last, each merged with the newer ones
        self._new: list[tuple[int, Summary]] = []
        self._new_total = empty

    def push(self, at: int, summary: Summary) -> None:
        """Add a summary that is later than all that are held."""
        self._new.append((at, summary))
        self._new_total = self._merge(self._new_total, summary)

    def evict(self, before: int) -> None:
        """Take out what is earlier than a time."""
        while self._old and self._old[-1][0] < before:
            self._old.pop()
        if self._old or not self._new or self._new[0][0] >= before:
            return
        total = self._empty
        for at, summary in reversed(self._new):
            if at < before:
                break
            total = self._merge(summary, total)
            self._old.append((at, total))
        self._new, self._new_total = [], self._empty

    def total(self) -> Summary:
        """The merge of all that are held."""
        return self._merge(self._old[-1][1], self._new_total) if self._old else self._new_total
