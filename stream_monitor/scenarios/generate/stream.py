"""A stream as whole columns, and what is sent of it: events and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.batch import EventBatch, IntArray, RawColumn
from stream_monitor.events.labels import LabelBatch

#: float64, int64, bool, or objects, where ``None`` is a value that is missing.
Column = NDArray[Any]
#: The ``label_at`` of an event whose label never comes.
NEVER = -1


@dataclass(frozen=True, slots=True)
class Stream:
    """Events as columns of one length, their times ascending; row i is one event.

    ``label_at`` is when each label comes, in ms, or ``None`` where labels come with their events.
    """

    times: IntArray
    ids: Column
    features: Mapping[str, Column]
    prediction: Column | None = None
    score: Column | None = None
    truth: Column | None = None
    latency_ms: Column | None = None
    version: Column | None = None
    label_at: IntArray | None = None
    segments: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    def take(self, rows: IntArray) -> Stream:
        """The given rows, in their order."""

        def of(column: Column | None) -> Column | None:
            return None if column is None else column[rows]

        return Stream(
            self.times[rows],
            self.ids[rows],
            {name: column[rows] for name, column in self.features.items()},
            of(self.prediction),
            of(self.score),
            of(self.truth),
            of(self.latency_ms),
            of(self.version),
            of(self.label_at),
            {name: column[rows] for name, column in self.segments.items()},
        )

    def with_feature(self, name: str, column: Column) -> Stream:
        """The same with another column in the place of a feature."""
        return replace(self, features={**self.features, name: column})

    def batches(self, model: str, chunk: int = 2_000) -> Iterator[EventBatch]:
        """The events of a model, ``chunk`` rows a batch; a row's offset is its number.

        Labels are in them only where they do not come on their own.
        """
        truth = self.truth if self.label_at is None else None
        for first in range(0, len(self), chunk):
            part = slice(first, first + chunk)
            yield EventBatch(
                model,
                np.arange(first, first + len(self.times[part]), dtype=np.int64),
                self.times[part],
                _there(self.features, part),
                prediction=_part(self.prediction, part),
                score=_part(self.score, part),
                latency_ms=_part(self.latency_ms, part),
                ground_truth=_part(truth, part),
                prediction_ids=_part(self.ids, part),
                model_versions=_part(self.version, part),
                segments=_there(self.segments, part),
            )

    def labels(self, model: str) -> LabelBatch | None:
        """The labels that come on their own, in the order of their times; one an id."""
        if self.label_at is None or self.truth is None:
            return None
        _, firsts = np.unique(self.ids.astype(str), return_index=True)
        known = np.array([value is not None for value in self.truth.tolist()], dtype=np.bool_)
        comes = firsts[(self.label_at[firsts] != NEVER) & known[firsts]]
        order = comes[np.lexsort((comes, self.label_at[comes]))]
        return LabelBatch(
            model,
            np.arange(len(order), dtype=np.int64),
            self.label_at[order],
            [str(id_) for id_ in self.ids[order].tolist()],
            self.truth[order].tolist(),
        )


def _there(columns: Mapping[str, Column], part: slice) -> dict[str, RawColumn]:
    found = {name: _raw(column[part]) for name, column in columns.items()}
    return {name: raw for name, raw in found.items() if raw is not None}


def _part(column: Column | None, part: slice) -> RawColumn | None:
    return None if column is None else _raw(column[part])


def _raw(column: Column) -> RawColumn | None:
    """A column as an event batch has it; ``None`` where no row has a value."""
    if column.dtype != np.object_ and column.dtype.kind in "fib":
        return column
    values: list[object] = column.tolist()
    return None if all(value is None for value in values) else values
