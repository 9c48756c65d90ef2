"""Events for the tests of this folder: tables of rows, records, and batches to compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stream_monitor.events.batch import Decoded, EventBatch, Record, Rejected
from stream_monitor.events.decode import Decoder
from stream_monitor.events.limits import Limits
from stream_monitor.events.message import ARROW

NOW = 1_790_000_000_000
DEFAULT = Limits()

Table = dict[str, Any]  # the arguments of encode_columns and encode_arrow, model left out

integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(width=64)
#: Text that UTF-8 can carry.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
#: Columns of one type, as Arrow has them.
COLUMN_VALUES = (floats, integers, texts, st.booleans())
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)

SMALL = Limits(max_features=3, max_rows=4, max_name=5, max_values=12)


def record(
    value: bytes | None,
    *,
    offset: int = 0,
    timestamp: int = NOW,
    headers: Sequence[tuple[str, bytes]] = (),
) -> Record:
    return Record("predictions", 0, offset, timestamp, value, None, headers)


def arrow_record(
    value: bytes, *headers: tuple[str, bytes], offset: int = 0, timestamp: int = NOW
) -> Record:
    of_type = ("Content-Type", ARROW.encode())
    return record(value, offset=offset, timestamp=timestamp, headers=[of_type, *headers])


def decode(*records: Record, limits: Limits = DEFAULT) -> Decoded:
    return Decoder(limits).decode(records)


@st.composite
def columns(draw: st.DrawFn, rows: int, values: st.SearchStrategy[Any] | None = None) -> list[Any]:
    """A column of one type, with nulls or without."""
    of = values if values is not None else draw(st.sampled_from(COLUMN_VALUES))
    cell = of | st.none() if draw(st.booleans()) else of
    return draw(st.lists(cell, min_size=rows, max_size=rows))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A columnar message's columns that all three formats carry exactly."""
    rows = draw(st.integers(1, 5))
    table: Table = {
        "features": draw(st.dictionaries(names, columns(rows), max_size=4)),
        "timestamp": draw(st.lists(st.integers(NOW - 10**9, NOW), min_size=rows, max_size=rows)),
    }
    optional = {
        "prediction": columns(rows),
        "prediction_id": columns(rows, draw(st.sampled_from([texts, integers]))),
        "model_version": columns(rows, draw(st.sampled_from([texts, integers, floats]))),
        "score": columns(rows),
        "latency_ms": columns(rows, floats),
        "ground_truth": columns(rows),
        "scores": st.dictionaries(names, columns(rows, floats), min_size=1, max_size=3),
        "segments": st.dictionaries(names, columns(rows, texts), max_size=3),
    }
    for name in draw(st.sets(st.sampled_from(sorted(optional)))):
        table[name] = draw(optional[name])
    return table


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The table as the arguments of ``encode_event``, a row each."""
    return [
        {
            name: {member: values[i] for member, values in column.items()}
            if isinstance(column, Mapping)
            else column[i]
            for name, column in table.items()
        }
        for i in range(len(table["timestamp"]))
    ]


@dataclass(frozen=True)
class Row:
    """One event of a batch, every value in a form that compares with ``==``."""

    model: str
    cells: Mapping[str, object]


def rows_in(decoded: Decoded) -> list[Row]:
    """All events of all batches, without their offsets."""
    return [
        Row(batch.model, {path: comparable(raw[i]) for path, raw in flat(batch).items()})
        for batch in decoded.batches
        for i in range(len(batch))
    ]


def expected_rows(model: str, table: Table) -> list[Row]:
    """What any way of decoding the table must give: columns without any value are gone."""
    cells: dict[str, Sequence[object]] = {}
    rows = len(table["timestamp"])
    for name, column in table.items():
        path = {"prediction_id": "prediction_ids", "model_version": "model_versions"}.get(
            name, {"timestamp": "timestamps"}.get(name, name)
        )
        if name == "scores":
            scored = [{k: v[i] for k, v in column.items() if v[i] is not None} for i in range(rows)]
            cells[path] = [row or None for row in scored]
        elif isinstance(column, Mapping):
            cells |= {f"{path}.{member}": values for member, values in column.items()}
        else:
            cells[path] = column
    kept = {path: column for path, column in cells.items() if any(v is not None for v in column)}
    return [
        Row(model, {path: comparable(column[i]) for path, column in kept.items()})
        for i in range(rows)
    ]


def flat(batch: EventBatch) -> dict[str, Any]:
    """The columns a batch has, by path."""
    columns: dict[str, Any] = {}
    for field in fields(batch):
        column = getattr(batch, field.name)
        if isinstance(column, Mapping):
            columns |= {f"{field.name}.{name}": raw for name, raw in column.items()}
        elif field.name not in ("model", "offsets") and column is not None:
            columns[field.name] = column
    return columns


def comparable(value: object) -> object:
    """NaN equals itself, and a boolean is no number."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {name: comparable(member) for name, member in value.items()}
    return (value,) if isinstance(value, bool) else value


def only_rejection(
    value: bytes | None, *more: tuple[str, bytes], limits: Limits = SMALL
) -> Rejected:
    """Of one record that must be rejected; every sentence is one line, and short."""
    decoded = decode(record(value, headers=more), limits=limits)
    assert decoded.batches == ()
    (rejected,) = decoded.rejected
    assert "\n" not in rejected.sentence
    assert len(rejected.sentence) < 400
    return rejected
