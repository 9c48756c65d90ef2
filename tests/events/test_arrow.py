from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

from stream_monitor.errors import Reason
from stream_monitor.events.batch import EventBatch, Rejected
from stream_monitor.events.encode import encode_arrow
from stream_monitor.events.limits import Limits
from tests.events.tables import DEFAULT, NOW, arrow_record, decode


def stream(
    columns: dict[str, Any], metadata: dict[str, str] | None = None, chunks: int = 1
) -> bytes:
    table = pa.table(columns).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(1, table.num_rows // chunks))
    return bytes(sink.getvalue().to_pybytes())


def read(columns: dict[str, Any], chunks: int = 1) -> EventBatch:
    value = stream(columns, {"model": "m"}, chunks)
    decoded = decode(arrow_record(value))
    assert decoded.rejected == ()
    (batch,) = decoded.batches
    return batch


def refused(value: bytes, *headers: tuple[str, bytes], limits: Limits = DEFAULT) -> Rejected:
    decoded = decode(arrow_record(value, *headers), limits=limits)
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert "\n" not in rejected.sentence
    return rejected


def test_features_are_a_struct_or_flat_columns() -> None:
    struct = pa.array([{"a": 1.5, "b": "x"}, {"a": 2.5, "b": "y"}])
    flat = {"features.a": pa.array([1.5, 2.5]), "features.b": pa.array(["x", "y"])}
    for columns in ({"features": struct}, flat):
        batch = read(columns)
        assert list(batch.features) == ["a", "b"]
        assert isinstance(batch.features["a"], np.ndarray)
        assert batch.features["a"].tolist() == [1.5, 2.5]
        assert batch.features["b"] == ["x", "y"]


def test_a_null_struct_is_null_in_its_members() -> None:
    assert read({"features": pa.array([{"a": 1.5}, None])}).features == {"a": [1.5, None]}


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1, 2], pa.int8()), "int64"),
        (pa.array([1, 2], pa.uint32()), "int64"),
        (pa.array([1.0, 2.0], pa.float32()), "float64"),
        (pa.array([1.0, 2.0], pa.float64()), "float64"),
        (pa.array([1.0, math.nan]), "float64"),
        (pa.array([Decimal("1.5"), Decimal("2.5")]), "float64"),
        (pa.array([True, False]), "bool"),
        (pa.array([1, 2]).dictionary_encode(), "int64"),
    ],
)
@pytest.mark.parametrize("chunks", [1, 2])
def test_numbers_without_nulls_become_arrays(array: Any, kind: str, chunks: int) -> None:
    column = read({"features.a": array}, chunks).features["a"]
    assert isinstance(column, np.ndarray)
    assert column.dtype == np.dtype(kind)
    assert np.array_equal(
        column, np.array(array.to_pylist(), dtype=kind), equal_nan=kind == "float64"
    )


def test_null_and_nan_stay_apart() -> None:
    column = read({"features.a": pa.array([1.0, math.nan, None])}).features["a"]
    assert isinstance(column, list)
    assert (column[0], math.isnan(column[1]), column[2]) == (1.0, True, None)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
        (pa.array(["x"]).dictionary_encode(), ["x"]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.array(["x", None, "a long one"], pa.string_view()), ["x", None, "a long one"]),
        (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        (pa.array([1, None, 1]).dictionary_encode(), [1, None, 1]),
        (pa.array([[1], None]), [[], None]),
        (pa.array([{"b": 1}]), [[]]),
        (pa.array([1], pa.duration("s")), [[]]),
        (pa.array([date(2026, 11, 1)]), ["2026-11-01"]),
        (pa.array([b"x"]), [b"x"]),
    ],
)
def test_other_types_become_objects(array: Any, expected: list[object]) -> None:
    assert read({"features.a": array}).features == {"a": expected}


@pytest.mark.parametrize(
    "array",
    [
        pa.array([NOW, NOW - 1]),
        pa.array([NOW, NOW - 1], pa.timestamp("ms", "UTC")),
        pa.array([NOW, NOW - 1], pa.timestamp("ms", "Europe/Oslo")),  # the same instants
        pa.array([NOW, NOW - 1], pa.timestamp("ms")),
        pa.array([NOW * 1000 + 999, NOW * 1000 - 1], pa.timestamp("us")),  # cut off
        pa.array([NOW * 10**6 + 999_999, NOW * 10**6 - 1], pa.timestamp("ns")),
        pa.array([float(NOW), float(NOW - 1)]),
        pa.array([None, NOW - 1]),  # none: the record's own
        pa.array([None, NOW * 1000 - 1], pa.timestamp("us")),
    ],
)
def test_times_of_any_type_are_exact(array: Any) -> None:
    assert read({"timestamp": array}).timestamps.tolist() == [NOW, NOW - 1]


def test_times_in_seconds_by_type_are_scaled_and_never_overflow() -> None:
    seconds = pa.timestamp("s")
    assert read({"timestamp": pa.array([NOW // 1000], seconds)}).timestamps.tolist() == [NOW]
    assert read({"timestamp": pa.array(["2026-09-21T14:13:20Z"])}).timestamps.tolist() == [NOW]
    far = stream({"timestamp": pa.array([2**62], seconds)}, {"model": "m"})
    assert refused(far).reason is Reason.BAD_TIMESTAMP


def test_the_model_is_a_column_or_in_the_schema_or_a_header_in_this_order() -> None:
    header = ("model", b"of header")
    column = pa.array(["of column"])
    one = {"score": pa.array([1.0])}
    in_schema = {"model": "of schema"}
    for value, expected in (
        (stream({**one, "model": column}, in_schema), "of column"),
        (stream({**one, "model": column.dictionary_encode()}, in_schema), "of column"),
        (stream(one, in_schema), "of schema"),
        (stream(one), "of header"),
    ):
        (batch,) = decode(arrow_record(value, header)).batches
        assert batch.model == expected


def test_a_message_of_several_models_is_split() -> None:
    value = stream(
        {
            "model": pa.array(["b", "a", "b"]).dictionary_encode(),
            "features.x": pa.array([1.0, 2.0, 3.0]),
            "features.y": pa.array([None, "only a", None]),
        }
    )
    first, second = decode(arrow_record(value, offset=4)).batches
    assert (first.model, second.model) == ("b", "a")
    assert (first.offsets.tolist(), second.offsets.tolist()) == ([4, 4], [4])
    assert {name: list(column) for name, column in first.features.items()} == {"x": [1.0, 3.0]}
    assert {name: list(column) for name, column in second.features.items()} == {
        "x": [2.0],
        "y": ["only a"],
    }


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"score": pa.array([1.0])}, "`model` is missing"),
        ({"model": pa.array(["m", None])}, "`model` is missing"),
        ({"model": pa.array(["m", ""])}, "`model` is empty"),
    ],
)
def test_an_arrow_message_without_model_is_told_to_name_it(
    columns: dict[str, Any], words: str
) -> None:
    rejected = refused(stream(columns))
    assert rejected.reason is Reason.MISSING_FIELD
    assert rejected.sentence.startswith(words)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"model": pa.array([1])}, "`model` is an integer"),
        ({"model": pa.array([["m"]])}, "`model` is an array"),
        ({"features": pa.array([1.0])}, "`features` is a column of double; send a struct column"),
        ({"prediction_id": pa.array([1.5, 2.5])}, "`prediction_id[0]` is a number"),
        ({"model_version": pa.array([None, True])}, "`model_version[1]` is a boolean"),
    ],
)
def test_an_arrow_column_of_the_wrong_type_says_which(columns: dict[str, Any], words: str) -> None:
    rejected = refused(stream(columns, None if "model" in columns else {"model": "m"}))
    assert rejected.reason is Reason.WRONG_TYPE
    assert words in rejected.sentence


@pytest.mark.parametrize("value", [b"\xff\xff\xff\xff", b'{"model":"m"}', b"ARROW1\x00\x00"])
def test_what_is_no_arrow_stream_says_how_to_write_one(value: bytes) -> None:
    rejected = refused(value)
    assert rejected.reason is Reason.NOT_ARROW
    assert "pyarrow.ipc.new_stream" in rejected.sentence


def test_a_model_name_that_is_no_text_is_no_readable_arrow() -> None:
    schema = pa.schema([pa.field("score", pa.float64())], metadata={b"model": b"\xff"})
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.table({"score": [1.0]}, schema=schema))
    assert refused(sink.getvalue().to_pybytes()).reason is Reason.NOT_ARROW


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_rows=2), "more than 2 rows"),
        (Limits(max_values=2), "more than 16 bytes"),
        (Limits(max_features=1), "`features` has 2 names"),
        (Limits(max_name=1), "`features` holds the name 'bb'"),
    ],
)
def test_an_arrow_message_that_is_too_large_says_the_limit(limits: Limits, words: str) -> None:
    value = encode_arrow(model="m", features={"a": [1, 2, 3], "bb": [1, 2, 3]})
    rejected = refused(value, limits=limits)
    assert rejected.reason is Reason.TOO_LARGE
    assert words in rejected.sentence


def test_unknown_columns_are_ignored_and_no_rows_are_no_batch() -> None:
    batch = read({"score": pa.array([1.0]), "features_x": pa.array([1]), "other.y": pa.array([1])})
    assert (batch.features, batch.segments) == ({}, {})
    assert decode(arrow_record(encode_arrow(model="m", features={"a": []}))).batches == ()


def test_few_bytes_that_stand_for_much_text_are_refused_or_shared() -> None:
    limits = Limits(max_values=1000)
    text = "x" * 5000
    views = pa.array([text] * 9, pa.string_view())
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 900, pa.int8()), pa.array([text]))
    packed = pa.ipc.IpcWriteOptions(compression="zstd")
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, pa.schema({"score": pa.string()}), options=packed) as writer:
        writer.write_table(pa.table({"score": [text] * 9}))
    for value in (stream({"score": views}, {"model": "m"}), sink.getvalue().to_pybytes()):
        assert refused(value, limits=limits).reason is Reason.TOO_LARGE
    (batch,) = decode(arrow_record(stream({"score": same}, {"model": "m"})), limits=limits).batches
    assert batch.score is not None
    assert len({id(cell) for cell in batch.score}) == 1


def test_rows_without_bytes_are_bounded_by_their_values() -> None:
    value = stream({f"features.{i}": pa.nulls(300) for i in range(4)}, {"model": "m"})
    rejected = refused(value, limits=Limits(max_values=1199))
    assert "more than 1199 values" in rejected.sentence
