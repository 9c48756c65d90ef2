"""Everything a window of one model is kept as, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.events.columns import text
from stream_monitor.reference.model import NO_REFERENCE, Role
from stream_monitor.summaries.codec import damaged, seal, unseal
from stream_monitor.summaries.column import ColumnSummary, ColumnWire
from stream_monitor.summaries.columns import summarise_columns
from stream_monitor.summaries.latency import LatencySummary, LatencyWire
from stream_monitor.summaries.model_samples import ModelSamples
from stream_monitor.summaries.outcomes import answers, predictions_of
from stream_monitor.summaries.sample import IDS_K, NAMES_K, CountedSample, SampleWire
from stream_monitor.summaries.slices import UNCUT, SlicedTraffic, SlicesWire, Slicing, cuts_of

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn
    from stream_monitor.reference.model import Reference, ReferenceColumn


class ModelWire(msgspec.Struct, array_like=True, frozen=True):
    """All parts of a model's summary, columns by id."""

    reference: str
    columns: dict[str, ColumnWire]
    ids: SampleWire
    unknown_features: SampleWire
    latency: LatencyWire
    traffic: SlicesWire


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Summaries of all columns of a reference, and of what needs none.

    A commutative monoid in integers: any split of the events, in any order, merges to the
    same bits. ``fingerprint`` is the reference's hash, or ``NO_REFERENCE``; ``columns`` has
    every column id of the reference, with zero rows or not. ``ids`` samples prediction ids
    (rows without one are not in it), ``unknown_features`` the names of features the
    reference does not have, counted by their rows with a value. ``traffic`` has the rows and
    what the labels that came with them tell, in all and by slice.
    """

    fingerprint: str
    columns: Mapping[str, ColumnSummary]
    ids: CountedSample
    unknown_features: CountedSample
    latency: LatencySummary
    traffic: SlicedTraffic

    @classmethod
    def empty(cls, reference: Reference | None) -> ModelSummary:
        """The identity of :meth:`merge` for a reference, or for a model without one."""
        return cls(
            fingerprint=_fingerprint(reference),
            columns={column.id: ColumnSummary.empty(column) for column in _columns(reference)},
            ids=CountedSample.empty(IDS_K, keep_texts=False),
            unknown_features=CountedSample.empty(NAMES_K, keep_texts=True),
            latency=LatencySummary.empty(),
            traffic=SlicedTraffic.empty(reference),
        )

    @classmethod
    def of(
        cls, batch: EventBatch, reference: Reference | None, slicing: Slicing = UNCUT
    ) -> ModelSummary:
        """The summary of a batch; for its columns see ``summarise_columns``.

        A score that was not sent is picked out of ``scores`` (see ``score_column``).
        """
        rows = len(batch)
        return cls(
            fingerprint=_fingerprint(reference),
            columns=summarise_columns(batch, reference),
            ids=_ids(batch.prediction_ids, rows),
            unknown_features=_unknown_features(batch, reference),
            latency=LatencySummary.of(batch.latency_ms, rows),
            traffic=SlicedTraffic.of(
                answers(batch.ground_truth, rows, reference),
                predictions_of(batch, reference),
                cuts_of(batch, slicing),
                slicing.cap,
                reference,
            ),
        )

    @property
    def rows(self) -> int:
        """The number of events."""
        return self.traffic.total.rows

    def merge(self, other: ModelSummary) -> ModelSummary:
        """The summary of both; ``UnlikeSummaryError`` for another reference."""
        self._require_like(other)
        return ModelSummary(
            self.fingerprint,
            {name: mine.merge(other.columns[name]) for name, mine in self.columns.items()},
            self.ids.merge(other.ids),
            self.unknown_features.merge(other.unknown_features),
            self.latency.merge(other.latency),
            self.traffic.merge(other.traffic),
        )

    def subtract(self, other: ModelSummary) -> ModelSummary:
        """The inverse of :meth:`merge` for :meth:`bare` summaries.

        ``ValueError`` if one has samples, which do not subtract, or ``other`` was never added.
        """
        self._require_like(other)
        samples = (self.ids, other.ids, self.unknown_features, other.unknown_features)
        cut = self.traffic.dimensions or other.traffic.dimensions
        if cut or any(sample.total for sample in samples):
            raise ValueError("samples and slices do not subtract: take the bare summaries")
        return ModelSummary(
            self.fingerprint,
            {name: mine.subtract(other.columns[name]) for name, mine in self.columns.items()},
            self.ids,
            self.unknown_features,
            self.latency.subtract(other.latency),
            SlicedTraffic(self.traffic.total.subtract(other.traffic.total), {}),
        )

    def _require_like(self, other: ModelSummary) -> None:
        if self.fingerprint != other.fingerprint or self.columns.keys() != other.columns.keys():
            raise UnlikeSummaryError(
                f"A summary of reference {other.fingerprint} does not merge with one of "
                f"reference {self.fingerprint}."
            )

    def bare(self) -> ModelSummary:
        """The part that subtracts: a group, all samples empty."""
        empty = ModelSamples.empty()
        return replace(
            self,
            columns={name: column.bare() for name, column in self.columns.items()},
            ids=empty.ids,
            unknown_features=empty.unknown_features,
            traffic=self.traffic.bare(),
        )

    @property
    def samples(self) -> ModelSamples:
        """The part that does not subtract."""
        named = {name: column.unseen_names for name, column in self.columns.items()}
        return ModelSamples(
            self.ids,
            self.unknown_features,
            {name: sample for name, sample in named.items() if sample is not None and sample.total},
            self.traffic.dimensions,
        )

    def with_samples(self, samples: ModelSamples) -> ModelSummary:
        """A bare summary with samples: ``summary.bare().with_samples(summary.samples)`` is it."""
        columns = dict(self.columns)
        for name, sample in samples.unseen_names.items():
            columns[name] = columns[name].with_names(sample)
        return replace(
            self,
            columns=columns,
            ids=samples.ids,
            unknown_features=samples.unknown_features,
            traffic=SlicedTraffic(self.traffic.total, samples.dimensions),
        )

    def to_state(self) -> bytes:
        """The summary as bytes; counts that are zero cost nothing."""
        return seal(
            ModelWire(
                self.fingerprint,
                {name: column.to_wire() for name, column in sorted(self.columns.items())},
                self.ids.to_wire(),
                self.unknown_features.to_wire(),
                self.latency.to_wire(),
                self.traffic.to_wire(),
            )
        )

    @classmethod
    def from_state(cls, data: bytes, reference: Reference | None) -> ModelSummary:
        """Inverse of :meth:`to_state`.

        ``UnlikeSummaryError`` for the state of another reference; :class:`DataError` for what
        is no state of this version.
        """
        wire = unseal(data, ModelWire)
        if wire.reference != _fingerprint(reference):
            raise UnlikeSummaryError(
                f"The state is of reference {wire.reference}, not {_fingerprint(reference)}."
            )
        columns = _columns(reference)
        if wire.columns.keys() != {column.id for column in columns}:
            raise damaged("its columns are not those of its reference")
        return cls(
            fingerprint=wire.reference,
            columns={
                column.id: ColumnSummary.from_wire(wire.columns[column.id], column)
                for column in columns
            },
            ids=CountedSample.from_wire(wire.ids, IDS_K, keep_texts=False),
            unknown_features=CountedSample.from_wire(
                wire.unknown_features, NAMES_K, keep_texts=True
            ),
            latency=LatencySummary.from_wire(wire.latency),
            traffic=SlicedTraffic.from_wire(wire.traffic, reference),
        )


def _fingerprint(reference: Reference | None) -> str:
    return NO_REFERENCE if reference is None else reference.hash


def _columns(reference: Reference | None) -> tuple[ReferenceColumn, ...]:
    return () if reference is None else reference.columns


def _ids(raw: RawColumn | None, rows: int) -> CountedSample:
    if raw is None:
        return CountedSample.empty(IDS_K, keep_texts=False)
    texts = [name for name in text(raw, rows).texts if name is not None]
    return CountedSample.of(texts, IDS_K)


def _unknown_features(batch: EventBatch, reference: Reference | None) -> CountedSample:
    known = {column.name for column in _columns(reference) if column.role is Role.FEATURE}
    counts = {
        name: _present(raw, len(batch)) for name, raw in batch.features.items() if name not in known
    }
    return CountedSample.of_counts({name: n for name, n in counts.items() if n}, NAMES_K)


def _present(raw: RawColumn, rows: int) -> int:
    return rows if isinstance(raw, np.ndarray) else rows - raw.count(None)
