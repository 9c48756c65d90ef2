"""The rows of a data file as the stream that a scenario breaks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds_of

from stream_monitor.errors import DataError
from stream_monitor.events.columns import text
from stream_monitor.reference.data import assign_roles, plain
from stream_monitor.scenarios.generate.stream import Column, Stream
from stream_monitor.scenarios.spec.base import FromFile
from stream_monitor.scenarios.spec.consistent import RESERVED


def rows_of(table: pa.Table, base: FromFile, source: str) -> Stream:
    """The rows in their order, without times and ids of their own.

    Roles that the base does not name are guessed by their names. Raises DataError where a column
    is not there.
    """
    segments = [name for name in base.segments if name in table.column_names]
    ignore = [name for name in base.ignore if name in table.column_names and name not in segments]
    roles = assign_roles(
        table,
        prediction=base.prediction,
        score=base.score,
        label=base.label,
        ignore=[*ignore, *segments],
    )
    clash = [name for name in roles.features if name in RESERVED]
    if clash:
        raise DataError(f"{source}: the feature {clash[0]} has the name of another column.")

    def of(name: str | None) -> Column | None:
        return None if name is None else _column(table[name])

    return Stream(
        np.zeros(table.num_rows, dtype=np.int64),
        np.empty(table.num_rows, dtype=np.object_),
        {name: _column(table[name]) for name in roles.features},
        of(roles.prediction),
        of(roles.score),
        of(roles.label),
        of(roles.latency),
        of(roles.version),
        segments={name: _texts(table[name]) for name in segments},
    )


def _column(column: pa.ChunkedArray) -> Column:
    column = plain(column)
    kind = column.type
    numeric = kinds_of.is_integer(kind) or kinds_of.is_floating(kind) or kinds_of.is_boolean(kind)
    if numeric and not column.null_count:
        found: Column = column.to_numpy()
        return found
    values = np.empty(len(column), dtype=np.object_)
    values[:] = column.to_pylist()
    return values


def _texts(column: pa.ChunkedArray) -> Column:
    """A segment's values as the monitor names them."""
    values = np.empty(len(column), dtype=np.object_)
    values[:] = text(plain(column).to_pylist(), len(column)).texts
    return values
