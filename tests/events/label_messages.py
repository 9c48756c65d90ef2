"""Labels for the tests of this folder: messages of all formats, decoded."""

from __future__ import annotations

import json

import pyarrow as pa

from stream_monitor.events.batch import Record, Rejected
from stream_monitor.events.labels import DecodedLabels, LabelDecoder
from stream_monitor.events.limits import Limits
from tests.events.tables import DEFAULT, arrow_record, comparable

SMALL = Limits(max_rows=4, max_name=5, max_values=9)


def labels(*records: Record, limits: Limits = DEFAULT) -> DecodedLabels:
    return LabelDecoder(limits).decode(records)


def rows_in(decoded: DecodedLabels) -> list[tuple[object, ...]]:
    return [
        (batch.model, int(batch.timestamps[i]), batch.prediction_ids[i], comparable(truth))
        for batch in decoded.batches
        for i, truth in enumerate(batch.ground_truth)
    ]


def one(**fields: object) -> bytes:
    label = {"model": "m", "prediction_id": "p", "ground_truth": 1, **fields}
    return json.dumps({k: v for k, v in label.items() if v is not ...}).encode()


def many(**fields: object) -> bytes:
    sent = {"prediction_id": ["p", "q"], "ground_truth": [1, 2], **fields}
    model = sent.pop("model", "m")
    return one(columns={k: v for k, v in sent.items() if v is not ...}, model=model)


def table(metadata_model: str | None = "m", /, **fields: object) -> Record:
    sent = {"prediction_id": ["p", "q"], "ground_truth": [1, 2], **fields}
    made = pa.table({k: v for k, v in sent.items() if v is not ...})
    made = made.replace_schema_metadata({"model": metadata_model} if metadata_model else None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made)
    return arrow_record(sink.getvalue().to_pybytes())


def only_rejection(message: Record, limits: Limits = DEFAULT) -> Rejected:
    decoded = labels(message, limits=limits)
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert rejected.record is message
    assert "\n" not in rejected.sentence
    assert len(rejected.sentence) < 400
    return rejected
