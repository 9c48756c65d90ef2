from __future__ import annotations

from typing import Any

import pytest

from stream_monitor.errors import Reason
from tests.events.label_messages import SMALL, labels, many, one, only_rejection, table
from tests.events.tables import NOW, arrow_record, record


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"model": ...}, Reason.MISSING_FIELD),
        ({"model": ""}, Reason.MISSING_FIELD),
        ({"model": 7}, Reason.WRONG_TYPE),
        ({"model": "m" * 257}, Reason.TOO_LARGE),
        ({"prediction_id": ...}, Reason.MISSING_FIELD),
        ({"prediction_id": None}, Reason.MISSING_FIELD),
        ({"prediction_id": ""}, Reason.MISSING_FIELD),
        ({"prediction_id": True}, Reason.WRONG_TYPE),
        ({"prediction_id": 1.0}, Reason.WRONG_TYPE),
        ({"prediction_id": ["p"]}, Reason.WRONG_TYPE),
        ({"ground_truth": ...}, Reason.MISSING_FIELD),
        ({"ground_truth": None}, Reason.MISSING_FIELD),
        ({"timestamp": 1_790_000_000}, Reason.BAD_TIMESTAMP),
        ({"timestamp": False}, Reason.BAD_TIMESTAMP),
        ({"timestamp": NOW + 3_600_001}, Reason.FUTURE_TIMESTAMP),
        ({"columns": []}, Reason.WRONG_TYPE),
    ],
)
def test_a_label_is_rejected_alone_with_the_reason(fields: Any, reason: Reason) -> None:
    message = record(one(**fields), offset=1)
    assert only_rejection(message).reason is reason
    around = record(one(), offset=0), message, record(one(), offset=2)
    decoded = labels(*around)
    assert [each.record.offset for each in decoded.rejected] == [1]
    assert decoded.batches[0].offsets.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"prediction_id": ...}, Reason.MISSING_FIELD),
        ({"prediction_id": [None, None]}, Reason.MISSING_FIELD),
        ({"prediction_id": ["p", None]}, Reason.MISSING_FIELD),
        ({"prediction_id": ["p", ""]}, Reason.MISSING_FIELD),
        ({"prediction_id": [1.5, 2.0]}, Reason.WRONG_TYPE),
        ({"prediction_id": [True, False]}, Reason.WRONG_TYPE),
        ({"prediction_id": [["p"], ["q"]]}, Reason.WRONG_TYPE),
        ({"ground_truth": ...}, Reason.MISSING_FIELD),
        ({"ground_truth": [None, 0.5]}, Reason.MISSING_FIELD),
        ({"ground_truth": [True, None]}, Reason.MISSING_FIELD),
        ({"timestamp": [NOW, 1]}, Reason.BAD_TIMESTAMP),
        ({"timestamp": [NOW, NOW + 3_600_001]}, Reason.FUTURE_TIMESTAMP),
    ],
)
def test_a_columnar_message_is_rejected_as_a_whole_whatever_its_format(
    fields: Any, reason: Reason
) -> None:
    in_json, in_arrow = only_rejection(record(many(**fields))), only_rejection(table(**fields))
    assert in_json.reason is in_arrow.reason is reason
    assert in_json.sentence.replace("columns.", "") == in_arrow.sentence


def test_what_no_format_can_hold_is_rejected_as_with_events() -> None:
    for value, reason in (
        (None, Reason.EMPTY),
        (b"[1]", Reason.NOT_AN_OBJECT),
        (b"{", Reason.NOT_JSON),
        (b"[" * 100_000, Reason.TOO_LARGE),
        (one(prediction_id=...)[:-1] + b',"prediction_id":' + b"9" * 5_000 + b"}", Reason.NOT_JSON),
        (many(prediction_id=["p"]), Reason.RAGGED_COLUMNS),
    ):
        assert only_rejection(record(value)).reason is reason
    wrong = record(one(), headers=[("content-type", b"text/plain")])
    assert only_rejection(wrong).reason is Reason.UNKNOWN_CONTENT_TYPE
    assert only_rejection(arrow_record(one())).reason is Reason.NOT_ARROW
    five = {"prediction_id": [*"abcde"], "ground_truth": [*"abcde"]}
    for message in (record(many(**five)), table(**five)):
        assert only_rejection(message, SMALL).reason is Reason.TOO_LARGE


def test_the_sentences_say_where_the_label_goes() -> None:
    assert only_rejection(record(one(ground_truth=..., label=1))).sentence == (
        "`ground_truth` is missing or null; send the label under `ground_truth`, "
        "and no row for a prediction whose truth is not known."
    )
    assert only_rejection(record(many(prediction_id=["p", ""]))).sentence == (
        "`columns.prediction_id[1]` is empty; "
        "send the `prediction_id` that the prediction was sent with."
    )
    assert only_rejection(record(None)).sentence == (
        "The record has no value; send one label or a batch of labels."
    )
