"""Arrow IPC streams: a columnar message whose numbers never become Python objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.batch import RawColumn
from stream_monitor.events.columnar import Columns, Form
from stream_monitor.events.limits import Limits

# What pyarrow raises for foreign bytes and for types it cannot convert. ArrowException is
# the base of its own errors; the others come from its Python side.
_ERRORS = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    NotImplementedError,
    MemoryError,
)
_BYTES_A_VALUE = 8  # of a message's largest size in memory
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def from_stream(value: bytes, header_model: str | None, limits: Limits, form: Form) -> Columns:
    """The columns of a message; raises ``BadMessageError``.

    Columns are named as in the JSON forms; features, segments and scores are struct columns
    or flat columns such as ``features.age``. ``timestamp`` is an integer of ms, a timestamp
    of any unit, or RFC 3339 text. ``model`` is a text column, a key of the schema's metadata
    or a header of the record, whichever is there first.

    Integers, floats and booleans without nulls become int64, float64 and bool arrays, views
    of the message where that is possible. Everything else becomes a list of objects, so that
    null and NaN stay apart; decimals become floats, dates and times their ISO text. A value
    of any other type, such as a list, becomes ``[]``: a wrong type wherever it stands.
    """
    try:
        table = _read(value, limits)
        metadata = table.schema.metadata or {}
        flat = _flat(table, form)
        if len(flat) * table.num_rows > limits.max_values:  # before any of it is an object
            raise _too_large("values", limits.max_values)
        columns = {
            path: (_times if path == ("timestamp",) else _raw)(column, limits)
            for path, column in flat.items()
        }
        in_schema = metadata.get(b"model", b"").decode() or None
    except _ERRORS as error:
        first_line = str(error).partition("\n")[0][:200]
        raise BadMessageError(
            Reason.NOT_ARROW,
            f"The value is not a readable Arrow IPC stream ({first_line}); write it with "
            "pyarrow.ipc.new_stream, or change the header `content-type`.",
        ) from None
    model = columns.get(("model",), in_schema or header_model)
    return Columns(
        rows=table.num_rows,
        model=model.tolist() if isinstance(model, np.ndarray) else model,
        plain={path[0]: column for path, column in columns.items() if path[0] in form.plain},
        groups={
            group: {path[1]: columns[path] for path in columns if path[0] == group}
            for group in form.groups
        },
        at="",
    )


def _read(value: bytes, limits: Limits) -> pa.Table:
    rows = held = 0
    batches: list[Any] = []
    with pyarrow.ipc.open_stream(value) as reader:
        for batch in reader:
            rows += batch.num_rows
            if rows > limits.max_rows:
                raise _too_large("rows", limits.max_rows)
            batch.validate(full=True)  # offsets may point anywhere in foreign bytes
            held += batch.get_total_buffer_size()
            if held > _BYTES_A_VALUE * limits.max_values:
                raise _too_large("bytes", _BYTES_A_VALUE * limits.max_values)
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def _flat(table: pa.Table, form: Form) -> Mapping[tuple[str, ...], Any]:
    """The known columns by path, structs taken apart; a null struct is null in its members."""
    columns: dict[tuple[str, ...], Any] = {}
    known, groups = {*form.plain, "model"}, form.groups
    for i, field in enumerate(table.schema):
        group, dot, name = field.name.partition(".")
        if field.name not in known and group not in groups:
            continue
        column: Any = table[i].combine_chunks()
        if group in groups and dot:
            columns[group, name] = column
        elif group in groups:
            if not pa.types.is_struct(column.type):
                raise BadMessageError(
                    Reason.WRONG_TYPE,
                    f"`{field.name}` is a column of {field.type}; "
                    f"send a struct column, or flat columns named `{field.name}.NAME`.",
                )
            members = zip(column.type, column.flatten(), strict=True)
            columns |= {(group, member.name): values for member, values in members}
        else:
            columns[(field.name,)] = column
    return columns


def _raw(column: Any, limits: Limits) -> RawColumn:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    is_a = pa.types
    if is_a.is_dictionary(column.type):
        return _pick(_raw(column.dictionary, limits), column.indices)
    if is_a.is_decimal(column.type):
        column = column.cast(pa.float64())
    elif is_a.is_date(column.type) or is_a.is_time(column.type) or is_a.is_timestamp(column.type):
        column = column.cast(pa.string())
    found = _numpy_type(column.type)
    if found is not None and column.null_count == 0:
        numbers: NDArray[Any] = column.to_numpy(zero_copy_only=False)
        return numbers.astype(found, copy=False)
    kind = column.type
    if is_a.is_string_view(kind) or is_a.is_binary_view(kind):
        _check_views(column, limits)
    elif found is None and not (
        kind in (pa.null(), pa.uint64(), pa.string(), pa.large_string())
        or is_a.is_binary(kind)
        or is_a.is_large_binary(kind)
    ):  # never taken apart: a few bytes can stand for many objects
        return [[] if valid else None for valid in column.is_valid().to_pylist()]
    objects: list[object] = column.to_pylist()
    return objects


def _pick(values: RawColumn, indices: Any) -> RawColumn:
    """A dictionary column: rows share the objects, and a long text is there once."""
    if isinstance(values, np.ndarray):
        if indices.null_count == 0:
            rows: NDArray[np.int64] = indices.to_numpy(zero_copy_only=False)
            picked: NDArray[Any] = values[rows]
            return picked
        values = values.tolist()
    return [None if i is None else values[i] for i in indices.to_pylist()]


def _check_views(column: Any, limits: Limits) -> None:
    """Refuse views of more text than a message may hold: many may show the same bytes."""
    lengths = np.frombuffer(column.buffers()[1], dtype=np.int32)[::4]  # of 16 bytes each
    shown = lengths[column.offset : column.offset + len(column)].sum(dtype=np.int64)
    if shown > _BYTES_A_VALUE * limits.max_values:
        raise _too_large("bytes of text", _BYTES_A_VALUE * limits.max_values)


def _numpy_type(kind: pa.DataType) -> type[np.generic] | None:
    if pa.types.is_floating(kind):
        return np.float64
    if pa.types.is_integer(kind) and kind != pa.uint64():  # which may not fit
        return np.int64
    return np.bool_ if pa.types.is_boolean(kind) else None


def _times(column: Any, limits: Limits) -> RawColumn:
    """A timestamp column as integer ms (cut off, not rounded); any other as it is."""
    if not pa.types.is_timestamp(column.type):
        return _raw(column, limits)
    per_second = _PER_SECOND[column.type.unit]
    ticks = column.cast(pa.int64())
    if ticks.null_count:
        return [None if tick is None else tick * 1000 // per_second for tick in ticks.to_pylist()]
    values: NDArray[np.int64] = ticks.to_numpy(zero_copy_only=False)
    if per_second < 1000:  # far beyond any time that is taken, and no overflow
        return np.clip(values, -(10**15), 10**15) * 1000
    return values // (per_second // 1000)


def _too_large(what: str, limit: int) -> BadMessageError:
    return BadMessageError(
        Reason.TOO_LARGE,
        f"The message has more than {limit} {what}; send at most {limit} in one message.",
    )
