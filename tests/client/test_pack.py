from __future__ import annotations

import datetime
import decimal
import enum
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.client.pack import Packer, encode_events, encode_labels
from stream_monitor.client.refusals import Refusal
from stream_monitor.client.rows import Event, Label
from stream_monitor.events.batch import Decoded
from tests.client.fakes import NOW_MS, decoded, decoded_labels
from tests.events.tables import NOW, comparable, expected_rows, rows_in, rows_of, tables

EVENTS: Packer[Event] = Packer("m", encode_events, 900_000)
LABELS: Packer[Label] = Packer("m", encode_labels, 900_000)
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def event(**given: Any) -> Event:
    fields: dict[str, Any] = dict.fromkeys(Event.__struct_fields__)
    return Event(**(fields | {"features": {}, "timestamp": NOW_MS} | given))


def packed(rows: Sequence[Event], packer: Packer[Event] = EVENTS) -> tuple[list[Any], Any]:
    """What the worker reads, row by row, and what was refused."""
    found = packer.pack(rows, NOW_MS)
    read = decoded(found.messages)
    assert sum(map(len, read)) + sum(found.refused.values()) == len(rows)
    return rows_in(Decoded(tuple(read), ())), found.refused


@settings(deadline=None, max_examples=150)
@given(tables())
def test_what_is_packed_is_read_without_loss(table: Any) -> None:
    rows = [event(**row) for row in rows_of(table)]
    assert packed(rows) == (expected_rows("m", table), {})
    assert NOW == NOW_MS


def test_a_batch_is_one_message_and_a_value_of_another_type_stays_in_its_column() -> None:
    odd = [1.5, None, "text", True, float("nan"), float("inf"), [1, {"a": None}], 10**30]
    found = EVENTS.pack([event(features={"x": value}) for value in odd], NOW_MS)
    (message,) = found.messages
    (batch,) = decoded([message])
    assert [*map(comparable, batch.features["x"])] == [*map(comparable, odd)]


class Colour(enum.Enum):
    RED = "red"


class NAType:
    """Named as pandas names the type of its NA."""


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.float64("nan"), float("nan")),
        (np.array([1, 2]), [1, 2]),
        (np.array(3), 3),
        (decimal.Decimal("2.5"), 2.5),
        (decimal.Decimal("NaN"), float("nan")),
        (Colour.RED, "red"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (NAType(), None),
        ((1, 2), [1, 2]),
        ({"a": np.float64(1)}, {"a": 1.0}),
        (type("Text", (str,), {})("b"), "b"),
    ],
)
def test_values_of_libraries_are_read_as_what_they_mean(value: object, read: object) -> None:
    (batch,) = decoded(EVENTS.pack([event(features={"x": value, "y": 1})], NOW_MS).messages)
    (found,) = batch.features.get("x", [None])
    assert comparable(found) == comparable(read)
    assert type(found) is type(read)


def cyclic() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


class Explosive:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


HOSTILE = [
    (event(features={"x": object()}), Refusal.UNSERIALISABLE),
    (event(features={"x": b"bytes"}), Refusal.UNSERIALISABLE),
    (event(features={"x": 1j}), Refusal.UNSERIALISABLE),
    (event(features={"x": "\ud800"}), Refusal.UNSERIALISABLE),
    (event(features={"\ud800": 1}), Refusal.UNSERIALISABLE),
    (event(features={"x": 10**5_000}), Refusal.UNSERIALISABLE),
    (event(features={"x": cyclic()}), Refusal.TOO_LARGE),
    (event(features={"x": "long" * 300_000}), Refusal.TOO_LARGE),
    (event(features={"n" * 257: 1}), Refusal.TOO_LARGE),
    (event(features=dict.fromkeys(map(str, range(2_001)), 1)), Refusal.TOO_LARGE),
    (event(prediction=object()), Refusal.UNSERIALISABLE),
    (event(prediction=Explosive()), Refusal.UNEXPECTED),
    (event(prediction_id=1.5), Refusal.WRONG_TYPE),
    (event(prediction_id=True), Refusal.WRONG_TYPE),
    (event(prediction_id=["a"]), Refusal.WRONG_TYPE),
    (event(model_version=["a"]), Refusal.WRONG_TYPE),
    (event(timestamp=NOW_MS // 1000), Refusal.BAD_TIMESTAMP),
    (event(timestamp=NOW_MS * 1000), Refusal.BAD_TIMESTAMP),
    (event(timestamp=NOW_MS + 0.5), Refusal.BAD_TIMESTAMP),
    (event(timestamp=True), Refusal.BAD_TIMESTAMP),
    (event(timestamp="2026-09-21T12:00:00Z"), Refusal.BAD_TIMESTAMP),
    (event(timestamp=datetime.datetime(2026, 9, 21)), Refusal.BAD_TIMESTAMP),
    (event(timestamp=NOW_MS + 3_600_001), Refusal.FUTURE_TIMESTAMP),
]


@pytest.mark.parametrize(("bad", "reason"), HOSTILE, ids=range(len(HOSTILE)))
def test_one_row_that_cannot_be_sent_takes_no_other_with_it(bad: Event, reason: Refusal) -> None:
    good = [event(features={"x": float(i)}, prediction_id=i) for i in range(5)]
    rows, refused = packed([*good[:3], bad, *good[3:]])
    assert refused == {reason: 1}
    assert [row.cells["prediction_ids"] for row in rows] == [0, 1, 2, 3, 4]


def test_all_rows_but_the_hostile_ones_go_in_one_message() -> None:
    good = [event(features={"x": float(i)}) for i in range(200)]
    found = EVENTS.pack([*good, *(bad for bad, _ in HOSTILE)], NOW_MS)
    assert [message.rows for message in found.messages] == [200]
    assert sum(found.refused.values()) == len(HOSTILE)


def test_a_time_with_its_offset_is_taken_to_the_millisecond() -> None:
    hour = datetime.timezone(datetime.timedelta(hours=2))
    when = datetime.datetime(2026, 9, 21, 14, 15, 0, 250_999, tzinfo=hour)
    (batch,) = decoded(EVENTS.pack([event(timestamp=when)], NOW_MS).messages)
    assert batch.timestamps.tolist() == [1_789_992_900_250]
    (batch,) = decoded(EVENTS.pack([event(timestamp=np.int64(NOW_MS))], NOW_MS).messages)
    assert batch.timestamps.tolist() == [NOW_MS]


def test_a_message_that_would_be_too_large_is_cut_in_halves() -> None:
    small: Packer[Event] = Packer("m", encode_events, 4_000)
    rows = [event(features={"x": "a" * 100, "i": i}) for i in range(100)]
    found = small.pack(rows, NOW_MS)
    assert max(len(message.value) for message in found.messages) <= 4_000
    assert len(found.messages) < 10
    read = itertools.chain.from_iterable(b.features["i"] for b in decoded(found.messages))
    assert [*read] == [*range(100)]


def test_rows_of_unlike_names_make_no_table_of_holes() -> None:
    rows = [event(features={f"r{i}f{j}": 1.0 for j in range(200)}) for i in range(60)]
    found = EVENTS.pack(rows, NOW_MS)
    assert found.refused == {}
    assert sum(len(message.value) for message in found.messages) < 60 * 200 * 40
    assert sum(map(len, decoded(found.messages))) == 60


def test_names_that_are_no_texts_are_written_as_texts() -> None:
    (batch,) = decoded(EVENTS.pack([event(features={0: 1.0, np.str_("b"): 2.0})], 2**43).messages)
    assert batch.features == {"0": [1.0], "b": [2.0]}


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                Event.__struct_fields__,
                st.from_type(object)
                | st.sampled_from([object(), b"", 1j, NOW_MS, "\ud800", cyclic(), Explosive()]),
            ),
        ),
        max_size=4,
    )
)
def test_no_object_whatever_makes_packing_raise(given_rows: list[dict[str, Any]]) -> None:
    rows = [event(**row) for row in given_rows]
    good = event(prediction_id="good")
    found = EVENTS.pack([*rows, good], NOW_MS)
    assert sum(message.rows for message in found.messages) + sum(found.refused.values()) == (
        len(rows) + 1
    )
    ids = [one for batch in decoded(found.messages) for one in batch.prediction_ids or []]
    assert "good" in ids


def test_labels_are_read_without_loss_and_incomplete_ones_refused() -> None:
    rows = [
        Label("a", "yes", NOW_MS),
        Label(np.int64(17), np.float64(0.5), NOW_MS),
        Label("c", float("nan"), NOW_MS),
        Label(None, "yes", NOW_MS),
        Label("", "yes", NOW_MS),
        Label("d", None, NOW_MS),
        Label(1.5, "yes", NOW_MS),
        Label("e", object(), NOW_MS),
    ]
    found = LABELS.pack(rows, NOW_MS)
    (batch,) = decoded_labels(found.messages)
    assert batch.prediction_ids == ["a", "17", "c"]
    assert [*map(comparable, batch.ground_truth)] == ["yes", 0.5, "NaN"]
    assert batch.timestamps.tolist() == [NOW_MS] * 3
    assert found.refused == {
        Refusal.MISSING_FIELD: 3,
        Refusal.WRONG_TYPE: 1,
        Refusal.UNSERIALISABLE: 1,
    }


def test_a_trace_is_carried_by_its_row_and_by_a_message_of_one_trace() -> None:
    traced, other = event(traceparent=PARENT, tracestate="a=1"), event()
    (message,) = EVENTS.pack([traced, traced], NOW_MS).messages
    assert message.headers == (("traceparent", PARENT.encode()), ("tracestate", b"a=1"))
    (message,) = EVENTS.pack([traced, other], NOW_MS).messages
    assert message.headers == ()
    assert f'"traceparent":["{PARENT}",null]'.encode() in message.value
    assert sum(map(len, decoded([message]))) == 2


def test_between_columns_others_may_run() -> None:
    breaths: list[int] = []
    packer: Packer[Event] = Packer("m", encode_events, 9_000, breathe=lambda: breaths.append(1))
    packer.pack([event(features={"a": 1, "b": 2})], NOW_MS)
    assert len(breaths) >= len({"timestamp", "a", "b"})


def test_nothing_packs_to_nothing() -> None:
    assert asdict(EVENTS.pack([], NOW_MS)) == {"messages": (), "refused": {}}
