"""Everything a window of one model is kept as, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.events.columns import text
from stream_monitor.reference.model import NO_REFERENCE, Role, Task
from stream_monitor.summaries.codec import at_least_zero, damaged, seal, unseal
from stream_monitor.summaries.column import ColumnSummary, ColumnWire
from stream_monitor.summaries.confusion import ConfusionSummary, ConfusionWire
from stream_monitor.summaries.labels import (
    classes_of,
    confusion_of,
    labels_of,
    residuals_of,
    scored_of,
    task_of,
)
from stream_monitor.summaries.latency import LatencySummary, LatencyWire
from stream_monitor.summaries.model_samples import ModelSamples
from stream_monitor.summaries.residuals import ResidualSummary, ResidualWire
from stream_monitor.summaries.sample import IDS_K, NAMES_K, CountedSample, SampleWire
from stream_monitor.summaries.score import score_column
from stream_monitor.summaries.scored import ScoredSummary, ScoredWire

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn
    from stream_monitor.reference.model import Reference, ReferenceColumn


class ModelWire(msgspec.Struct, array_like=True, frozen=True):
    """All parts of a model's summary, columns by id."""

    reference: str
    rows: int
    columns: dict[str, ColumnWire]
    ids: SampleWire
    unknown_features: SampleWire
    latency: LatencyWire
    confusion: ConfusionWire
    scored: ScoredWire | None
    residuals: ResidualWire | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Summaries of all columns of a reference, and of what needs none.

    A commutative monoid in integers: any split of the events, in any order, merges to the
    same bits. ``fingerprint`` is the reference's hash, or ``NO_REFERENCE``; ``columns`` has
    every column id of the reference, with zero rows or not. ``ids`` samples prediction ids
    (rows without one are not in it), ``unknown_features`` the names of features the
    reference does not have, counted by their rows with a value. Binary models have ``scored``,
    regressions ``residuals``; elsewhere they are ``None``.
    """

    fingerprint: str
    rows: int
    columns: Mapping[str, ColumnSummary]
    ids: CountedSample
    unknown_features: CountedSample
    latency: LatencySummary
    confusion: ConfusionSummary
    scored: ScoredSummary | None
    residuals: ResidualSummary | None

    @classmethod
    def empty(cls, reference: Reference | None) -> ModelSummary:
        """The identity of :meth:`merge` for a reference, or for a model without one."""
        return cls(
            fingerprint=_fingerprint(reference),
            rows=0,
            columns={column.id: ColumnSummary.empty(column) for column in _columns(reference)},
            ids=CountedSample.empty(IDS_K, keep_texts=False),
            unknown_features=CountedSample.empty(NAMES_K, keep_texts=True),
            latency=LatencySummary.empty(),
            confusion=ConfusionSummary.empty(classes_of(reference)),
            scored=ScoredSummary.empty() if task_of(reference) is Task.BINARY else None,
            residuals=ResidualSummary.empty() if task_of(reference) is Task.REGRESSION else None,
        )

    @classmethod
    def of(cls, batch: EventBatch, reference: Reference | None) -> ModelSummary:
        """The summary of a batch; a column the batch does not have is missing in every row.

        A score that was not sent is picked out of ``scores`` (see ``score_column``). An event
        with both a label and a prediction is in ``confusion``.
        """
        rows = len(batch)
        labels = labels_of(batch, reference)
        return cls(
            fingerprint=_fingerprint(reference),
            rows=rows,
            columns={
                column.id: ColumnSummary.of(_raw(batch, column), rows, column)
                for column in _columns(reference)
            },
            ids=_ids(batch.prediction_ids, rows),
            unknown_features=_unknown_features(batch, reference),
            latency=LatencySummary.of(batch.latency_ms, rows),
            confusion=confusion_of(batch, labels, reference),
            scored=scored_of(batch, labels, reference),
            residuals=residuals_of(batch, reference),
        )

    def merge(self, other: ModelSummary) -> ModelSummary:
        """The summary of both; ``UnlikeSummaryError`` for another reference."""
        self._require_like(other)
        return ModelSummary(
            self.fingerprint,
            self.rows + other.rows,
            {name: mine.merge(other.columns[name]) for name, mine in self.columns.items()},
            self.ids.merge(other.ids),
            self.unknown_features.merge(other.unknown_features),
            self.latency.merge(other.latency),
            self.confusion.merge(other.confusion),
            self.scored and other.scored and self.scored.merge(other.scored),
            self.residuals and other.residuals and self.residuals.merge(other.residuals),
        )

    def subtract(self, other: ModelSummary) -> ModelSummary:
        """The inverse of :meth:`merge` for :meth:`bare` summaries.

        ``ValueError`` if one has samples, which do not subtract, or ``other`` was never added.
        """
        self._require_like(other)
        samples = (self.ids, other.ids, self.unknown_features, other.unknown_features)
        if any(sample.total for sample in samples):
            raise ValueError("samples do not subtract: take the bare summaries")
        return ModelSummary(
            self.fingerprint,
            at_least_zero(self.rows - other.rows),
            {name: mine.subtract(other.columns[name]) for name, mine in self.columns.items()},
            self.ids,
            self.unknown_features,
            self.latency.subtract(other.latency),
            self.confusion.subtract(other.confusion),
            self.scored and other.scored and self.scored.subtract(other.scored),
            self.residuals and other.residuals and self.residuals.subtract(other.residuals),
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
        )

    @property
    def samples(self) -> ModelSamples:
        """The part that does not subtract."""
        named = {name: column.unseen_names for name, column in self.columns.items()}
        return ModelSamples(
            self.ids,
            self.unknown_features,
            {name: sample for name, sample in named.items() if sample is not None and sample.total},
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
        )

    def to_state(self) -> bytes:
        """The summary as bytes; counts that are zero cost nothing."""
        return seal(
            ModelWire(
                self.fingerprint,
                self.rows,
                {name: column.to_wire() for name, column in sorted(self.columns.items())},
                self.ids.to_wire(),
                self.unknown_features.to_wire(),
                self.latency.to_wire(),
                self.confusion.to_wire(),
                None if self.scored is None else self.scored.to_wire(),
                None if self.residuals is None else self.residuals.to_wire(),
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
        if wire.rows < 0:
            raise damaged("a count is negative")
        task = task_of(reference)
        if (wire.scored is None) is (task is Task.BINARY) or (wire.residuals is None) is (
            task is Task.REGRESSION
        ):
            raise damaged("its parts are not those of its task")
        return cls(
            fingerprint=wire.reference,
            rows=wire.rows,
            columns={
                column.id: ColumnSummary.from_wire(wire.columns[column.id], column)
                for column in columns
            },
            ids=CountedSample.from_wire(wire.ids, IDS_K, keep_texts=False),
            unknown_features=CountedSample.from_wire(
                wire.unknown_features, NAMES_K, keep_texts=True
            ),
            latency=LatencySummary.from_wire(wire.latency),
            confusion=ConfusionSummary.from_wire(wire.confusion, classes_of(reference)),
            scored=None if wire.scored is None else ScoredSummary.from_wire(wire.scored),
            residuals=(
                None if wire.residuals is None else ResidualSummary.from_wire(wire.residuals)
            ),
        )


def _fingerprint(reference: Reference | None) -> str:
    return NO_REFERENCE if reference is None else reference.hash


def _columns(reference: Reference | None) -> tuple[ReferenceColumn, ...]:
    return () if reference is None else reference.columns


def _raw(batch: EventBatch, column: ReferenceColumn) -> RawColumn | None:
    if column.role is Role.FEATURE:
        return batch.features.get(column.name)
    if column.role is Role.PREDICTION:
        return batch.prediction
    return score_column(batch)


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
