"""Recent events as the rows of a new reference: at most so many of them, with their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stream_monitor.errors import DataError
from stream_monitor.events.batch import EventBatch, IntArray, RawColumn
from stream_monitor.events.columns import numeric, text
from stream_monitor.events.labels import LabelBatch
from stream_monitor.reference.build import build
from stream_monitor.reference.data import Roles
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.score import score_column

_DRAW, _ID, _LABEL = "\0draw", "\0id", "\0label"  # beside columns of any name


class Recent:
    """Events of ``[since_ms, until_ms)``, as columns that are like those of a reference.

    Of more than ``limit`` a uniform sample is kept: the rows whose place on the topic has the
    smallest hashes, so the same topic gives the same rows however it is read. A value that is
    none of its column's kind is a missing one. ``ignore`` are features to leave out. Memory is
    bounded by 2 · ``limit`` rows and one batch.
    """

    def __init__(
        self,
        old: Reference,
        since_ms: int,
        until_ms: int,
        limit: int,
        ignore: Sequence[str] = (),
    ) -> None:
        self.seen = 0  # events of the range, kept or not
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self._old = old
        self._range = since_ms, until_ms
        self._limit = limit
        self._columns = [
            c for c in old.columns if c.role is not Role.FEATURE or c.name not in ignore
        ]
        self._parts: list[pa.Table] = []
        self._held = 0
        self._worst = np.uint64(2**64 - 1)  # no row with a greater hash can stay
        self._labels: dict[str, object] = {}
        self._ids: frozenset[str] | None = None

    def add(self, partition: int, batch: EventBatch) -> None:
        """Take in events of a source partition, of any model and any time."""
        since_ms, until_ms = self._range
        inside = (batch.timestamps >= since_ms) & (batch.timestamps < until_ms)
        if batch.model != self._old.model or not inside.any():
            return
        self.seen += int(np.count_nonzero(inside))
        times = batch.timestamps[inside]
        first, last = int(times.min()), int(times.max())
        self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
        self.last_ms = last if self.last_ms is None else max(self.last_ms, last)
        draws = _draws(partition, batch.offsets)
        rows = np.flatnonzero(inside & (draws <= self._worst))
        if not len(rows):
            return
        self._parts.append(self._table(batch.take(rows), draws[rows]))
        self._held += len(rows)
        self._ids = None
        if self._held > 2 * self._limit:
            self._prune()

    def add_labels(self, batch: LabelBatch) -> None:
        """Take in labels, after all events: the first of an id that is kept counts."""
        if batch.model != self._old.model:
            return
        if self._ids is None:
            self._prune()
            self._ids = frozenset(
                id_ for part in self._parts for id_ in part[_ID].to_pylist() if id_ is not None
            )
        for id_, truth in zip(batch.prediction_ids, batch.ground_truth, strict=True):
            if id_ in self._ids:
                self._labels.setdefault(id_, truth)

    def build(
        self, *, created_ms: int, source: str, sample_size: int, max_categories: int, seed: int
    ) -> Reference:
        """The reference of the rows: columns, kinds and classes are those of the old one.

        Raises DataError for a column without a usable value, or predictions of another task.
        """
        self._prune()
        if not self._held:
            raise DataError("There is no event to build a reference from.")
        table = pa.concat_tables(self._parts)
        labelled = self._is_labelled
        if labelled:
            table = self._labelled(table)
        by_role = {str(c.role): c for c in self._columns if c.role is not Role.FEATURE}
        prediction, score = by_role.get("prediction"), by_role.get("score")
        roles = Roles(
            features=tuple(c.name for c in self._columns if c.role is Role.FEATURE),
            prediction=None if prediction is None else prediction.name,
            score=None if score is None else score.name,
            label=_LABEL if labelled else None,
        )
        return build(
            self._old.model,
            table,
            roles,
            created_ms=created_ms,
            source=source,
            sample_size=sample_size,
            max_categories=max_categories,
            seed=seed,
            kinds={c.name: c.kind for c in self._columns},
            positive=self._old.positive,
            classes=self._old.classes,
        ).instead_of(self._old)

    @property
    def rows(self) -> int:
        """The events that are kept."""
        return min(self._held, self._limit)

    @property
    def _is_labelled(self) -> bool:
        """Whether labels have a part: in a classifier's reference only."""
        return self._old.task in (Task.BINARY, Task.MULTICLASS)

    def _table(self, batch: EventBatch, draws: NDArray[np.uint64]) -> pa.Table:
        columns = {c.name: self._values(batch, c) for c in self._columns}
        ids = text(batch.prediction_ids, len(batch)).texts
        columns |= {_DRAW: pa.array(draws, pa.uint64()), _ID: pa.array(ids, pa.string())}
        if self._is_labelled:
            columns[_LABEL] = pa.array(self._classes(batch.ground_truth, len(batch)), pa.string())
        return pa.table(columns)

    def _values(self, batch: EventBatch, column: ReferenceColumn) -> pa.Array:
        rows, raw = len(batch), _raw(batch, column)
        if column.kind is Kind.NUMERIC:
            return pa.array(numeric(raw, rows).values, pa.float64())  # NaN is missing to build
        boolean = column.kind is Kind.BOOLEAN
        return pa.array(text(raw, rows, boolean=boolean).texts, pa.string())

    def _classes(self, raw: RawColumn | None, rows: int) -> list[str | None]:
        prediction = self._old.by_id.get(str(Role.PREDICTION))
        boolean = prediction is not None and prediction.kind is Kind.BOOLEAN
        return text(raw, rows, boolean=boolean).texts

    def _labelled(self, table: pa.Table) -> pa.Table:
        """The labels that came on their own beside those that came with the events."""
        given = table[_LABEL].to_pylist()
        later = [self._labels.get(id_) for id_ in table[_ID].to_pylist()]
        texts = self._classes(later, len(later))
        labels = [
            mine if mine is not None else other for mine, other in zip(given, texts, strict=True)
        ]
        place = table.column_names.index(_LABEL)
        return table.set_column(place, _LABEL, pa.array(labels, pa.string()))

    def _prune(self) -> None:
        """Keep the ``limit`` rows of the smallest hashes, in the order of these."""
        if not self._parts:
            return
        whole = pa.concat_tables(self._parts).combine_chunks()
        draws = whole[_DRAW].to_numpy()
        order = np.argsort(draws, kind="stable")[: self._limit]
        self._parts = [whole.take(pa.array(order))]
        self._held = len(order)
        if self._held == self._limit:
            self._worst = draws[order[-1]]


def options_of(
    old: Reference, sample_size: int = 5000, max_categories: int = 1000
) -> Mapping[str, int]:
    """``sample_size`` and ``max_categories`` as the old reference shows them, else as given.

    A numeric column that holds fewer values than it had rows was sampled to that size; a
    categorical one that has others was cut to that many categories.
    """
    for column in old.columns:
        if isinstance(column, NumericColumn):
            usable = column.rows - round(column.missing * column.rows)
            if column.grid.total < usable:
                sample_size = column.grid.total
            else:
                sample_size = max(sample_size, column.grid.size)
    cut = [len(c.categories) for c in old.columns if isinstance(c, CategoricalColumn) and c.other]
    return {
        "sample_size": sample_size,
        "max_categories": max(cut, default=max_categories),
    }


def _raw(batch: EventBatch, column: ReferenceColumn) -> RawColumn | None:
    if column.role is Role.SCORE:
        return score_column(batch)
    return batch.prediction if column.role is Role.PREDICTION else batch.features.get(column.name)


def _draws(partition: int, offsets: IntArray) -> NDArray[np.uint64]:
    """A hash of each row's place: partition, offset, number within the message; uint64 (n,)."""
    within = np.arange(len(offsets)) - offsets.searchsorted(offsets)
    places = zip(offsets.tolist(), within.tolist(), strict=True)
    return stable_hash64([f"{partition}:{offset}:{row}" for offset, row in places])
