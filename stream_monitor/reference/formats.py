"""The file formats a data file may have: each a function from a path to an Arrow table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from stream_monitor.errors import BadMessageError, DataError
from stream_monitor.events.columns import text
from stream_monitor.events.json_text import parse

#: Schema metadata of a table that was read from events: the names of its features, as a
#: JSON list. Without it every column of a table is of equal standing.
EVENT_FEATURES = "stream_monitor.features"

MAX_TEXT_BYTES = 2 << 30
MAX_CELLS = 1 << 29
MAX_COLUMNS = 20_000
_BATCH_ROWS = 65_536
_TELL_ROWS = 1_000

#: A reader takes the path, how many rows to read at most (``None``: all), and what to tell
#: of each few rows that were read; only JSON lines take long enough to tell.
Reader = Callable[[Path, int | None, Callable[[int], None]], pa.Table]


def read_parquet(path: Path, limit: int | None, _: Callable[[int], None]) -> pa.Table:
    """The first ``limit`` rows; row groups after them are not read."""
    try:
        file = arrow_parquet.ParquetFile(str(path))
        rows = file.metadata.num_rows if limit is None else min(limit, file.metadata.num_rows)
        _check_cells(path, rows, file.metadata.num_columns)
        try:
            batches: list[pa.RecordBatch] = []
            left = rows
            for batch in file.iter_batches(batch_size=min(_BATCH_ROWS, max(rows, 1))):
                batches.append(batch.slice(0, left))
                left -= batches[-1].num_rows
                if left <= 0:
                    break
            schema = file.schema_arrow.with_metadata(None)
            return pa.Table.from_batches(
                [batch.replace_schema_metadata(None) for batch in batches], schema
            )
        finally:
            file.close()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {_first_line(error)}.") from error


def read_csv(path: Path, limit: int | None, _: Callable[[int], None]) -> pa.Table:
    """Columns typed by all of their rows; an empty cell, ``NA``, ``null`` or ``NaN`` is missing."""
    size = _check_size(path)
    try:
        table = arrow_csv.read_csv(
            str(path),
            # One block: Arrow settles the types on the first block and fails on a later
            # row that does not fit them (1, 2, … 1.5).
            arrow_csv.ReadOptions(block_size=min(max(size, 1 << 16) + 1, (1 << 31) - 1)),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
        )
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as CSV: {_first_line(error)}.") from error
    _check_cells(path, table.num_rows, table.num_columns)
    return table if limit is None else table.slice(0, limit)


def read_jsonl(path: Path, limit: int | None, advance: Callable[[int], None]) -> pa.Table:
    """One object a line, either flat rows or events whose ``features`` are an object.

    The features of events become columns of their own names; an event's own field that has
    the name of a feature is renamed ``event.NAME``. Blank lines are passed over.
    """
    _check_size(path)
    columns: dict[tuple[str, bool], dict[int, object]] = {}  # (name, of features) → row → value
    nested: bool | None = None
    rows = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if rows == limit:
                break
            if line.isspace():
                continue
            row = _object(line, f"{path}, line {number}")
            features = row.get("features")
            is_event = isinstance(features, dict)
            if nested is None:
                nested = is_event
            elif nested != is_event:
                raise DataError(
                    f"{path}, line {number}: events with features and flat rows are mixed."
                )
            if isinstance(features, dict):
                for name, value in features.items():
                    columns.setdefault((name, True), {})[rows] = value
                del row["features"]
            for name, value in row.items():
                if not (nested and isinstance(value, dict | list)):
                    columns.setdefault((name, False), {})[rows] = value
            if len(columns) > MAX_COLUMNS:
                raise DataError(f"{path}, line {number}: more than {MAX_COLUMNS:,} columns.")
            rows += 1
            if rows % _TELL_ROWS == 0:
                advance(_TELL_ROWS)
    _check_cells(path, rows, len(columns))
    feature_names = [name for name, of_features in columns if of_features]
    taken = set(feature_names)
    data = {}
    for (name, of_features), values in columns.items():
        column = name if of_features or name not in taken else f"event.{name}"
        data[column] = _column(path, name, [values.get(i) for i in range(rows)])
    table = pa.table(data)
    if nested:
        return table.replace_schema_metadata({EVENT_FEATURES: json.dumps(feature_names)})
    return table


#: File ending to its reader.
READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}


def _object(line: bytes, where: str) -> dict[str, object]:
    try:
        row = parse(line)
    except BadMessageError as error:
        raise DataError(f"{where}: {error.sentence}") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: there is no JSON object.")
    return row


def _column(path: Path, name: str, values: list[object]) -> pa.Array:
    """Typed as its values are; numbers mixed with text become text."""
    types = {type(value) for value in values if value is not None}
    if types & {dict, list}:
        raise DataError(f"{path}: the column {name!r} holds objects or lists, not single values.")
    if types == {int} and all(-(2**63) <= v < 2**63 for v in values if isinstance(v, int)):
        return pa.array(values, pa.int64())
    if types and types <= {int, float}:
        return pa.array([_float(value) for value in values], pa.float64())
    if len(types) > 1:
        return pa.array(text(values, len(values)).texts, pa.string())
    return pa.array(values)


def _float(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return math.inf


def _check_size(path: Path) -> int:
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise DataError(
            f"{path} has {size / 2**30:.1f} GiB, and text files may have 2: "
            "convert it to Parquet or take a sample of its rows."
        )
    return size


def _check_cells(path: Path, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        raise DataError(
            f"{path} has {rows:,} rows of {columns:,} columns, which is more than "
            f"{MAX_CELLS:,} cells: take a sample of its rows."
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "no reason"
