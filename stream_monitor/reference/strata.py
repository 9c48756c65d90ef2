"""What a reference knows of each stratum of its season: counts on the same points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from stream_monitor.config.season import SeasonSettings
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.windows.calendar import strata as strata_of

#: A stratum with fewer rows has no reference of its own.
MIN_ROWS = 100


@dataclass(frozen=True, eq=False)
class StratumCounts:
    """The counts of one column in S strata, of which most are 0: only the others are kept.

    Stratum s has ``counts[starts[s]:starts[s + 1]]``, all > 0, at those ``places`` of ``size``.
    All arrays are read-only int64. Kept that way because S × ``size`` is far more: a sample of
    5,000 distinct values has 5,000 counts in all, in however many strata.
    """

    size: int
    starts: IntArray
    places: IntArray
    counts: IntArray

    def __post_init__(self) -> None:
        starts, n = self.starts, self.places.size
        ends_meet = starts.size and starts[0] == 0 and starts[-1] == n == self.counts.size
        if not ends_meet or (np.diff(starts) < 0).any() or (self.counts < 1).any():
            raise ValueError("the counts of the strata are out of order")
        inside = (self.places >= 0) & (self.places < self.size)
        if not inside.all() or (np.diff(self.cells) < 1).any():
            raise ValueError("the places of the strata are out of order")
        for array in (self.starts, self.places, self.counts):
            array.flags.writeable = False

    @property
    def cells(self) -> IntArray:
        """Stratum × ``size`` + place of each count, ascending."""
        strata = np.repeat(np.arange(self.starts.size - 1, dtype=np.int64), np.diff(self.starts))
        cells: IntArray = strata * self.size + self.places
        return cells

    @classmethod
    def of(cls, strata: IntArray, places: IntArray, s: int, size: int) -> StratumCounts:
        """Of n values: the stratum (0 to s - 1) and the place (0 to size - 1) of each."""
        cells, counts = np.unique(strata * size + places, return_counts=True)
        starts = cells.searchsorted(np.arange(s + 1, dtype=np.int64) * size)
        return cls(size, starts.astype(np.int64), cells % size, counts.astype(np.int64))

    def dense(self, stratum: int) -> IntArray:
        """The counts of one stratum at each place, int64 (size,)."""
        counts = np.zeros(self.size, dtype=np.int64)
        own = slice(int(self.starts[stratum]), int(self.starts[stratum + 1]))
        counts[self.places[own]] = self.counts[own]
        return counts

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, StratumCounts)
            and self.size == other.size
            and np.array_equal(self.starts, other.starts)
            and np.array_equal(self.places, other.places)
            and np.array_equal(self.counts, other.counts)
        )

    def __hash__(self) -> int:
        return hash((self.size, self.counts.tobytes()))


@dataclass(frozen=True)
class Strata:
    """The strata of a reference: of its season's strata those with at least 100 rows.

    ``season`` is the one it was built with, ``names`` the strata that are kept, in the season's
    order, ``rows`` how many rows of the table each has. ``by_column`` has the counts of a
    numeric column's sample at each point of its grid, of a categorical column's rows at each
    category and, last, all others.
    """

    season: SeasonSettings
    names: tuple[str, ...]
    rows: tuple[int, ...]
    by_column: Mapping[str, StratumCounts]

    @property
    def dropped(self) -> tuple[str, ...]:
        """The strata of the season that have too few rows, in its order."""
        return tuple(name for name in strata_of(self.season) if name not in self.names)

    def counts(self, column_id: str, stratum: str) -> IntArray | None:
        """One column's counts in one stratum, int64; ``None`` where the reference has none."""
        of_column = self.by_column.get(column_id)
        if of_column is None or stratum not in self.names:
            return None
        return of_column.dense(self.names.index(stratum))

    def counts_of(self, column_id: str, strata: Iterable[str]) -> dict[str, IntArray]:
        """One column's counts in those of the given strata that the reference has."""
        found = ((stratum, self.counts(column_id, stratum)) for stratum in strata)
        return {stratum: counts for stratum, counts in found if counts is not None}
