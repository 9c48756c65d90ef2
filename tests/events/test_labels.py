from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import Reason
from stream_monitor.events.columns import text
from stream_monitor.events.encode import (
    encode_arrow,
    encode_event,
    encode_label,
    encode_label_arrow,
    encode_label_columns,
)
from stream_monitor.events.labels import DecodedLabels
from tests.events.label_messages import (
    SMALL,
    labels,
    many,
    one,
    only_rejection,
    rows_in,
    table,
)
from tests.events.tables import (
    COLUMN_VALUES,
    NOW,
    arrow_record,
    columns,
    comparable,
    decode,
    integers,
    record,
    texts,
)

ids = st.sampled_from([texts.filter(bool), integers])
json_values = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | texts | st.just(10**30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["model", "prediction_id", "ground_truth", "timestamp", "columns"]),
            inner,
        )
    ),
    max_leaves=8,
)


# laws


@st.composite
def label_tables(draw: st.DrawFn) -> dict[str, Any]:
    n = draw(st.integers(1, 5))
    values = draw(st.sampled_from(COLUMN_VALUES))
    return {
        "prediction_id": draw(st.lists(draw(ids), min_size=n, max_size=n)),
        "ground_truth": draw(st.lists(values, min_size=n, max_size=n)),
        "timestamp": draw(st.lists(st.integers(NOW - 10**9, NOW), min_size=n, max_size=n)),
    }


@settings(deadline=None)
@given(label_tables())
def test_single_labels_columns_and_arrow_give_the_labels_that_were_written(
    written: dict[str, list[Any]],
) -> None:
    rows = [dict(zip(written, row, strict=True)) for row in zip(*written.values(), strict=True)]
    singles = [record(encode_label(model="m", **row), offset=i) for i, row in enumerate(rows)]
    expected = [
        ("m", row["timestamp"], str(row["prediction_id"]), comparable(row["ground_truth"]))
        for row in rows
    ]
    columnar: dict[str, Any] = {"model": "m", **written}
    assert rows_in(labels(*singles)) == expected
    assert rows_in(labels(record(encode_label_columns(**columnar)))) == expected
    assert rows_in(labels(arrow_record(encode_label_arrow(**columnar)))) == expected


@settings(deadline=None)
@given(st.data())
def test_a_label_has_the_id_text_that_its_event_has(data: st.DataObject) -> None:
    wanted = data.draw(columns(3, data.draw(ids)).filter(all))
    event = arrow_record(encode_arrow(model="m", features={"a": [1] * 3}, prediction_id=wanted))
    label = arrow_record(
        encode_label_arrow(model="m", prediction_id=wanted, ground_truth=[1, 2, 3])
    )
    (events,) = decode(event).batches
    assert labels(label).batches[0].prediction_ids == text(events.prediction_ids, 3).texts


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40) | st.none()), st.booleans())
def test_no_bytes_raise_and_each_record_is_rejected(values: list[Any], arrow: bool) -> None:
    records = [
        arrow_record(v, offset=i) if arrow and v is not None else record(v, offset=i)
        for i, v in enumerate(values)
    ]
    assert [each.record for each in labels(*records).rejected] == records


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        json_values
        | st.fixed_dictionaries(
            {"model": st.sampled_from(["m", "n", "too long", "", 1])},
            optional={
                "prediction_id": json_values,
                "ground_truth": json_values,
                "timestamp": json_values | st.just(NOW),
                "columns": json_values,
            },
        )
    )
)
def test_no_json_raises_and_each_record_is_taken_or_rejected(messages: list[Any]) -> None:
    records = [record(json.dumps(each).encode(), offset=i) for i, each in enumerate(messages)]
    decoded = labels(*records, limits=SMALL)
    rejected = [each.record.offset for each in decoded.rejected]
    taken = {offset for batch in decoded.batches for offset in batch.offsets.tolist()}
    assert taken.isdisjoint(rejected)
    assert rejected == sorted(set(rejected))
    with_rows = {i for i, each in enumerate(messages) if not empty_columns(each)}
    assert with_rows <= taken | set(rejected)
    alone = [each for r in records for each in labels(r, limits=SMALL).rejected]
    assert alone == list(decoded.rejected)  # the company of a record changes nothing


def empty_columns(message: object) -> bool:
    return isinstance(message, Mapping) and isinstance(message.get("columns"), Mapping)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_damaged_arrow_stream_never_raises(data: st.DataObject) -> None:
    value = bytearray(
        encode_label_arrow(model="m", prediction_id=["a", "b"], ground_truth=[1, None])
    )
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    decoded = labels(arrow_record(bytes(value)))
    assert len(decoded.rejected) + len(decoded.batches) <= 1


# what is taken


def test_a_batch_a_model_by_first_offset_with_the_rows_in_offset_order() -> None:
    decoded = labels(
        record(one(prediction_id=1), offset=3),
        record(many(model="n"), offset=4),
        record(many(timestamp=NOW - 5), offset=5),
        record(one(model="n", prediction_id="x", ground_truth=[0]), offset=6),
        record(one(timestamp="2026-09-21T12:00:00Z", unknown={}), offset=7),
    )
    assert decoded.rejected == ()
    first, second = decoded.batches
    assert (first.model, second.model) == ("m", "n")
    assert first.offsets.tolist() == [3, 5, 5, 7]
    assert first.timestamps.tolist() == [NOW, NOW - 5, NOW - 5, 1_789_992_000_000]
    assert first.prediction_ids == ["1", "p", "q", "p"]
    assert first.ground_truth == [1, 1, 2, 1]
    assert second.offsets.tolist() == [4, 4, 6]
    assert second.ground_truth == [1, 2, [0]]
    assert len(second) == 3


def test_numbers_of_arrow_messages_stay_arrays_when_they_are_put_together() -> None:
    parts = [table(ground_truth=np.array([0.5, i])) for i in range(3)]
    (batch,) = labels(*[part._replace(offset=i) for i, part in enumerate(parts)]).batches
    assert isinstance(batch.ground_truth, np.ndarray)
    assert batch.ground_truth.tolist() == [0.5, 0.0, 0.5, 1.0, 0.5, 2.0]


def test_the_model_of_an_arrow_message_is_a_column_the_metadata_or_a_header() -> None:
    by_column = labels(table("other", model=["b", "a"]))
    assert [(b.model, b.prediction_ids) for b in by_column.batches] == [("b", ["p"]), ("a", ["q"])]
    assert [b.model for b in labels(table("other")).batches] == ["other"]
    bare = table(None)
    named = bare._replace(headers=[*bare.headers, ("model", b"h")])
    assert [b.model for b in labels(named).batches] == ["h"]
    assert only_rejection(bare).reason is Reason.MISSING_FIELD


def test_a_truth_that_is_not_a_number_is_handed_on() -> None:
    for message in (
        record(one(ground_truth=math.nan)),
        record(encode_label(model="m", prediction_id="p", ground_truth=math.nan)),
        record(many(ground_truth=[math.nan, 1.0])),
        table(ground_truth=[math.nan, 1.0]),
    ):
        (batch,) = labels(message).batches
        first = batch.ground_truth[0]
        assert isinstance(first, float)
        assert math.isnan(first)


def test_an_event_with_an_id_and_its_truth_can_be_read_as_a_label() -> None:
    value = encode_event(model="m", features={"a": 1}, prediction_id="p", ground_truth="yes")
    assert rows_in(labels(record(value))) == [("m", NOW, "p", "yes")]


def test_columns_of_events_are_of_no_matter_in_a_label() -> None:
    for message in (
        record(many(features=[1], scores=3, latency_ms="x")),
        record(one(model_version=[], features=[], scores=1)),
        table(features=[1, 2], scores=["x", "y"]),
    ):
        assert labels(message).rejected == ()


def test_a_columnar_message_without_rows_is_taken() -> None:
    empty: dict[str, list[object]] = {"prediction_id": [], "ground_truth": []}
    assert labels(record(many(**empty)), table(**empty)) == DecodedLabels((), ())
