"""One column of a window: the facts of its rows and the distribution of its usable values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.events.columns import MISSING, OK, NumericValues, numeric, text
from stream_monitor.reference.model import Kind, NumericColumn
from stream_monitor.summaries.categorical import CategoricalSummary, CategoricalWire
from stream_monitor.summaries.codec import damaged, seal, unseal
from stream_monitor.summaries.facts import Facts, FactsWire
from stream_monitor.summaries.numeric import NumericSummary, NumericWire

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_monitor.events.batch import RawColumn
    from stream_monitor.reference.model import CategoricalColumn, ReferenceColumn
    from stream_monitor.summaries.sample import CountedSample

Distribution = NumericSummary | CategoricalSummary


class ColumnWire(msgspec.Struct, array_like=True, frozen=True):
    """The facts and the distribution, which says itself of which kind it is."""

    facts: FactsWire
    distribution: NumericWire | CategoricalWire


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """Facts of all rows and the distribution of the usable ones: ``distribution.n`` of them.

    A commutative monoid, and a group where the distribution is :meth:`bare`.
    """

    facts: Facts
    distribution: Distribution

    @classmethod
    def empty(cls, column: ReferenceColumn) -> ColumnSummary:
        """The identity of :meth:`merge` for a column of a reference."""
        if isinstance(column, NumericColumn):
            return cls(Facts(), NumericSummary.empty(column.grid))
        return cls(Facts(), CategoricalSummary.empty(column.categories))

    @classmethod
    def of(cls, raw: RawColumn | None, rows: int, column: ReferenceColumn) -> ColumnSummary:
        """The summary of a raw column of ``rows`` rows (``None``: missing in all of them)."""
        if isinstance(column, NumericColumn):
            return cls.of_numbers(numeric(raw, rows), rows, column)
        return cls._of_texts(raw, rows, column)

    @classmethod
    def of_numbers(cls, numbers: NumericValues, rows: int, column: NumericColumn) -> ColumnSummary:
        """The summary of a column that has been made numbers."""
        values, codes = numbers
        usable = values if codes is None else values[codes == OK]
        return cls(
            Facts.of_codes(codes, rows, out_of_range=_outside(usable, column)),
            NumericSummary.of(usable, column.grid),
        )

    @classmethod
    def of_derived(cls, values: NDArray[np.float64], column: ReferenceColumn) -> ColumnSummary:
        """The summary of a column that was computed: NaN is missing. TypeError if categorical."""
        if not isinstance(column, NumericColumn):
            raise TypeError(f"the derived column {column.id} is not numeric")
        missing = np.isnan(values)
        codes = missing * np.uint8(MISSING) if missing.any() else None
        return cls.of_numbers(NumericValues(values, codes), len(values), column)

    @classmethod
    def _of_texts(
        cls, raw: RawColumn | None, rows: int, column: CategoricalColumn
    ) -> ColumnSummary:
        texts, codes = text(raw, rows, boolean=column.kind is Kind.BOOLEAN)
        counted = Counter(texts)
        known = {name: count for name, count in counted.items() if name is not None}
        distribution = CategoricalSummary.of(known, column.categories, column.index)
        return cls(Facts.of_codes(codes, rows, unseen=distribution.unseen), distribution)

    def merge(self, other: ColumnSummary) -> ColumnSummary:
        """The summary of both; ``UnlikeSummaryError`` for another kind, grid or vocabulary."""
        mine, its = self.distribution, other.distribution
        facts = self.facts + other.facts
        if isinstance(mine, NumericSummary):
            if not isinstance(its, NumericSummary):
                raise _another_kind()
            return ColumnSummary(facts, mine.merge(its))
        if isinstance(its, NumericSummary):
            raise _another_kind()
        return ColumnSummary(facts, mine.merge(its))

    def subtract(self, other: ColumnSummary) -> ColumnSummary:
        """The inverse of :meth:`merge` for bare summaries."""
        mine, its = self.distribution, other.distribution
        facts = self.facts - other.facts
        if isinstance(mine, NumericSummary):
            if not isinstance(its, NumericSummary):
                raise _another_kind()
            return ColumnSummary(facts, mine.subtract(its))
        if isinstance(its, NumericSummary):
            raise _another_kind()
        return ColumnSummary(facts, mine.subtract(its))

    @property
    def fingerprint(self) -> str:
        return self.distribution.fingerprint

    @property
    def unseen_names(self) -> CountedSample | None:
        """The sample of unseen values of a categorical column."""
        if isinstance(self.distribution, CategoricalSummary):
            return self.distribution.unseen_names
        return None

    def bare(self) -> ColumnSummary:
        """The part that subtracts: without a sample of unseen names."""
        if isinstance(self.distribution, CategoricalSummary):
            return ColumnSummary(self.facts, self.distribution.bare())
        return self

    def with_names(self, unseen_names: CountedSample) -> ColumnSummary:
        """The same counts with a sample of unseen names; ``ValueError`` for a numeric column."""
        if not isinstance(self.distribution, CategoricalSummary):
            raise ValueError("a numeric column has no unseen names")
        return ColumnSummary(self.facts, self.distribution.with_names(unseen_names))

    def to_wire(self) -> ColumnWire:
        return ColumnWire(self.facts.to_wire(), self.distribution.to_wire())

    @classmethod
    def from_wire(cls, wire: ColumnWire, column: ReferenceColumn) -> ColumnSummary:
        """``UnlikeSummaryError`` if the state is of another kind, grid or vocabulary."""
        facts = Facts.from_wire(wire.facts)
        distribution: Distribution
        if isinstance(column, NumericColumn):
            if not isinstance(wire.distribution, NumericWire):
                raise _another_kind()
            distribution = NumericSummary.from_wire(wire.distribution, column.grid)
        else:
            if isinstance(wire.distribution, NumericWire):
                raise _another_kind()
            distribution = CategoricalSummary.from_wire(wire.distribution, column.categories)
        if distribution.n != facts.usable:
            raise damaged("the values and the facts of a column do not add up")
        return cls(facts, distribution)

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, column: ReferenceColumn) -> ColumnSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ColumnWire), column)


def _outside(values: NDArray[np.float64], column: NumericColumn) -> int:
    """How many values are outside the reference's range; none, if it had no values."""
    if math.isnan(column.minimum):
        return 0
    return int(np.count_nonzero((values < column.minimum) | (values > column.maximum)))


def _another_kind() -> UnlikeSummaryError:
    return UnlikeSummaryError("A numeric and a categorical column have no summary in common.")
