from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import Reason
from stream_monitor.events.batch import Record, Rejected
from stream_monitor.events.encode import encode_arrow, encode_columns, encode_event
from stream_monitor.events.limits import Limits
from stream_monitor.events.message import ARROW
from tests.events.tables import NOW, arrow_record, decode, flat, record, rows_in, texts

SMALL = Limits(max_features=3, max_rows=4, max_name=5, max_values=12)

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


def only_rejection(
    value: bytes | None, *more: tuple[str, bytes], limits: Limits = SMALL
) -> Rejected:
    decoded = decode(record(value, headers=more), limits=limits)
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert "\n" not in rejected.sentence
    assert len(rejected.sentence) < 400
    return rejected


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


# reasons


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_value_is_empty(value: bytes | None) -> None:
    rejected = only_rejection(value)
    assert rejected.reason is Reason.EMPTY
    assert rejected.sentence == "The record has no value; send one event or a batch of events."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"{", "not JSON: Expecting property name"),
        (b'{"model":"m"} x', "Extra data at line 1, column 15"),
        (b'{"model":"\xff"}', "not valid UTF-8 at byte 10"),
        (b"\xff\xfe{\x00}\x00", "not valid UTF-8 at byte 0"),
        (b'{"model":"\\ud800 x"}', "half of a surrogate pair"),
        (b'{"model":"m","features":{"a":' + b"1" * 5000 + b"}}", "thousands of digits"),
        (b"\x00", "not JSON"),
    ],
)
def test_what_is_no_json_says_where(value: bytes, words: str) -> None:
    rejected = only_rejection(value)
    assert rejected.reason is Reason.NOT_JSON
    assert words in rejected.sentence


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("before", [b"", b'{"model":"m","features":{"a":', b"[NaN,"])
def test_deep_nesting_is_too_large_and_no_crash(opening: bytes, before: bytes) -> None:
    rejected = only_rejection(before + opening * 100_000)
    assert rejected.reason is Reason.TOO_LARGE
    assert "nested too deeply" in rejected.sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [(b"[]", "an array"), (b"3", "an integer"), (b'"m"', "a string"), (b"null", "null")],
)
def test_json_that_is_no_object_says_what_it_is(value: bytes, words: str) -> None:
    rejected = only_rejection(value)
    assert rejected.reason is Reason.NOT_AN_OBJECT
    assert rejected.sentence.startswith(f"The JSON is {words}; send one object a message")


@pytest.mark.parametrize("content_type", [b"text/plain", b"application/avro", b"\xff"])
def test_an_unknown_content_type_says_which_are_known(content_type: bytes) -> None:
    rejected = only_rejection(b"{}", ("Content-Type", content_type))
    assert rejected.reason is Reason.UNKNOWN_CONTENT_TYPE
    assert "send application/json or application/vnd.apache.arrow.stream" in rejected.sentence


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


@pytest.mark.parametrize("value", [b"{}", b'{"model":null}', b'{"model":""}', b'{"columns":{}}'])
def test_an_event_without_model_is_told_to_name_it(value: bytes) -> None:
    rejected = only_rejection(value)
    assert rejected.reason is Reason.MISSING_FIELD
    assert "send the name of the model" in rejected.sentence


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"model": 7}, "`model` is an integer; send the model's name as a string"),
        ({"features": []}, "`features` is an array; send an object of names and values"),
        ({"segments": "x"}, "`segments` is a string; send an object"),
        ({"scores": 0.5}, "`scores` is a number; send an object of classes"),
        ({"prediction_id": 1.5}, "`prediction_id` is a number; send a string or an integer"),
        ({"prediction_id": True}, "`prediction_id` is a boolean"),
        ({"model_version": {}}, "`model_version` is an object; send a string or a number"),
        ({"columns": []}, "`columns` is an array; send an object of columns"),
        ({"columns": {"score": 1}}, "`columns.score` is an integer; send an array"),
        ({"columns": {"features": []}}, "`columns.features` is an array; send an object"),
        ({"columns": {"features": {"a": 1}}}, "`columns.features.a` is an integer; send an array"),
        ({"columns": {"segments": {"a": {}}}}, "`columns.segments.a` is an object; send an array"),
        ({"columns": {"prediction_id": [1, 2.5]}}, "`columns.prediction_id[1]` is a number"),
        ({"columns": {"model_version": [[]]}}, "`columns.model_version[0]` is an array"),
        ({"columns": {}, "model_version": []}, "`model_version` is an array"),
    ],
)
def test_a_wrong_type_of_the_envelope_says_its_path(message: dict[str, object], words: str) -> None:
    rejected = only_rejection(json.dumps({"model": "m", **message}).encode())
    assert rejected.reason is Reason.WRONG_TYPE
    assert words in rejected.sentence


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"timestamp": 1_790_000_000}, "`timestamp` 1790000000 looks like seconds"),
        ({"timestamp": True}, "`timestamp` is a boolean"),
        ({"timestamp": "soon"}, "`timestamp` 'soon' is not an RFC 3339 time"),
        ({"columns": {"timestamp": [NOW, -5]}}, "`columns.timestamp[1]` -5 is negative"),
        ({"columns": {"timestamp": 5, "score": [1]}}, "`columns.timestamp[0]` 5 looks like sec"),
    ],
)
def test_a_bad_time_says_its_path(message: dict[str, object], words: str) -> None:
    rejected = only_rejection(json.dumps({"model": "m", **message}).encode())
    assert rejected.reason is Reason.BAD_TIMESTAMP
    assert words in rejected.sentence


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"model": "m" * 6}, "`model` holds the name 'mmmmmm' of 6 characters"),
        ({"features": dict.fromkeys("abcd", 1)}, "`features` has 4 names; send at most 3"),
        ({"features": {"a": 1, "b" * 6: 1}}, "`features` holds the name 'bbbbbb'"),
        ({"segments": {"b" * 6: "x"}}, "`segments` holds the name"),
        ({"scores": dict.fromkeys("abcd", 1)}, "`scores` has 4 names"),
        (
            {"columns": {"features": {name: [] for name in "abcd"}}},
            "`columns.features` has 4 names",
        ),
        ({"columns": {"score": [1] * 5}}, "has 5 rows; send at most 4"),
        (
            {"columns": {"features": dict.fromkeys("abc", [1] * 4), "score": [1] * 4}},
            "send at most 12 values",
        ),
    ],
)
def test_what_exceeds_a_limit_says_the_limit(message: dict[str, object], words: str) -> None:
    rejected = only_rejection(json.dumps({"model": "m", **message}).encode())
    assert rejected.reason is Reason.TOO_LARGE
    assert words in rejected.sentence


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
