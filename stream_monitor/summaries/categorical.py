"""A window of one categorical or boolean column, counted on the reference's vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.arrays import read_only
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    at_least_zero,
    damaged,
    fingerprint,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unseal,
)
from stream_monitor.summaries.sample import NAMES_K, CountedSample, SampleWire

if TYPE_CHECKING:
    from collections.abc import Mapping


class CategoricalWire(msgspec.Struct, array_like=True, frozen=True, tag="categorical"):
    """Counts sparse; ``unseen`` is the total of the sample of names."""

    vocabulary: str
    counts: SparseWire
    unseen: int
    unseen_names: SampleWire


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalSummary:
    """Counts of categories (int64, K, read-only) and of values the reference has not seen.

    A commutative monoid; without its sample of unseen names (see :meth:`bare`) a group.
    ``fingerprint`` is of the vocabulary, order included.
    """

    fingerprint: str
    counts: IntArray
    unseen: int
    unseen_names: CountedSample

    @classmethod
    def empty(cls, categories: tuple[str, ...]) -> CategoricalSummary:
        """The identity of :meth:`merge`."""
        return cls(
            fingerprint(*categories),
            read_only(np.zeros(len(categories), dtype=np.int64)),
            0,
            CountedSample.empty(NAMES_K, keep_texts=True),
        )

    @classmethod
    def of(
        cls, counted: Mapping[str, int], categories: tuple[str, ...], index: Mapping[str, int]
    ) -> CategoricalSummary:
        """The summary of counted texts; ``index`` gives each category's place in ``categories``."""
        counts = np.zeros(len(categories), dtype=np.int64)
        unseen: dict[str, int] = {}
        for text, count in counted.items():
            place = index.get(text)
            if place is None:
                unseen[text] = count
            else:
                counts[place] = count
        return cls(
            fingerprint(*categories),
            read_only(counts),
            sum(unseen.values()),
            CountedSample.of_counts(unseen, NAMES_K),
        )

    @property
    def n(self) -> int:
        """The number of values, unseen ones included."""
        return int(self.counts.sum()) + self.unseen

    def merge(self, other: CategoricalSummary) -> CategoricalSummary:
        """The summary of both; ``UnlikeSummaryError`` for another vocabulary."""
        self._require_like(other)
        return CategoricalSummary(
            self.fingerprint,
            read_only(self.counts + other.counts),
            self.unseen + other.unseen,
            self.unseen_names.merge(other.unseen_names),
        )

    def bare(self) -> CategoricalSummary:
        """The part that subtracts: everything but the names."""
        return self.with_names(CountedSample.empty(NAMES_K, keep_texts=True))

    def with_names(self, unseen_names: CountedSample) -> CategoricalSummary:
        """The same counts with another sample of names."""
        return CategoricalSummary(self.fingerprint, self.counts, self.unseen, unseen_names)

    def subtract(self, other: CategoricalSummary) -> CategoricalSummary:
        """The inverse of :meth:`merge` for bare summaries.

        ``ValueError`` if one has names, which do not subtract, or ``other`` was never added.
        """
        self._require_like(other)
        if self.unseen_names.total or other.unseen_names.total:
            raise ValueError("a sample of names does not subtract: take the bare summaries")
        return CategoricalSummary(
            self.fingerprint,
            minus(self.counts, other.counts),
            at_least_zero(self.unseen - other.unseen),
            self.unseen_names,
        )

    def _require_like(self, other: CategoricalSummary) -> None:
        if self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"A summary of vocabulary {other.fingerprint} does not merge with one of "
                f"{self.fingerprint}: they are of different references."
            )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CategoricalSummary)
            and self.fingerprint == other.fingerprint
            and np.array_equal(self.counts, other.counts)
            and self.unseen == other.unseen
            and self.unseen_names == other.unseen_names
        )

    def to_wire(self) -> CategoricalWire:
        return CategoricalWire(
            self.fingerprint, pack_sparse(self.counts), self.unseen, self.unseen_names.to_wire()
        )

    @classmethod
    def from_wire(cls, wire: CategoricalWire, categories: tuple[str, ...]) -> CategoricalSummary:
        """``UnlikeSummaryError`` if the state is of another vocabulary."""
        if wire.vocabulary != fingerprint(*categories):
            raise UnlikeSummaryError("The state of a categorical summary is of another vocabulary.")
        if wire.unseen < 0:
            raise damaged("a count is negative")
        return cls(
            wire.vocabulary,
            unpack_sparse(wire.counts, len(categories)),
            wire.unseen,
            CountedSample.from_wire(wire.unseen_names, NAMES_K, keep_texts=True),
        )

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, categories: tuple[str, ...]) -> CategoricalSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, CategoricalWire), categories)
