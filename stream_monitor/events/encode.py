"""Events and labels to messages: the inverse of decoding, for producers of our own.

What ``Decoder`` and ``LabelDecoder`` read from these bytes is what was given here, for values
of the types that the format has; ``None`` stands for no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict, Unpack

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from stream_monitor.events.batch import RawColumn
from stream_monitor.events.json_text import dump


def encode_event(
    *,
    model: str,
    features: Mapping[str, object],
    timestamp: int | float | str | None = None,
    prediction: object = None,
    prediction_id: str | int | None = None,
    model_version: str | int | float | None = None,
    score: object = None,
    scores: Mapping[str, object] | None = None,
    latency_ms: object = None,
    ground_truth: object = None,
    segments: Mapping[str, object] | None = None,
) -> bytes:
    """One event as a JSON object; NaN and ±inf are written as Python writes them."""
    envelope = {
        "model": model,
        "model_version": model_version,
        "prediction_id": prediction_id,
        "timestamp": timestamp,
        "features": features,
        "prediction": prediction,
        "score": score,
        "scores": scores,
        "latency_ms": latency_ms,
        "ground_truth": ground_truth,
        "segments": segments,
    }
    return dump({name: value for name, value in envelope.items() if value is not None})


class MessageColumns(TypedDict, total=False):
    """The columns of a columnar message, all of one length; ``None`` in one is no value."""

    features: Required[Mapping[str, RawColumn]]
    timestamp: RawColumn
    prediction: RawColumn
    prediction_id: RawColumn
    model_version: RawColumn
    score: RawColumn
    scores: Mapping[str, RawColumn]
    latency_ms: RawColumn
    ground_truth: RawColumn
    segments: Mapping[str, RawColumn]


def encode_columns(*, model: str, **columns: Unpack[MessageColumns]) -> bytes:
    """Many events as one columnar JSON message."""
    message: dict[str, object] = {}
    for name, column in columns.items():
        if isinstance(column, Mapping):
            message[name] = {member: _listed(values) for member, values in column.items()}
        else:
            message[name] = _listed(column)
    return dump({"model": model, "columns": message})


def encode_arrow(*, model: str, **columns: Unpack[MessageColumns]) -> bytes:
    """Many events as one Arrow IPC stream; send it with the content type ``message.ARROW``.

    Each column is of one type (``pyarrow.ArrowInvalid`` else); the model is in the schema's
    metadata.
    """
    arrays: dict[str, pa.Array] = {}
    for name, column in columns.items():
        if isinstance(column, Mapping):
            arrays |= {f"{name}.{member}": pa.array(values) for member, values in column.items()}
        else:
            arrays[name] = pa.array(_listed(column))
    return _stream(model, arrays)


def encode_label(
    *,
    model: str,
    prediction_id: str | int,
    ground_truth: object,
    timestamp: int | float | str | None = None,
) -> bytes:
    """The truth about one prediction, anything but None, as a JSON object."""
    label = {"model": model, "prediction_id": prediction_id, "ground_truth": ground_truth}
    return dump(label if timestamp is None else {**label, "timestamp": timestamp})


def encode_label_columns(
    *,
    model: str,
    prediction_id: RawColumn,
    ground_truth: RawColumn,
    timestamp: RawColumn | int | None = None,
) -> bytes:
    """Many labels as one columnar JSON message; ``timestamp`` may be one for all."""
    columns = {"prediction_id": _listed(prediction_id), "ground_truth": _listed(ground_truth)}
    if timestamp is not None:
        columns["timestamp"] = _listed(timestamp)
    return dump({"model": model, "columns": columns})


def encode_label_arrow(
    *,
    model: str,
    prediction_id: RawColumn,
    ground_truth: RawColumn,
    timestamp: RawColumn | int | None = None,
) -> bytes:
    """Many labels as one Arrow IPC stream, as ``encode_arrow`` makes one of events."""
    columns = {"prediction_id": prediction_id, "ground_truth": ground_truth}
    if isinstance(timestamp, int):
        columns["timestamp"] = [timestamp] * len(prediction_id)
    elif timestamp is not None:
        columns["timestamp"] = timestamp
    return _stream(model, {name: pa.array(_listed(column)) for name, column in columns.items()})


def _stream(model: str, arrays: Mapping[str, pa.Array]) -> bytes:
    table = pa.table(arrays).replace_schema_metadata({"model": model})
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _listed(column: object) -> Any:
    return column.tolist() if isinstance(column, np.ndarray) else column
