"""What a part of a model's traffic is known by: how many events, and what their labels tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stream_monitor.summaries.codec import at_least_zero, damaged, seal, unseal
from stream_monitor.summaries.performance import PerformanceSummary, PerformanceWire
from stream_monitor.summaries.population import PopulationSummary, PopulationWire

if TYPE_CHECKING:
    from stream_monitor.reference.model import Reference
    from stream_monitor.statistics.arrays import FloatArray
    from stream_monitor.summaries.outcomes import Encoded, Predictions


class TrafficWire(msgspec.Struct, array_like=True, frozen=True):
    """The parts."""

    rows: int
    performance: PerformanceWire
    population: PopulationWire


@dataclass(frozen=True, slots=True)
class TrafficSummary:
    """Events of a model, all of them or a slice: an exact commutative group.

    ``population`` is of all rows, ``performance.population`` of those with a label. Labels
    that came on their own are a summary without ``rows`` and ``population``: merged with that of
    their predictions it is the whole.
    """

    rows: int
    performance: PerformanceSummary
    population: PopulationSummary

    @classmethod
    def empty(cls, reference: Reference | None) -> TrafficSummary:
        """The identity of :meth:`merge`."""
        return cls(0, PerformanceSummary.empty(reference), PopulationSummary.empty(reference))

    @classmethod
    def of(
        cls,
        labels: Encoded,
        predictions: Predictions,
        reference: Reference | None,
        delays_s: FloatArray | None = None,
    ) -> TrafficSummary:
        """Of events, some of which brought their labels.

        With ``delays_s`` of labels that came on their own: their events are not in it.
        """
        performance = PerformanceSummary.of(labels, predictions, reference, delays_s)
        if delays_s is not None:
            return cls(0, performance, PopulationSummary.empty(reference))
        population, rows = performance.population, len(predictions)
        if population.facts.rows < rows:  # not every row has a label
            population = PopulationSummary.of(predictions, reference)
        return cls(rows, performance, population)

    @property
    def fingerprint(self) -> str:
        return f"{self.performance.fingerprint},{self.population.fingerprint}"

    def merge(self, other: TrafficSummary) -> TrafficSummary:
        """The summary of both; ``UnlikeSummaryError`` for another task or other classes."""
        return TrafficSummary(
            self.rows + other.rows,
            self.performance.merge(other.performance),
            self.population.merge(other.population),
        )

    def subtract(self, other: TrafficSummary) -> TrafficSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        return TrafficSummary(
            at_least_zero(self.rows - other.rows),
            self.performance.subtract(other.performance),
            self.population.subtract(other.population),
        )

    def to_wire(self) -> TrafficWire:
        return TrafficWire(self.rows, self.performance.to_wire(), self.population.to_wire())

    @classmethod
    def from_wire(cls, wire: TrafficWire, reference: Reference | None) -> TrafficSummary:
        """``UnlikeSummaryError`` if the state is of other classes."""
        if wire.rows < 0:
            raise damaged("a count is negative")
        return cls(
            wire.rows,
            PerformanceSummary.from_wire(wire.performance, reference),
            PopulationSummary.from_wire(wire.population, reference),
        )

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> TrafficSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, TrafficWire), reference)
