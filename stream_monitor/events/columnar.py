"""Columnar messages: many rows of one message to batches, whatever wrote the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.batch import EventBatch, RawColumn, RecordLike
from stream_monitor.events.faults import check_model, check_names, kind, wrong_type
from stream_monitor.events.limits import Limits
from stream_monitor.events.rows import ID_TYPES, VERSION_TYPES, empty, scored
from stream_monitor.events.timestamps import column_ms


class Form(NamedTuple):
    """What a topic's messages hold: ``plain`` columns, and ``groups`` of a column a name.

    ``what`` is one row in a word, for sentences. All other columns are ignored.
    """

    what: str
    plain: tuple[str, ...]
    groups: tuple[str, ...] = ()


EVENTS = Form(
    "event",
    (
        "timestamp",
        "prediction_id",
        "model_version",
        "prediction",
        "score",
        "latency_ms",
        "ground_truth",
    ),
    ("features", "segments", "scores"),
)

# may be one value for all rows of a JSON message
_CONSTANTS = frozenset({"timestamp", "model_version", "segments"})


@dataclass(frozen=True, slots=True)
class Columns:
    """A message's columns, all of ``rows`` rows.

    ``model`` is one name for all rows or a column; ``at`` is the path in front of the
    columns' names, for sentences.
    """

    rows: int
    model: object
    plain: Mapping[str, RawColumn]
    groups: Mapping[str, Mapping[str, RawColumn]]
    at: str


def from_json(message: Mapping[str, Any], limits: Limits, form: Form) -> Columns:
    """The columns of a JSON message; raises ``BadMessageError``.

    The shape of events is ``{"model": …, "model_version": …, "columns": {"timestamp": […],
    "prediction": […], "features": {"age": […]}, "segments": {"country": […]},
    "scores": {"yes": […]}, …}}``. ``timestamp``, ``model_version`` and a segment may be one
    value for all rows. Unknown columns are ignored; a null column is no column.
    """
    columns = message["columns"]
    if type(columns) is not dict:
        raise wrong_type("columns", columns, "an object of columns")
    sent: dict[tuple[str, ...], object] = {}
    if "model_version" in form.plain:
        version = message.get("model_version")
        if type(version) not in VERSION_TYPES:
            raise wrong_type("model_version", version, "a string or a number")
        sent["model_version",] = version
    sent |= {(name,): columns[name] for name in form.plain if columns.get(name) is not None}
    for group in form.groups:
        members = columns.get(group)
        if members is not None and type(members) is not dict:
            raise wrong_type(f"columns.{group}", members, "an object of columns")
        check_names(members or {}, f"columns.{group}", limits)
        sent |= {(group, name): column for name, column in (members or {}).items()}
    sent = {path: column for path, column in sent.items() if column is not None}
    for path, column in sent.items():
        if not isinstance(column, list) and (path[0] not in _CONSTANTS or type(column) is dict):
            where = ".".join(("columns", *path))
            raise wrong_type(where, column, "an array with a value for each row")
    rows = _common_length(sent)
    _check_size(rows, len(sent), limits)
    full = {
        path: column if isinstance(column, list) else [column] * rows
        for path, column in sent.items()
    }
    return Columns(
        rows=rows,
        model=message.get("model"),
        plain={path[0]: column for path, column in full.items() if len(path) == 1},
        groups={
            group: {path[1]: full[path] for path in full if len(path) == 2 and path[0] == group}
            for group in form.groups
        },
        at="columns.",
    )


def batches(columns: Columns, record: RecordLike, limits: Limits) -> list[EventBatch]:
    """The rows as batches of one model each; raises ``BadMessageError`` for the whole message.

    A message is taken or refused as a whole, so that its dead letter can be sent again.
    """
    _check_size(columns.rows, len(columns.plain) + sum(map(len, columns.groups.values())), limits)
    for group, members in columns.groups.items():
        check_names(members, f"{columns.at}{group}", limits)
    models = models_of(columns, limits)
    if columns.rows == 0:
        return []
    plain = columns.plain
    check_ids(columns)
    _check_types(plain, columns.at, "model_version", VERSION_TYPES, "strings or numbers")
    whole = EventBatch(
        model="",
        offsets=np.full(columns.rows, record.offset, dtype=np.int64),
        timestamps=column_ms(
            plain.get("timestamp"), columns.rows, record, limits, f"{columns.at}timestamp"
        ),
        features=columns.groups["features"],
        prediction=plain.get("prediction"),
        score=plain.get("score"),
        scores=_scores(columns.groups["scores"]),
        latency_ms=plain.get("latency_ms"),
        ground_truth=plain.get("ground_truth"),
        prediction_ids=plain.get("prediction_id"),
        model_versions=plain.get("model_version"),
        segments=columns.groups["segments"],
    )
    found: dict[str, int] = {}
    keys = np.array([found.setdefault(model, len(found)) for model in models])
    if len(found) == 1:
        return [_named(whole, models[0])]
    named = list(found)
    return [_named(part, named[key]) for key, part in whole.split(keys)]


def models_of(columns: Columns, limits: Limits) -> list[str]:
    """The model of each row, or the one of all."""
    if not isinstance(columns.model, list):
        return [check_model(columns.model, "model", limits)]
    checked = {model: check_model(model, "model", limits) for model in columns.model}
    return [checked[model] for model in columns.model]


def check_ids(columns: Columns) -> None:
    """Raise ``BadMessageError`` where a prediction's id is neither text, integer nor null."""
    _check_types(columns.plain, columns.at, "prediction_id", ID_TYPES, "strings or integers")


def _common_length(sent: Mapping[tuple[str, ...], object]) -> int:
    lists = [(path, column) for path, column in sent.items() if isinstance(column, list)]
    if not lists:
        return 0
    first, rows = lists[0][0], len(lists[0][1])
    for path, column in lists:
        if len(column) != rows:
            raise BadMessageError(
                Reason.RAGGED_COLUMNS,
                f"`columns.{'.'.join(path)}` has {len(column)} values and "
                f"`columns.{'.'.join(first)}` has {rows}; "
                "send a value for each row in every column, null where there is none.",
            )
    return rows


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    if rows > limits.max_rows:
        raise BadMessageError(
            Reason.TOO_LARGE,
            f"The message has {rows} rows; send at most {limits.max_rows} in one message.",
        )
    if rows * columns > limits.max_values:
        raise BadMessageError(
            Reason.TOO_LARGE,
            f"The message has {rows} rows of {columns} columns; "
            f"send at most {limits.max_values} values in one message.",
        )


def _check_types(
    plain: Mapping[str, RawColumn], at: str, name: str, types: frozenset[type], expected: str
) -> None:
    column = plain.get(name)
    if column is None:
        return
    kinds = {type(column[0].item())} if isinstance(column, np.ndarray) else set(map(type, column))
    if not kinds <= types:
        row = next(i for i, value in enumerate(_values(column)) if type(value) not in types)
        raise BadMessageError(
            Reason.WRONG_TYPE,
            f"`{at}{name}[{row}]` is {kind(_values(column)[row])}; send {expected} instead.",
        )


def _scores(members: Mapping[str, RawColumn]) -> RawColumn | None:
    """Columns a class to a mapping of class to score a row."""
    rows = zip(*map(_values, members.values()), strict=True)
    return [scored(dict(zip(members, row, strict=True))) for row in rows] or None


def _values(column: RawColumn) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _named(batch: EventBatch, model: str) -> EventBatch:
    """The batch under its model's name, without columns that have no value in any row."""

    def column(raw: RawColumn | None) -> RawColumn | None:
        return None if raw is None or _is_empty(raw) else raw

    def table(columns: Mapping[str, RawColumn]) -> dict[str, RawColumn]:
        return {name: raw for name, raw in columns.items() if not _is_empty(raw)}

    return replace(
        batch,
        model=model,
        features=table(batch.features),
        prediction=column(batch.prediction),
        score=column(batch.score),
        scores=column(batch.scores),
        latency_ms=column(batch.latency_ms),
        ground_truth=column(batch.ground_truth),
        prediction_ids=column(batch.prediction_ids),
        model_versions=column(batch.model_versions),
        segments=table(batch.segments),
    )


def _is_empty(raw: RawColumn) -> bool:
    return not isinstance(raw, np.ndarray) and empty(raw)
