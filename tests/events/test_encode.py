from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.encode import encode_arrow, encode_columns, encode_event
from tests.events.tables import (
    NOW,
    arrow_record,
    comparable,
    decode,
    expected_rows,
    names,
    record,
    rows_in,
    rows_of,
    tables,
    texts,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_a_columnar_message_read_back_is_what_was_written(table: Any) -> None:
    decoded = decode(record(encode_columns(model="m", **table)))
    assert rows_in(decoded) == expected_rows("m", table)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_an_arrow_message_read_back_is_what_was_written(table: Any) -> None:
    decoded = decode(arrow_record(encode_arrow(model="m", **table)))
    assert rows_in(decoded) == expected_rows("m", table)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_single_events_columns_and_arrow_give_the_same_columns(table: Any) -> None:
    singles = [
        record(encode_event(model="m", **row), offset=i) for i, row in enumerate(rows_of(table))
    ]
    assert rows_in(decode(*singles)) == expected_rows("m", table)
    one_by_one = rows_in(decode(record(encode_columns(model="m", **table))))
    assert rows_in(decode(*singles)) == one_by_one
    assert rows_in(decode(arrow_record(encode_arrow(model="m", **table)))) == one_by_one


@settings(deadline=None)
@given(
    st.dictionaries(names, json_values, max_size=4), json_values, st.text(min_size=1, max_size=3)
)
def test_any_json_value_of_a_feature_is_kept_as_it_is(
    features: dict[str, Any], prediction: Any, version: str
) -> None:
    value = encode_event(model="m", features=features, prediction=prediction, timestamp=NOW)
    (batch,) = decode(record(value)).batches
    assert same(
        {name: column[0] for name, column in batch.features.items()},
        {name: cell for name, cell in features.items() if cell is not None},
    )
    assert same(None if batch.prediction is None else batch.prediction[0], prediction)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and comparable(one) == comparable(other)


def test_numpy_columns_are_written_as_their_values() -> None:
    table: dict[str, Any] = {
        "features": {"a": np.array([1.5, math.nan])},
        "timestamp": np.array([NOW, NOW]),
    }
    for written in (
        record(encode_columns(model="m", **table)),
        arrow_record(encode_arrow(model="m", **table)),
    ):
        (batch,) = decode(written).batches
        assert same(list(map(float, batch.features["a"])), [1.5, math.nan])
