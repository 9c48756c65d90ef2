"""Columns of ``log_batch`` to the rows that wait in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, repeat
from typing import Any

from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.rows import Event

#: The most rows that are read from an iterator, which may have no end.
MAX_ROWS = 1_000_000

#: May be one value for all rows.
_CONSTANTS = frozenset({"timestamp", "latency_ms", "model_version", "traceparent", "tracestate"})
_TABLES = ("features", "scores", "segments")


def event_rows(features: Any, **given: Any) -> list[Event]:
    """The rows; raises ``RefusedError`` for no table, or columns of unlike length."""
    tables = {"features": _table(features)}
    for name in ("scores", "segments"):
        if given.get(name) is not None:
            tables[name] = _table(given[name], constants=name == "segments")
    plain = {
        name: column if name in _CONSTANTS and _is_one(column) else _listed(column)
        for name, column in given.items()
        if name not in _TABLES and column is not None
    }
    columns = [*plain.values(), *(column for table in tables.values() for column in table.values())]
    lengths = {len(column) for column in columns if isinstance(column, list)}
    if not lengths:
        raise RefusedError(Refusal.WRONG_TYPE)
    rows = max(lengths)
    if len(lengths) > 1:
        raise RefusedError(Refusal.RAGGED_COLUMNS, rows)
    full = {name: _full(column, rows) for name, column in plain.items()}
    full |= {name: _mappings(table, rows) for name, table in tables.items()}
    fields = [full.get(name, repeat(None, rows)) for name in Event.__struct_fields__]
    return [Event(*values) for values in zip(*fields, strict=True)]


def _table(columns: Any, *, constants: bool = False) -> dict[Any, Any]:
    """A mapping, or a table such as pandas', as name to list (or one value for all rows)."""
    if not isinstance(columns, Mapping):
        if not hasattr(columns, "columns"):
            raise RefusedError(Refusal.WRONG_TYPE)
        columns = {name: columns[name] for name in columns.columns}
    return {
        name: column if constants and _is_one(column) else _listed(column)
        for name, column in columns.items()
    }


def _is_one(value: Any) -> bool:
    return isinstance(value, str | bytes) or not hasattr(value, "__iter__")


def _listed(column: Any) -> list[Any]:
    if _is_one(column):
        raise RefusedError(Refusal.WRONG_TYPE)
    listed = getattr(column, "tolist", None)
    if listed is not None:
        return list(listed())
    if hasattr(column, "__len__"):
        return list(column)
    found = list(islice(column, MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise RefusedError(Refusal.TOO_LARGE, len(found))
    return found


def _full(column: Any, rows: int) -> Any:
    return column if isinstance(column, list) else repeat(column, rows)


def _mappings(table: Mapping[Any, Any], rows: int) -> Any:
    """Columns a name to a mapping a row."""
    if not table:
        return repeat({}, rows)
    names = list(table)
    columns = [_full(column, rows) for column in table.values()]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
