"""Events as the messages a model server would send, in any of the formats that workers read.

And labels as whoever finds out the truth would send them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa

from stream_monitor.errors import DataError
from stream_monitor.events.batch import EventBatch, RawColumn
from stream_monitor.events.encode import encode_arrow, encode_columns, encode_event, encode_label
from stream_monitor.events.labels import LabelBatch
from stream_monitor.events.message import ARROW

#: Rows of a columnar message at most.
ROWS = 500


class Format(StrEnum):
    """How events are written."""

    JSON = "json"  # one event a message
    COLUMNS = "columns"  # many events a message, in columns
    ARROW = "arrow"  # the same as an Arrow IPC stream


@dataclass(frozen=True, slots=True)
class Message:
    """One Kafka message: ``rows`` events or labels, the last at ``at_ms`` of event time."""

    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    rows: int
    at_ms: int


def messages(
    batches: Iterable[EventBatch],
    format: Format,
    *,
    max_bytes: int,
    span_ms: float = float("inf"),
) -> Iterator[Message]:
    """The events of the batches in their order; decoding the messages gives the same events.

    A message's key is its prediction id, of a columnar message its first row's. A columnar
    message holds at most 500 rows, less than ``span_ms`` of event time after its first row,
    and ``max_bytes``. Raises :class:`DataError` for a row that does not fit into ``max_bytes``
    alone and for a column that Arrow cannot hold.
    """
    for batch in batches:
        if format is Format.JSON:
            yield from _events(batch, max_bytes)
        else:
            for first, last in _cuts(batch, span_ms):
                yield from _columnar(batch, first, last, format, max_bytes)


def label_messages(
    batches: Iterable[LabelBatch], *, max_bytes: int, dated: bool = True
) -> Iterator[Message]:
    """Labels in their order, one JSON object a message, whose key is the prediction id.

    Without ``dated`` they bring no time, and readers take that of the Kafka record. Raises
    :class:`DataError` for a label that does not fit into ``max_bytes``.
    """
    for batch in batches:
        times = batch.timestamps.tolist()
        named = zip(batch.prediction_ids, _listed(batch.ground_truth), times, strict=True)
        for i, (id_, truth, at) in enumerate(named):
            value = encode_label(
                model=batch.model,
                prediction_id=id_,
                ground_truth=truth,
                timestamp=at if dated else None,
            )
            if len(value) > max_bytes:
                raise _too_large(batch, i, len(value), max_bytes)
            yield Message(id_.encode(), value, (), 1, at)


def _events(batch: EventBatch, max_bytes: int) -> Iterator[Message]:
    rows = len(batch)
    names = list(batch.features)
    features = _rows([_listed(column) for column in batch.features.values()], rows)
    segments = _rows([_listed(column) for column in batch.segments.values()], rows)
    envelope = _envelope(batch)
    fields = list(envelope)
    rest = _rows([_listed(column) for column in envelope.values()], rows)
    scores = None if batch.scores is None else _listed(batch.scores)
    times = batch.timestamps.tolist()
    for i in range(rows):
        values: dict[str, Any] = dict(zip(fields, rest[i], strict=True))
        if scores is not None:
            values["scores"] = scores[i]
        if segments[i]:
            values["segments"] = _present(batch.segments, segments[i])
        value = encode_event(
            model=batch.model,
            features=_present(names, features[i]),
            timestamp=times[i],
            **values,
        )
        key = _key(values.get("prediction_id"))
        if len(value) > max_bytes:
            raise _too_large(batch, i, len(value), max_bytes)
        yield Message(key, value, (), 1, times[i])


def _columnar(
    batch: EventBatch, first: int, last: int, format: Format, max_bytes: int
) -> Iterator[Message]:
    """The rows from ``first`` up to ``last``, in halves where one message would be too large."""
    part = batch.take(np.arange(first, last, dtype=np.int64))
    columns: dict[str, Any] = {"timestamp": part.timestamps, "features": part.features}
    columns |= _envelope(part)
    if part.scores is not None:
        columns["scores"] = _by_class(part.scores)
    if part.segments:
        columns["segments"] = part.segments
    value = _encoded(part.model, columns, format)
    if len(value) > max_bytes:
        if last - first == 1:
            raise _too_large(batch, first, len(value), max_bytes)
        middle = (first + last) // 2
        yield from _columnar(batch, first, middle, format, max_bytes)
        yield from _columnar(batch, middle, last, format, max_bytes)
        return
    ids = part.prediction_ids
    key = None if ids is None else _key(_listed(ids)[0])
    headers = (("content-type", ARROW.encode()),) if format is Format.ARROW else ()
    yield Message(key, value, headers, last - first, int(part.timestamps.max()))


def _encoded(model: str, columns: Mapping[str, Any], format: Format) -> bytes:
    if format is Format.COLUMNS:
        return encode_columns(model=model, **columns)
    try:
        return encode_arrow(model=model, **columns)
    except (pa.ArrowException, OverflowError) as error:
        raise DataError(
            "A column holds values of more than one type, which Arrow cannot hold "
            f"({str(error).splitlines()[0]}); send the rows as json or columns."
        ) from error


def _cuts(batch: EventBatch, span_ms: float) -> Iterator[tuple[int, int]]:
    times, first = batch.timestamps, 0
    while first < len(times):
        later = times[first : first + ROWS] - times[first] >= span_ms
        last = first + (max(int(later.argmax()), 1) if later.any() else len(later))
        yield first, last
        first = last


def _envelope(batch: EventBatch) -> dict[str, RawColumn]:
    """The columns that a message names as :func:`encode_event` does, where there are any."""
    columns = {
        "prediction": batch.prediction,
        "prediction_id": batch.prediction_ids,
        "model_version": batch.model_versions,
        "score": batch.score,
        "latency_ms": batch.latency_ms,
        "ground_truth": batch.ground_truth,
    }
    return {name: column for name, column in columns.items() if column is not None}


def _by_class(scores: RawColumn) -> dict[str, list[object]]:
    rows = [row if isinstance(row, Mapping) else {} for row in _listed(scores)]
    classes = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in classes}


def _rows(columns: list[list[Any]], rows: int) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * rows


def _present(names: Iterable[str], values: tuple[object, ...]) -> dict[str, object]:
    """The values that there are; one that is missing is left out, which means the same."""
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _listed(column: RawColumn) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _key(id_: object) -> bytes | None:
    return None if id_ is None else str(id_).encode()


def _too_large(batch: EventBatch | LabelBatch, row: int, size: int, limit: int) -> DataError:
    return DataError(
        f"Row {int(batch.offsets[row]) + 1:,} is a message of {size:,} bytes, and Kafka takes "
        f"{limit:,} here; raise kafka.max_message_bytes."
    )
