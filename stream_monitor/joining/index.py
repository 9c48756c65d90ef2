"""From a 64-bit hash to a row number, in sorted arrays: a batch is looked up at once."""

from __future__ import annotations

import numpy as np

from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.outcomes import Words


class HashIndex:
    """A map of distinct hashes (uint64) to row numbers (int64) that only grow.

    Kept as a few sorted runs, each at least twice as long as the next, which are merged as
    rows come (O'Neil, Cheng, Gawlick and O'Neil, "The log-structured merge-tree", Acta
    Informatica 33, 1996): n rows cost O(n log n) in all, and a lookup a binary search in
    each of O(log n) runs. 16 bytes a row. Rows below :attr:`base` are gone.
    """

    def __init__(self) -> None:
        self.base = 0
        self._runs: list[tuple[Words, IntArray]] = []

    def __len__(self) -> int:
        """Rows held, with some that are gone."""
        return sum(len(hashes) for hashes, _ in self._runs)

    def add(self, hashes: Words, rows: IntArray) -> None:
        """Add hashes that are not in the map; ``rows`` are above all that were added before."""
        if not len(hashes):
            return
        order = np.argsort(hashes)
        self._runs.append((hashes[order], rows[order]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            self._runs[-2:] = [self._merged(*self._runs[-2:])]

    def find(self, hashes: Words) -> IntArray:
        """The row of each hash, -1 where there is none."""
        found = np.full(len(hashes), -1, dtype=np.int64)
        order = np.argsort(hashes)  # neighbours in a run are neighbours in the cache
        wanted = hashes[order]
        for run, rows in self._runs:
            at = np.minimum(run.searchsorted(wanted), len(run) - 1)
            hits = np.flatnonzero(run[at] == wanted)
            found[order[hits]] = rows[at[hits]]
        found[found < self.base] = -1
        return found

    def drop_below(self, row: int) -> None:
        """Rows below ``row`` are gone; their room is free again once as many are gone as stay."""
        self.base = max(self.base, row)
        kept = sum(int(np.count_nonzero(rows >= self.base)) for _, rows in self._runs)
        if len(self) > 2 * kept + _SPARE:
            self._runs = [run for run in map(self._kept, self._runs) if len(run[0])]

    def _kept(self, run: tuple[Words, IntArray]) -> tuple[Words, IntArray]:
        hashes, rows = run
        alive = rows >= self.base
        return (hashes[alive], rows[alive])

    def _merged(
        self, one: tuple[Words, IntArray], other: tuple[Words, IntArray]
    ) -> tuple[Words, IntArray]:
        hashes = np.concatenate((one[0], other[0]))
        rows = np.concatenate((one[1], other[1]))
        order = np.argsort(hashes, kind="stable")  # two sorted runs: merged in linear time
        return hashes[order], rows[order]


_SPARE = 1024
