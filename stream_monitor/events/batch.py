"""What the pipeline reads: records of a topic in, column batches of events out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import Reason

IntArray = NDArray[np.int64]
#: A column as it came: one object a row (``None`` where the row has none), or a numpy
#: array of float64, int64 or bool straight from Arrow.
RawColumn = Sequence[object] | NDArray[np.generic]


class RecordLike(Protocol):
    """One message of a partition, as aiokafka's parser and its ``ConsumerRecord`` have it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...  # ms, set by the producer or the broker
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Record(NamedTuple):
    """A :class:`RecordLike` of our own, for files and tests."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read, with the reason code and one sentence for its producer."""

    record: RecordLike
    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events of one model and one source partition as columns; row i is one event.

    ``offsets`` (int64, source offset of each row, ascending, repeated for the rows of a
    columnar message) and ``timestamps`` (int64, event time in ms) are complete. Every other
    column is ``None`` where no row has it.
    """

    model: str
    offsets: IntArray
    timestamps: IntArray
    features: Mapping[str, RawColumn]
    prediction: RawColumn | None = None
    score: RawColumn | None = None
    scores: RawColumn | None = None  # a mapping of class to score each row
    latency_ms: RawColumn | None = None
    ground_truth: RawColumn | None = None
    prediction_ids: RawColumn | None = None
    model_versions: RawColumn | None = None
    segments: Mapping[str, RawColumn] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, rows: IntArray) -> EventBatch:
        """The batch of the given row numbers, in their order."""
        pick = rows.tolist()

        def column(raw: RawColumn | None) -> RawColumn | None:
            return None if raw is None else take(raw, rows, pick)

        return EventBatch(
            model=self.model,
            offsets=self.offsets[rows],
            timestamps=self.timestamps[rows],
            features={name: take(raw, rows, pick) for name, raw in self.features.items()},
            prediction=column(self.prediction),
            score=column(self.score),
            scores=column(self.scores),
            latency_ms=column(self.latency_ms),
            ground_truth=column(self.ground_truth),
            prediction_ids=column(self.prediction_ids),
            model_versions=column(self.model_versions),
            segments={name: take(raw, rows, pick) for name, raw in self.segments.items()},
        )

    def split(self, keys: IntArray) -> Iterator[tuple[int, EventBatch]]:
        """The batch cut by a key for each row: (key, its rows in their order), keys ascending."""
        first = int(keys[0])
        if (keys == first).all():
            yield first, self
            return
        order = np.argsort(keys, kind="stable")
        values, starts = np.unique(keys[order], return_index=True)
        for value, rows in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
            yield value, self.take(rows)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a run of records holds: batches in order of first offset, and what was not readable."""

    batches: tuple[EventBatch, ...]
    rejected: tuple[Rejected, ...]


def take(raw: RawColumn, rows: IntArray, pick: list[int]) -> RawColumn:
    """A column of the given row numbers, in their order; ``pick`` is ``rows`` as a list."""
    if isinstance(raw, np.ndarray):
        return raw[rows]
    return [raw[i] for i in pick]
