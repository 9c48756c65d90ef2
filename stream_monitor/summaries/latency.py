"""How long predictions took: a histogram with logarithmic buckets, quantiles within 1 %."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.columns import OK, numeric
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    at_least_zero,
    damaged,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unpack_sum,
    unseal,
)
from stream_monitor.summaries.facts import Facts, FactsWire

if TYPE_CHECKING:
    from stream_monitor.events.batch import RawColumn

ACCURACY: Final = 0.01
LOWEST_MS: Final = 1e-3
HIGHEST_MS: Final = 1e9
_GROWTH: Final = (1 + ACCURACY) / (1 - ACCURACY)


def log_edges(lowest: float, highest: float) -> NDArray[np.float64]:
    """The upper edges of all buckets but the last, from ``lowest`` to at least ``highest``.

    Neighbours differ by γ = 1.01 / 0.99; repeated products are the same everywhere.
    """
    count = math.ceil(math.log(highest / lowest) / math.log(_GROWTH))
    edges = np.full(count + 1, _GROWTH)
    edges[0] = lowest
    return np.multiply.accumulate(edges)


_EDGES: Final = log_edges(LOWEST_MS, HIGHEST_MS)
_BUCKETS: Final = len(_EDGES) + 1
_ZERO_SUM: Final = ExactSum()


class LatencyWire(msgspec.Struct, array_like=True, frozen=True):
    """Counts sparse, the sum in its own bytes."""

    facts: FactsWire
    zeros: int
    counts: SparseWire
    total: bytes


@dataclass(frozen=True, slots=True, eq=False)
class LatencySummary:
    """Latencies in milliseconds: an exact commutative group of bounded size.

    ``counts`` (int64, read-only): bucket 0 holds (0, 1 µs], bucket i the values in
    (γ^(i−1), γ^i] µs with γ = 1.01 / 0.99, the last one what is above 10^9 ms. ``zeros`` are
    counted beside them. ``facts`` counts all rows: missing, not finite and of a wrong type;
    ``facts.out_of_range`` counts negative ones, which no quantile includes. ``total`` is the
    exact sum of the counted latencies.

    Source: Masson, Rim and Lee, DDSketch, VLDB 2019; with fixed bounds instead of collapsing
    buckets, so that it also subtracts. Edges are products, not logarithms, so every machine
    has the same ones.
    """

    facts: Facts
    zeros: int
    counts: IntArray
    total: ExactSum

    @classmethod
    def empty(cls) -> LatencySummary:
        """The identity of :meth:`merge`."""
        return cls(Facts(), 0, read_only(np.zeros(_BUCKETS, dtype=np.int64)), _ZERO_SUM)

    @classmethod
    def of(cls, raw: RawColumn | None, rows: int) -> LatencySummary:
        """The summary of a raw column of ``rows`` rows (``None``: missing in all of them)."""
        values, codes = numeric(raw, rows)
        usable = np.sort(values if codes is None else values[codes == OK])
        negative = int(usable.searchsorted(0.0, side="left"))
        positive = int(usable.searchsorted(0.0, side="right"))
        buckets = _EDGES.searchsorted(usable[positive:], side="left")
        return cls(
            Facts.of_codes(codes, rows, out_of_range=negative),
            positive - negative,
            read_only(np.bincount(buckets, minlength=_BUCKETS)),
            ExactSum.of(usable[positive:]),
        )

    @property
    def n(self) -> int:
        """The number of latencies that quantiles and the mean are of."""
        return self.facts.usable - self.facts.out_of_range

    @property
    def fingerprint(self) -> str:
        return f"latency:{ACCURACY}"

    def quantile(self, q: float) -> float | None:
        """The q-quantile in ms, q in [0, 1]; ``None`` if nothing was counted.

        Let x be the latency of rank ⌊q(n − 1)⌋ from 0 among the n counted ones. The answer
        is within 1 % of x if 1 µs ≤ x ≤ 10^9 ms; exactly 0 if x is 0; 1 µs if x is below;
        and a little over 10^9 ms, a lower bound, if x is above that.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile is between 0 and 1, not {q}")
        if not self.n:
            return None
        rank = math.floor(q * (self.n - 1))
        if rank < self.zeros:
            return 0.0
        bucket = int(np.cumsum(self.counts).searchsorted(rank - self.zeros, side="right"))
        if bucket == 0:
            return LOWEST_MS
        lower = float(_EDGES[bucket - 1])
        return lower if bucket == _BUCKETS - 1 else lower * (1 + ACCURACY)

    def mean(self) -> float | None:
        """The mean in ms, rounded once; ``None`` if nothing was counted."""
        return self.total.over(self.n) if self.n else None

    def merge(self, other: LatencySummary) -> LatencySummary:
        """The summary of both."""
        return LatencySummary(
            self.facts + other.facts,
            self.zeros + other.zeros,
            read_only(self.counts + other.counts),
            self.total + other.total,
        )

    def subtract(self, other: LatencySummary) -> LatencySummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        return LatencySummary(
            self.facts - other.facts,
            at_least_zero(self.zeros - other.zeros),
            minus(self.counts, other.counts),
            self.total - other.total,
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LatencySummary)
            and self.facts == other.facts
            and self.zeros == other.zeros
            and np.array_equal(self.counts, other.counts)
            and self.total == other.total
        )

    def to_wire(self) -> LatencyWire:
        return LatencyWire(
            self.facts.to_wire(), self.zeros, pack_sparse(self.counts), self.total.to_bytes()
        )

    @classmethod
    def from_wire(cls, wire: LatencyWire) -> LatencySummary:
        summary = cls(
            Facts.from_wire(wire.facts),
            wire.zeros,
            unpack_sparse(wire.counts, _BUCKETS),
            unpack_sum(wire.total),
        )
        if wire.zeros < 0 or summary.n != wire.zeros + int(summary.counts.sum()):
            raise damaged("the latencies and their facts do not add up")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes) -> LatencySummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, LatencyWire))
