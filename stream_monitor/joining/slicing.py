"""The slices of a row as one number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.slices import Cut

#: Combinations of slices that are told apart; rows of others belong to no slice.
MOST = 65_536

_Values = tuple[tuple[str, str], ...]


class SliceCodes:
    """Numbers for combinations of slices, in the order of their first row; -1: none of them."""

    def __init__(self) -> None:
        self.dropped = 0  # rows whose combination was one too many
        self._codes: dict[_Values, int] = {}

    def encode(self, cuts: Mapping[str, Cut], n: int) -> IntArray:
        """The number of each of n rows."""
        if not cuts:
            return np.full(n, -1, dtype=np.int64)
        names = sorted(cuts)
        table = np.stack([cuts[name].codes for name in names], axis=1)
        distinct, first, place = np.unique(table, axis=0, return_index=True, return_inverse=True)
        codes = np.full(len(distinct), -1, dtype=np.int64)
        for at in np.argsort(first).tolist():
            values = tuple(
                (name, cuts[name].values[code])
                for name, code in zip(names, distinct[at].tolist(), strict=True)
                if code >= 0
            )
            if values in self._codes:
                codes[at] = self._codes[values]
            elif values and len(self._codes) < MOST:
                codes[at] = self._codes[values] = len(self._codes)
        place = place.reshape(-1)
        found: IntArray = codes[place]
        self.dropped += int(np.count_nonzero((found < 0) & (table >= 0).any(axis=1)))
        return found

    def cuts(self, codes: IntArray) -> dict[str, Cut]:
        """The rows by dimension again."""
        known = list(self._codes)
        distinct, place = np.unique(codes, return_inverse=True)
        of_distinct = [known[code] if code >= 0 else () for code in distinct.tolist()]
        cuts = {}
        for name in sorted({name for values in of_distinct for name, _ in values}):
            column = [dict(values).get(name) for values in of_distinct]
            values = tuple(dict.fromkeys(value for value in column if value is not None))
            numbers = {value: number for number, value in enumerate(values)}
            lookup = np.array([numbers.get(value, -1) if value else -1 for value in column])
            cuts[name] = Cut(values, lookup[place.reshape(-1)])
        return cuts
