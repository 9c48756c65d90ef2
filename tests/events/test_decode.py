from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.batch import Record
from stream_monitor.events.encode import encode_arrow, encode_columns, encode_event
from stream_monitor.events.message import ARROW
from tests.events.tables import (
    NOW,
    SMALL,
    arrow_record,
    decode,
    flat,
    record,
    rows_in,
    texts,
)

ENVELOPE = (
    "model",
    "model_version",
    "prediction_id",
    "timestamp",
    "features",
    "prediction",
    "score",
    "scores",
    "latency_ms",
    "ground_truth",
    "segments",
    "columns",
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(NOW - 10, NOW + 10)
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["m", "2026-11-01T00:00:00Z"])
)
envelopes = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(ENVELOPE) | texts, inner, max_size=5)
    ),
    max_leaves=12,
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "CONTENT-TYPE", "model", "trace"]),
        st.sampled_from([b"application/json", ARROW.encode(), b"text/plain", b"", b"\xff"])
        | st.binary(max_size=4),
    ),
    max_size=2,
)


# laws


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.binary(max_size=40), headers), max_size=4))
def test_no_bytes_raise_and_each_record_is_taken_or_rejected(
    values: list[tuple[bytes | None, list[tuple[str, bytes]]]],
) -> None:
    records = [record(v, offset=i, headers=h) for i, (v, h) in enumerate(values)]
    decoded = decode(*records)
    assert [one.record for one in decoded.rejected] == records  # no random bytes are an event


@settings(deadline=None, max_examples=300)
@given(st.lists(envelopes | st.fixed_dictionaries({"model": st.just("m"), "columns": envelopes})))
def test_no_json_raises_and_each_record_is_taken_or_rejected(messages: list[Any]) -> None:
    records = [record(json.dumps(one).encode(), offset=i) for i, one in enumerate(messages)]
    decoded = decode(*records, limits=SMALL)
    rejected = [one.record.offset for one in decoded.rejected]
    taken = {offset for batch in decoded.batches for offset in batch.offsets.tolist()}
    assert taken.isdisjoint(rejected)
    assert rejected == sorted(set(rejected))
    columnar = {i for i, one in enumerate(messages) if isinstance(one, dict) and "columns" in one}
    assert set(range(len(messages))) - taken - set(rejected) <= columnar  # without a row


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_arrow_stream_never_raises(data: st.DataObject) -> None:
    value = bytearray(
        encode_arrow(
            model="m", features={"a": [1, None, 3], "b": ["x", "yy", ""]}, timestamp=[NOW] * 3
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(value[: data.draw(st.integers(0, len(value)))])
    decoded = decode(arrow_record(damaged))
    assert len(decoded.rejected) + len(decoded.batches) <= 1
    for batch in decoded.batches:
        assert {len(column) for column in flat(batch).values()} == {len(batch)}


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["single", "columns", "arrow", "broken"]) | st.none(),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.sampled_from(["m", "n"]), min_size=6, max_size=6),
)
def test_rows_in_are_rows_out_and_rejected_a_batch_a_model_in_offset_order(
    forms: list[str | None], models: list[str]
) -> None:
    records: list[Record] = []
    expected: dict[str, list[tuple[int, float]]] = {}
    for i, (form, model) in enumerate(zip(forms, models, strict=False)):
        features = {"a": [i + 0.25, i + 0.5], f"only {form}": [1.0, 2.0]}
        one: Any = {"model": model, "timestamp": [NOW, NOW], "features": features}
        if form == "single":
            records.append(record(encode_event(model=model, features={"a": i + 0.0}), offset=i))
            expected.setdefault(model, []).append((i, i + 0.0))
        elif form in ("columns", "arrow"):
            made = encode_columns(**one) if form == "columns" else encode_arrow(**one)
            records.append(
                record(made, offset=i) if form == "columns" else arrow_record(made, offset=i)
            )
            expected.setdefault(model, []).extend([(i, i + 0.25), (i, i + 0.5)])
        else:
            records.append(record(b"{" if form else None, offset=i))
    decoded = decode(*records)
    assert len(decoded.rejected) == sum(form in ("broken", None) for form in forms)
    found = {
        batch.model: list(zip(batch.offsets.tolist(), batch.features["a"], strict=True))
        for batch in decoded.batches
    }
    assert found == expected
    assert [batch.model for batch in decoded.batches] == list(expected)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-type", b""),),
        (("CONTENT-TYPE", b"Application/JSON; charset=utf-8"),),
        (("traceparent", b"00-1"),),
    ],
)
def test_json_is_read_with_and_without_a_content_type(
    headers: tuple[tuple[str, bytes], ...],
) -> None:
    decoded = decode(record(encode_event(model="m", features={"a": 1}), headers=headers))
    assert decoded.batches[0].features == {"a": [1]}


def test_events_within_the_limits_are_taken_though_together_they_have_more_names() -> None:
    values = [encode_event(model="m", features=dict.fromkeys(names, 1)) for names in ("abc", "def")]
    good = [record(value, offset=i) for i, value in enumerate(values)]
    bad = record(encode_event(model="m", features=dict.fromkeys("abcd", 1)), offset=2)
    decoded = decode(*good, bad, limits=SMALL)
    assert decoded.batches[0].features == {
        **{name: [1, None] for name in "abc"},
        **{name: [None, 1] for name in "def"},
    }
    assert [one.record for one in decoded.rejected] == [bad]


# what is read


def test_an_envelope_is_read_whole_and_unknown_keys_are_ignored() -> None:
    value = b"""{"model": "m", "model_version": 2, "prediction_id": "p", "timestamp": 1790000000000,
      "features": {"a": 1, "b": [1], "c": null}, "prediction": true, "score": "high",
      "scores": {"yes": 0.9, "no": null}, "latency_ms": 1.5, "ground_truth": "x",
      "segments": {"country": "NO"}, "unknown": {"deep": [1, 2]}, "columns": null}"""
    (batch,) = decode(record(value, offset=7)).batches
    assert (batch.model, batch.offsets.tolist(), batch.timestamps.tolist()) == ("m", [7], [NOW])
    assert batch.features == {"a": [1], "b": [[1]]}
    assert (batch.model_versions, batch.prediction_ids) == ([2], ["p"])
    assert (batch.prediction, batch.score, batch.scores) == ([True], ["high"], [{"yes": 0.9}])
    assert (batch.latency_ms, batch.ground_truth) == ([1.5], ["x"])
    assert batch.segments == {"country": ["NO"]}


def test_what_no_row_has_is_none() -> None:
    (batch,) = decode(record(b'{"model": "m", "features": null}')).batches
    assert (batch.features, batch.segments) == ({}, {})
    assert {
        batch.prediction,
        batch.score,
        batch.scores,
        batch.latency_ms,
        batch.ground_truth,
        batch.prediction_ids,
        batch.model_versions,
    } == {None}


def test_the_float_literals_of_python_are_read() -> None:
    value = b'{"model":"m","features":{"a":NaN,"b":Infinity,"c":-Infinity,"d":1e999},"score":NaN}'
    (batch,) = decode(record(value)).batches
    a, b, c, d = (column[0] for column in batch.features.values())
    assert (b, c, d) == (math.inf, -math.inf, math.inf)
    assert math.isnan(float(str(a)))


def test_the_last_of_equal_keys_wins() -> None:
    for nan in (b"1", b"NaN"):
        value = b'{"model":"a","model":"b","features":{"x":1,"x":2},"score":' + nan + b"}"
        (batch,) = decode(record(value)).batches
        assert (batch.model, batch.features) == ("b", {"x": [2]})


def test_a_name_that_only_some_rows_have_is_none_in_the_others() -> None:
    values = [{"a": 1}, {"b": 2}, {}, {"b": 3, "a": 4}]
    records = [record(encode_event(model="m", features=f), offset=i) for i, f in enumerate(values)]
    (batch,) = decode(*records).batches
    assert batch.features == {"a": [1, None, None, 4], "b": [None, 2, None, 3]}


def test_one_bad_record_does_not_touch_its_neighbours() -> None:
    good = [record(encode_event(model="m", features={"a": i}), offset=i) for i in (0, 2)]
    decoded = decode(good[0], record(b"nonsense", offset=1), good[1])
    assert decoded.batches[0].features == {"a": [0, 2]}
    assert [one.record.offset for one in decoded.rejected] == [1]


def test_no_records_give_nothing() -> None:
    assert rows_in(decode()) == []
