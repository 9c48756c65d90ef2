from __future__ import annotations

import json

import pytest

from stream_monitor.errors import Reason
from stream_monitor.events.encode import encode_columns
from stream_monitor.events.limits import Limits
from tests.events.tables import NOW, decode, record


def message(columns: dict[str, object], **envelope: object) -> bytes:
    return json.dumps({"model": "m", **envelope, "columns": columns}).encode()


def test_a_columnar_message_gives_a_row_for_each_place_and_repeats_its_offset() -> None:
    value = message(
        {
            "timestamp": [NOW, NOW - 1],
            "prediction_id": ["p", 2],
            "prediction": ["yes", "no"],
            "score": [0.5, None],
            "scores": {"yes": [0.5, 0.25], "no": [None, 0.75]},
            "latency_ms": [1, 2.5],
            "ground_truth": [None, "no"],
            "features": {"a": [1, 2], "b": ["x", None], "c": [[], {}]},
            "segments": {"country": ["NO", "SE"]},
            "unknown": {"anything": 1},
        },
        model_version=3,
    )
    (batch,) = decode(record(value, offset=9)).batches
    assert batch.offsets.tolist() == [9, 9]
    assert batch.timestamps.tolist() == [NOW, NOW - 1]
    assert batch.prediction_ids == ["p", 2]
    assert batch.prediction == ["yes", "no"]
    assert batch.score == [0.5, None]
    assert batch.scores == [{"yes": 0.5}, {"yes": 0.25, "no": 0.75}]
    assert batch.latency_ms == [1, 2.5]
    assert batch.ground_truth == [None, "no"]
    assert batch.features == {"a": [1, 2], "b": ["x", None], "c": [[], {}]}
    assert batch.segments == {"country": ["NO", "SE"]}
    assert batch.model_versions == [3, 3]


def test_one_value_may_stand_for_all_rows() -> None:
    value = message(
        {"timestamp": NOW - 5, "model_version": "v", "segments": {"a": "x"}, "score": [1, 2]}
    )
    (batch,) = decode(record(value)).batches
    assert batch.timestamps.tolist() == [NOW - 5, NOW - 5]
    assert (batch.model_versions, batch.segments) == (["v", "v"], {"a": ["x", "x"]})


def test_a_columnar_message_without_times_has_its_records_time() -> None:
    given: tuple[dict[str, object], ...] = (
        {"score": [1, 2]},
        {"score": [1, 2], "timestamp": [None, None]},
    )
    for columns in given:
        (batch,) = decode(record(message(columns), timestamp=NOW - 3)).batches
        assert batch.timestamps.tolist() == [NOW - 3, NOW - 3]


def test_columns_of_unequal_length_are_refused_with_both_lengths() -> None:
    value = message({"timestamp": [NOW, NOW], "features": {"a": [1, 2], "b": [1, 2, 3]}})
    decoded = decode(record(value))
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert rejected.reason is Reason.RAGGED_COLUMNS
    assert rejected.sentence == (
        "`columns.features.b` has 3 values and `columns.timestamp` has 2; "
        "send a value for each row in every column, null where there is none."
    )


def test_one_row_in_the_future_refuses_the_whole_message() -> None:
    value = encode_columns(model="m", features={"a": [1, 2]}, timestamp=[NOW, NOW + 11])
    decoded = decode(record(value), limits=Limits(future_tolerance_ms=10))
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert rejected.reason is Reason.FUTURE_TIMESTAMP
    assert "`timestamp[1]`" in rejected.sentence.replace("columns.", "")


@pytest.mark.parametrize(
    "columns", [{}, {"score": []}, {"timestamp": NOW}, {"features": {}}, {"features": None}]
)
def test_a_columnar_message_without_rows_is_read_and_holds_nothing(
    columns: dict[str, object],
) -> None:
    decoded = decode(record(message(columns)))
    assert (decoded.batches, decoded.rejected) == ((), ())


def test_python_float_literals_are_read_in_columns_too() -> None:
    (batch,) = decode(record(message({"score": [float("inf"), 1]}))).batches
    assert batch.score == [float("inf"), 1]
