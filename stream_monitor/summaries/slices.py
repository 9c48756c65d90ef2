"""A model's traffic as a whole and cut by slices: its versions, and segments that are configured.

A *dimension* is ``version`` or ``segment:NAME``; each of its values is a slice. A dimension
keeps the ``cap`` values with the smallest hashes. A value that is among the smallest at the end
was so in every part, so what is kept is exact in whatever order parts merge, and what a
dimension has dropped is a count (see ``sample`` for the same idea).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from stream_monitor.events.columns import text
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.codec import damaged, seal, unseal
from stream_monitor.summaries.traffic import TrafficSummary, TrafficWire

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn
    from stream_monitor.reference.model import Reference
    from stream_monitor.summaries.outcomes import Encoded, Predictions

VERSION = "version"


def segment(name: str) -> str:
    """The dimension of a segment."""
    return f"segment:{name}"


class Slicing(NamedTuple):
    """How a model is cut: by version, and by these segments; ``cap`` values of each are kept."""

    segments: tuple[str, ...] = ()
    cap: int = 20


#: By version alone.
UNCUT = Slicing()


class Cut(NamedTuple):
    """Rows by the value of one dimension: ``codes`` int64 (n,) point into ``values``, -1: none."""

    values: tuple[str, ...]
    codes: IntArray


def cuts_of(batch: EventBatch, slicing: Slicing) -> dict[str, Cut]:
    """The rows of a batch by each dimension that any of them has a value of."""
    columns = {VERSION: batch.model_versions}
    columns |= {segment(name): batch.segments.get(name) for name in slicing.segments}
    found = {name: _cut(raw, len(batch)) for name, raw in columns.items() if raw is not None}
    return {name: cut for name, cut in found.items() if cut.values}


def _cut(raw: RawColumn, n: int) -> Cut:
    texts = text(raw, n).texts
    place: dict[str | None, int] = {None: -1}
    for name in dict.fromkeys(texts):
        if name is not None:
            place[name] = len(place) - 1
    codes = np.fromiter(map(place.__getitem__, texts), np.int64, n)
    return Cut(tuple(name for name in place if name is not None), codes)


class DimensionWire(msgspec.Struct, array_like=True, frozen=True):
    """The counts, and the slices by value."""

    cap: int
    rows: int
    labelled: int
    kept: dict[str, TrafficWire]


class SlicesWire(msgspec.Struct, array_like=True, frozen=True):
    """The whole, and each dimension."""

    total: TrafficWire
    dimensions: dict[str, DimensionWire]


@dataclass(frozen=True, slots=True)
class Dimension:
    """The slices of one dimension: a commutative monoid.

    ``rows`` and ``labelled`` count all its events and labels, those of dropped values too.
    """

    cap: int
    rows: int
    labelled: int
    kept: Mapping[str, TrafficSummary]

    @classmethod
    def of(cls, cap: int, values: Mapping[str, TrafficSummary]) -> Dimension:
        """Of the traffic of each value."""
        return cls(
            cap,
            sum(traffic.rows for traffic in values.values()),
            sum(traffic.performance.labelled for traffic in values.values()),
            _capped(values, cap),
        )

    @property
    def dropped(self) -> int:
        """Events of values that the cap has dropped."""
        return self.rows - sum(traffic.rows for traffic in self.kept.values())

    def merge(self, other: Dimension) -> Dimension:
        """Both; the smaller of two caps holds."""
        values = dict(self.kept)
        for name, traffic in other.kept.items():
            values[name] = values[name].merge(traffic) if name in values else traffic
        cap = min(self.cap, other.cap)
        return Dimension(
            cap,
            self.rows + other.rows,
            self.labelled + other.labelled,
            _capped(values, cap),
        )

    def replace(self, old: Dimension | None, new: Dimension) -> Dimension:
        """This with ``old``, which was merged in before, taken out and ``new`` put in.

        A value that was dropped by the cap on the way stays dropped: as many smaller ones
        have been seen.
        """
        merged_in = self.merge(new)
        if old is None:
            return merged_in
        kept = {
            name: traffic.subtract(old.kept[name]) if name in old.kept else traffic
            for name, traffic in merged_in.kept.items()
        }
        rows, labelled = merged_in.rows - old.rows, merged_in.labelled - old.labelled
        return Dimension(merged_in.cap, rows, labelled, kept)

    def to_wire(self) -> DimensionWire:
        return DimensionWire(
            self.cap,
            self.rows,
            self.labelled,
            {value: traffic.to_wire() for value, traffic in sorted(self.kept.items())},
        )

    @classmethod
    def from_wire(cls, wire: DimensionWire, reference: Reference | None) -> Dimension:
        """``UnlikeSummaryError`` if the state is of other classes."""
        dimension = cls(
            wire.cap,
            wire.rows,
            wire.labelled,
            {value: TrafficSummary.from_wire(one, reference) for value, one in wire.kept.items()},
        )
        if len(wire.kept) > wire.cap or wire.labelled < 0 or dimension.dropped < 0:
            raise damaged("the slices and their dimension do not add up")
        return dimension


def merged(one: Mapping[str, Dimension], other: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """The dimensions of both."""
    dimensions = dict(one)
    for name, there in other.items():
        dimensions[name] = dimensions[name].merge(there) if name in dimensions else there
    return dimensions


@dataclass(frozen=True, slots=True)
class SlicedTraffic:
    """A model's traffic, and the same by slice: a commutative monoid of bounded size.

    ``total`` alone is a group.
    """

    total: TrafficSummary
    dimensions: Mapping[str, Dimension]

    @classmethod
    def empty(cls, reference: Reference | None) -> SlicedTraffic:
        """The identity of :meth:`merge`."""
        return cls(TrafficSummary.empty(reference), {})

    @classmethod
    def of(
        cls,
        labels: Encoded,
        predictions: Predictions,
        cuts: Mapping[str, Cut],
        cap: int,
        reference: Reference | None,
        delays_s: FloatArray | None = None,
    ) -> SlicedTraffic:
        """Of events or, with ``delays_s``, of labels that came on their own (as for traffic)."""
        total = TrafficSummary.of(labels, predictions, reference, delays_s)
        dimensions = {}
        for name, (values, codes) in cuts.items():
            parts = {}
            for code, value in enumerate(values):
                rows = codes == code
                parts[value] = (
                    total
                    if len(values) == 1 and rows.all()
                    else TrafficSummary.of(
                        labels.take(rows),
                        predictions.take(rows),
                        reference,
                        None if delays_s is None else delays_s[rows],
                    )
                )
            dimensions[name] = Dimension.of(cap, parts)
        return cls(total, dimensions)

    def bare(self) -> SlicedTraffic:
        """The part that subtracts."""
        return dataclasses.replace(self, dimensions={})

    @property
    def fingerprint(self) -> str:
        return self.total.fingerprint

    def merge(self, other: SlicedTraffic) -> SlicedTraffic:
        """The traffic of both; ``UnlikeSummaryError`` for another task or other classes."""
        return SlicedTraffic(
            self.total.merge(other.total), merged(self.dimensions, other.dimensions)
        )

    def replace(self, old: SlicedTraffic | None, new: SlicedTraffic) -> SlicedTraffic:
        """This with ``old``, which was merged in before, taken out and ``new`` put in.

        ``new`` has every slice that ``old`` has, or has dropped it by the cap.
        """
        if old is None:
            return self.merge(new)
        dimensions = dict(self.dimensions)
        for name, there in new.dimensions.items():
            here = dimensions.get(name)
            was = old.dimensions.get(name)
            dimensions[name] = there if here is None else here.replace(was, there)
        return SlicedTraffic(self.total.merge(new.total).subtract(old.total), dimensions)

    def slices(self) -> Iterator[tuple[str, str, TrafficSummary]]:
        """Dimension, value and traffic of every slice kept, in the order of their names."""
        for name, dimension in sorted(self.dimensions.items()):
            for value, traffic in sorted(dimension.kept.items()):
                yield name, value, traffic

    def to_wire(self) -> SlicesWire:
        return SlicesWire(
            self.total.to_wire(),
            {name: dimension.to_wire() for name, dimension in sorted(self.dimensions.items())},
        )

    @classmethod
    def from_wire(cls, wire: SlicesWire, reference: Reference | None) -> SlicedTraffic:
        """``UnlikeSummaryError`` if the state is of other classes."""
        return cls(
            TrafficSummary.from_wire(wire.total, reference),
            {name: Dimension.from_wire(one, reference) for name, one in wire.dimensions.items()},
        )

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> SlicedTraffic:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, SlicesWire), reference)


def smallest(values: Iterable[str], cap: int) -> list[str]:
    """At most ``cap`` of some values, those with the smallest hashes."""
    names = list(values)
    if len(names) <= cap:
        return names
    hashes = stable_hash64(names).tolist()
    return [name for _, name in sorted(zip(hashes, names, strict=True))[:cap]]


def _capped(values: Mapping[str, TrafficSummary], cap: int) -> dict[str, TrafficSummary]:
    return {name: values[name] for name in smallest(values, cap)}
