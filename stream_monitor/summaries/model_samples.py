"""The parts of a model's summary that merge but do not subtract: samples of texts, slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stream_monitor.summaries.codec import seal, unseal
from stream_monitor.summaries.sample import IDS_K, NAMES_K, CountedSample, SampleWire
from stream_monitor.summaries.slices import Dimension, DimensionWire, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_monitor.reference.model import Reference


class ModelSamplesWire(msgspec.Struct, array_like=True, frozen=True):
    """The samples; unseen names by column id, empty ones left out; slices by dimension."""

    ids: SampleWire
    unknown_features: SampleWire
    unseen_names: dict[str, SampleWire]
    dimensions: dict[str, DimensionWire]


@dataclass(frozen=True, slots=True)
class ModelSamples:
    """All samples of a :class:`ModelSummary`: a commutative monoid.

    ``unseen_names`` maps a column id to its sample; columns without unseen values are absent.
    ``dimensions`` are the slices of the traffic.
    """

    ids: CountedSample
    unknown_features: CountedSample
    unseen_names: Mapping[str, CountedSample]
    dimensions: Mapping[str, Dimension]

    @classmethod
    def empty(cls) -> ModelSamples:
        """The identity of :meth:`merge`."""
        return cls(
            CountedSample.empty(IDS_K, keep_texts=False),
            CountedSample.empty(NAMES_K, keep_texts=True),
            {},
            {},
        )

    @property
    def fingerprint(self) -> str:
        return f"{self.ids.fingerprint},{self.unknown_features.fingerprint}"

    def merge(self, other: ModelSamples) -> ModelSamples:
        """The samples of both."""
        names = dict(self.unseen_names)
        for column, sample in other.unseen_names.items():
            names[column] = names[column].merge(sample) if column in names else sample
        return ModelSamples(
            self.ids.merge(other.ids),
            self.unknown_features.merge(other.unknown_features),
            names,
            merged(self.dimensions, other.dimensions),
        )

    def to_wire(self) -> ModelSamplesWire:
        return ModelSamplesWire(
            self.ids.to_wire(),
            self.unknown_features.to_wire(),
            {column: sample.to_wire() for column, sample in sorted(self.unseen_names.items())},
            {name: dimension.to_wire() for name, dimension in sorted(self.dimensions.items())},
        )

    @classmethod
    def from_wire(cls, wire: ModelSamplesWire, reference: Reference | None) -> ModelSamples:
        return cls(
            CountedSample.from_wire(wire.ids, IDS_K, keep_texts=False),
            CountedSample.from_wire(wire.unknown_features, NAMES_K, keep_texts=True),
            {
                column: CountedSample.from_wire(sample, NAMES_K, keep_texts=True)
                for column, sample in wire.unseen_names.items()
            },
            {name: Dimension.from_wire(one, reference) for name, one in wire.dimensions.items()},
        )

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> ModelSamples:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ModelSamplesWire), reference)
