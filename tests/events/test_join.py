from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.events.batch import EventBatch, RawColumn
from stream_monitor.events.encode import encode_arrow, encode_columns, encode_event
from stream_monitor.events.join import FREE_CELLS, join
from tests.events.tables import NOW, arrow_record, decode, record


def batch(model: str, offsets: list[int], features: dict[str, RawColumn]) -> EventBatch:
    times = np.full(len(offsets), NOW)
    return EventBatch(model, np.array(offsets), times, features)


def test_parts_of_a_model_become_one_batch_in_offset_order() -> None:
    single = batch("m", [0, 2], {"a": [0, 2]})
    columnar = batch("m", [1, 1], {"a": [1, 1.5], "b": ["x", "y"]})
    (whole,) = join([columnar, single])
    assert whole.offsets.tolist() == [0, 1, 1, 2]
    assert whole.features == {"a": [0, 1, 1.5, 2], "b": [None, "x", "y", None]}


def test_batches_are_ordered_by_their_first_offset() -> None:
    joined = join([batch("z", [3], {}), batch("a", [2, 4], {}), batch("z", [1], {})])
    assert [(one.model, one.offsets.tolist()) for one in joined] == [("z", [1, 3]), ("a", [2, 4])]


def test_arrays_of_one_type_stay_arrays_and_others_become_lists() -> None:
    first, last = np.array([1.0]), np.array([2.0])
    (alike,) = join([batch("m", [0], {"a": first}), batch("m", [1], {"a": last})])
    assert isinstance(alike.features["a"], np.ndarray)
    (unlike,) = join([batch("m", [0], {"a": first}), batch("m", [1], {"a": np.array([2])})])
    assert unlike.features["a"] == [1.0, 2]
    (partly,) = join([batch("m", [0], {"a": first}), batch("m", [1], {})])
    assert partly.features["a"] == [1.0, None]


def test_all_three_formats_of_one_model_are_one_batch() -> None:
    (whole,) = decode(
        record(encode_event(model="m", features={"a": 1}), offset=0),
        arrow_record(encode_arrow(model="m", features={"a": [2.5]}), offset=1),
        record(encode_columns(model="m", features={"a": [3, 4]}), offset=2),
        record(encode_event(model="m", features={"a": 5}), offset=3),
    ).batches
    assert whole.offsets.tolist() == [0, 1, 2, 2, 3]
    assert whole.features["a"] == [1, 2.5, 3, 4, 5]


@pytest.mark.parametrize("columnar", [False, True])
def test_rows_of_ever_new_names_are_cut_and_not_spread_over_a_huge_table(columnar: bool) -> None:
    records = [
        record(
            encode_columns(model="m", features={f"{i} {j}": [1] for j in range(100)})
            if columnar
            else encode_event(model="m", features={f"{i} {j}": 1 for j in range(100)}),
            offset=i,
        )
        for i in range(200)
    ]
    decoded = decode(*records)
    cells = sum(len(one) * len(one.features) for one in decoded.batches)
    assert cells <= 2 * FREE_CELLS  # one table would hold 4 M
    assert len(decoded.batches) > 1
    assert [o for one in decoded.batches for o in one.offsets.tolist()] == list(range(200))
