"""The bytes of a reference: round trip, hash, damage."""

from __future__ import annotations

import dataclasses
import zlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import DataError
from stream_monitor.reference import codec
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.statistics.grid import Grid
from tests.reference.worlds import example, references


def same_column(a: ReferenceColumn, b: ReferenceColumn) -> bool:
    fields_a = {f.name: getattr(a, f.name) for f in dataclasses.fields(a)}
    fields_b = {f.name: getattr(b, f.name) for f in dataclasses.fields(b)}
    for fields in (fields_a, fields_b):
        if "counts" in fields:
            fields["counts"] = (fields["counts"].dtype, fields["counts"].tolist())
    return type(a) is type(b) and fields_a == fields_b


@settings(deadline=None, max_examples=150)
@given(references())
def test_a_reference_is_equal_after_encoding_and_decoding(reference: Reference) -> None:
    back = codec.decode(codec.encode(reference))
    assert len(back.columns) == len(reference.columns)
    assert all(map(same_column, back.columns, reference.columns))
    plain = dataclasses.replace(reference, columns=())
    assert dataclasses.replace(back, columns=()) == plain


def test_the_hash_is_of_what_verdicts_depend_on_and_of_nothing_else() -> None:
    first = example()
    assert len(first.hash) == 16
    assert int(first.hash, 16) >= 0
    assert example(model="other", created_ms=6, source="t").hash == first.hash
    for changes in ({"positive": "0"}, {"sample_size": 299}, {"kinds": {"c": Kind.CATEGORICAL}}):
        changed = example(**changes).hash != first.hash
        assert changed is ("kinds" not in changes)  # the kind given is the kind inferred


@pytest.mark.parametrize(
    "change",
    [
        {"missing": 0.5},
        {"minimum": -9.0},
        {"maximum": 9.0},
        {"mean": 0.25},
        {"sd": 2.0},
        {"rows": 301},
        {"name": "y"},
        {"role": Role.SCORE},
        {"grid": Grid(np.array([1.0, 2.0]), np.array([1, 1]))},
        {"grid": Grid(np.array([1.0, 2.0]), np.array([1, 2]))},
    ],
)
def test_every_fact_of_a_column_changes_the_hash(change: dict[str, Any]) -> None:
    reference = example()
    column = reference.columns[0]
    rest = (reference.rows, reference.task, reference.classes, reference.positive)
    before = codec.content_hash((column,), *rest)
    assert codec.content_hash((dataclasses.replace(column, **change),), *rest) != before


def test_the_hash_of_known_content_does_not_change_between_versions() -> None:
    columns: tuple[ReferenceColumn, ...] = (
        NumericColumn(
            role=Role.FEATURE,
            name="x",
            grid=Grid(np.array([-1.5, 0.0, 2.0]), np.array([1, 2, 1])),
            rows=5,
            missing=0.2,
            minimum=-1.5,
            maximum=2.0,
            mean=0.125,
            sd=1.25,
        ),
        CategoricalColumn(
            role=Role.PREDICTION,
            name="p",
            kind=Kind.CATEGORICAL,
            categories=("a", "b"),
            counts=np.array([3, 2]),
            other=0,
            rows=5,
            missing=0.0,
        ),
    )
    assert codec.content_hash(columns, 5, Task.BINARY, ("a", "b"), "b") == "9073cbd92cd5dd4a"


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_damaged_bytes_are_refused_or_mean_the_same(data: st.DataObject) -> None:
    encoded = bytearray(codec.encode(example(sample_size=20)))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        back = codec.decode(bytes(encoded))
    except DataError:
        return
    # What is left are bits of the compressed form that carry nothing.
    assert back.hash == example(sample_size=20).hash
    assert len(back.columns) == 4


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2000))
def test_a_cut_off_reference_is_refused(length: int) -> None:
    encoded = codec.encode(example(sample_size=20))
    with pytest.raises(DataError):
        codec.decode(encoded[: min(length, len(encoded) - 1)])


def test_content_that_does_not_match_its_hash_is_refused() -> None:
    encoded = codec.encode(example())
    body = zlib.decompress(encoded[6:])
    name = body.rindex(b"score")
    forged = encoded[:6] + zlib.compress(body[:name] + b"scorn" + body[name + 5 :])
    with pytest.raises(DataError, match="its hash does not match its content"):
        codec.decode(forged)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a reference"),
        (b"SMREF", "not a reference"),
        (b"PAR1 and more", "not a reference"),
        (b"SMREF\x01" + zlib.compress(b""), "format version 1 and this program reads version 3"),
        (b"SMREF\x03", "damaged"),
        (b"SMREF\x03" + zlib.compress(b"\xc1"), "damaged"),
        (b"SMREF\x03" + zlib.compress(b"\x90"), "damaged"),
    ],
)
def test_what_is_no_reference_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        codec.decode(data)


def test_something_after_the_end_is_refused() -> None:
    with pytest.raises(DataError, match="after its end"):
        codec.decode(codec.encode(example()) + b"x")


def test_a_reference_of_100_numeric_features_fits_into_a_message() -> None:
    random = np.random.default_rng(0)
    table = pa.table({f"f{i}": random.normal(size=5000) for i in range(100)})
    reference = build("m", table, assign_roles(table), created_ms=0, source="s")
    assert sum(c.grid.total for c in reference.columns if isinstance(c, NumericColumn)) == 500_000
    assert len(codec.encode(reference)) < 3 << 20
