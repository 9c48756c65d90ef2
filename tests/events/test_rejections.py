from __future__ import annotations

import json

import pytest

from stream_monitor.errors import Reason
from tests.events.tables import NOW, only_rejection


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
