"""What is wrong with the rows of a column, as counts: the raw material of data quality."""

from __future__ import annotations

from dataclasses import dataclass
from operator import add, sub

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.columns import INFINITE, MISSING, NAN, WRONG_TYPE
from stream_monitor.summaries.codec import at_least_zero, damaged, seal, unseal

FactsTuple = tuple[int, int, int, int, int, int, int]


class FactsWire(msgspec.Struct, array_like=True, frozen=True):
    """The counts in the order of the fields of :class:`Facts`."""

    counts: FactsTuple


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts of rows: a commutative group under ``+`` and ``-`` (never below zero).

    ``missing``, ``nan``, ``infinite`` and ``wrong_type`` exclude each other, and such rows
    have no usable value. ``out_of_range`` (numeric) and ``unseen`` (categorical) count
    usable values that the reference does not know.
    """

    rows: int = 0
    missing: int = 0
    nan: int = 0
    infinite: int = 0
    wrong_type: int = 0
    out_of_range: int = 0
    unseen: int = 0

    @classmethod
    def of_codes(
        cls,
        codes: NDArray[np.uint8] | None,
        rows: int,
        *,
        out_of_range: int = 0,
        unseen: int = 0,
    ) -> Facts:
        """The facts of ``rows`` row codes (see ``events.columns``; ``None``: every row is OK)."""
        if codes is None:
            return cls(rows, out_of_range=out_of_range, unseen=unseen)
        counts = np.bincount(codes, minlength=WRONG_TYPE + 1).tolist()
        return cls(
            rows=rows,
            missing=counts[MISSING],
            nan=counts[NAN],
            infinite=counts[INFINITE],
            wrong_type=counts[WRONG_TYPE],
            out_of_range=out_of_range,
            unseen=unseen,
        )

    @property
    def usable(self) -> int:
        """The rows that have a value the distribution counts."""
        return self.rows - self.missing - self.nan - self.infinite - self.wrong_type

    def __add__(self, other: Facts) -> Facts:
        return Facts(*map(add, self.counts, other.counts))

    def __sub__(self, other: Facts) -> Facts:
        """The inverse of ``+``; ``ValueError`` where it would go below zero."""
        return Facts(*map(at_least_zero, map(sub, self.counts, other.counts)))

    @property
    def counts(self) -> FactsTuple:
        """All the counts, in the order of the fields."""
        return (
            self.rows,
            self.missing,
            self.nan,
            self.infinite,
            self.wrong_type,
            self.out_of_range,
            self.unseen,
        )

    def to_wire(self) -> FactsWire:
        return FactsWire(self.counts)

    @classmethod
    def from_wire(cls, wire: FactsWire) -> Facts:
        if min(wire.counts) < 0:
            raise damaged("a count is negative")
        return cls(*wire.counts)

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes) -> Facts:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, FactsWire))
