"""Single events: one JSON object a message, gathered into columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from stream_monitor.errors import BadMessageError
from stream_monitor.events.batch import EventBatch, IntArray, RawColumn, RecordLike, Rejected
from stream_monitor.events.faults import check_model, check_names, wrong_type
from stream_monitor.events.join import FREE_CELLS
from stream_monitor.events.limits import Limits
from stream_monitor.events.timestamps import each_ms, event_ms

_offset = attrgetter("offset")
# and beyond FREE_CELLS, how many cells for each value that is there
_CELLS_A_VALUE = 4


class _Named(NamedTuple):
    """One part of the events (features, segments or scores): a mapping a row, and all names."""

    rows: Sequence[Mapping[str, object]]
    names: Sequence[str]


_NONE = _Named([], [])


class Event(Struct, gc=False):  # JSON has no cycles: nothing here needs collecting
    """The envelope of one event.

    What describes the event is typed here. What the monitor judges (the values of features,
    prediction, score, latency, ground truth) may be anything and becomes a quality fact.
    """

    model: str
    features: dict[str, object] | None = None
    model_version: str | int | float | None = None
    prediction_id: str | int | None = None
    timestamp: int | float | str | None = None
    prediction: object = None
    score: object = None
    scores: dict[str, object] | None = None
    latency_ms: object = None
    ground_truth: object = None
    segments: dict[str, object] | None = None
    columns: None = None  # a columnar message does not fit, and goes the careful way


#: The strict and fast reader of the common message; any error sends it the careful way.
read_event: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode

_OBJECT = ((dict,), "an object of names and values")
_SHAPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "features": _OBJECT,
    "model_version": ((str, int, float), "a string or a number"),
    "prediction_id": ((str, int), "a string or an integer"),
    "scores": ((dict,), "an object of classes and their scores"),
    "segments": _OBJECT,
}
ID_TYPES = frozenset(_SHAPES["prediction_id"][0]) | {type(None)}
VERSION_TYPES = frozenset(_SHAPES["model_version"][0]) | {type(None)}


def careful_event(message: dict[str, Any], record: RecordLike, limits: Limits) -> Event:
    """The same as ``read_event`` from a parsed message, with a sentence for what is wrong."""
    check_model(message.get("model"), "model", limits)
    for name, (types, expected) in _SHAPES.items():
        value = message.get(name)
        if value is not None and type(value) not in types:
            raise wrong_type(name, value, expected)
    event_ms(message.get("timestamp"), record, limits, "timestamp")
    return Event(**{name: message[name] for name in Event.__struct_fields__ if name in message})


def batches(
    records: Sequence[RecordLike], events: Sequence[Event], limits: Limits
) -> tuple[list[EventBatch], list[Rejected]]:
    """Events and their records, row by row, to batches of one model each.

    A model has one batch; several, cut along the offsets, only where its rows differ so much
    in their names that a table of all names would be mostly empty.
    """
    done: list[EventBatch] = []
    rejected: list[Rejected] = []
    models = {event.model for event in events}
    if len(models) == 1:
        groups = {models.pop(): (records, events)}
    else:
        rows: dict[str, tuple[list[RecordLike], list[Event]]] = {}
        for record, event in zip(records, events, strict=True):
            of_model = rows.setdefault(event.model, ([], []))
            of_model[0].append(record)
            of_model[1].append(event)
        groups = {**rows}
    for model, (of_records, of_events) in groups.items():
        named = _named(of_events)
        fit = _fit(model, named, limits)
        times = each_ms([e.timestamp for e in of_events], of_records, limits) if fit else None
        if times is None:
            of_records, of_events, times, bad = _sift(of_records, of_events, limits, names=not fit)
            if bad:
                rejected += bad
                named = _named(of_events)
        if of_events:
            offsets = np.array([*map(_offset, of_records)], dtype=np.int64)
            done += _gather(model, offsets, times, of_events, named)
    return done, rejected


def _fit(model: str, named: Mapping[str, _Named], limits: Limits) -> bool:
    """Whether all names of a model's events are surely within the limits."""
    try:
        check_model(model, "model", limits)
        for where, part in named.items():
            check_names(part.names, where, limits)
    except BadMessageError:  # one row's fault, or no row's: together they may have more names
        return False
    return True


def _sift(
    records: Sequence[RecordLike], events: Sequence[Event], limits: Limits, *, names: bool
) -> tuple[list[RecordLike], list[Event], IntArray, list[Rejected]]:
    """The same checks row by row: the good rows, and a sentence for each of the others."""
    good: list[tuple[RecordLike, Event]] = []
    times: list[int] = []
    rejected: list[Rejected] = []
    for record, event in zip(records, events, strict=True):
        try:
            if names:
                check_model(event.model, "model", limits)
                for where, part in _named([event]).items():
                    check_names(part.names, where, limits)
            times.append(event_ms(event.timestamp, record, limits, "timestamp"))
        except BadMessageError as error:
            rejected.append(Rejected(record, error.reason, error.sentence))
        else:
            good.append((record, event))
    kept = [record for record, _ in good], [event for _, event in good]
    return *kept, np.array(times, dtype=np.int64), rejected


def _named(events: Sequence[Event]) -> dict[str, _Named]:
    """The parts of the events that bring names of their own, where any event has the part."""
    parts = {
        "features": [event.features for event in events],
        "segments": [event.segments for event in events],
        "scores": [event.scores for event in events],
    }
    return {
        where: _Named(rows, _names(rows))
        for where, column in parts.items()
        if any(column)
        for rows in [[part or {} for part in column]]
    }


def _names(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """All names, in order of first appearance."""
    first = list(rows[0])
    alike = [list(row) == first for row in rows]  # as a list faster than as a generator
    return first if all(alike) else list(dict.fromkeys(chain.from_iterable(rows)))


def _gather(
    model: str,
    offsets: IntArray,
    times: IntArray,
    events: Sequence[Event],
    named: Mapping[str, _Named],
) -> list[EventBatch]:
    features, segments = named.get("features", _NONE), named.get("segments", _NONE)
    cells = len(events) * (len(features.names) + len(segments.names))
    if cells > FREE_CELLS and len(events) > 1:
        values = sum(map(len, chain(features.rows, segments.rows)))
        if cells > FREE_CELLS + _CELLS_A_VALUE * values:
            half = len(events) // 2
            first, last = events[:half], events[half:]
            return [
                *_gather(model, offsets[:half], times[:half], first, _named(first)),
                *_gather(model, offsets[half:], times[half:], last, _named(last)),
            ]
    fields = transpose(events)
    return [
        EventBatch(
            model=model,
            offsets=offsets,
            timestamps=times,
            features=_table(features),
            prediction=_column(fields["prediction"]),
            score=_column(fields["score"]),
            scores=_column([scored(row) for row in named["scores"].rows])
            if "scores" in named
            else None,
            latency_ms=_column(fields["latency_ms"]),
            ground_truth=_column(fields["ground_truth"]),
            prediction_ids=_column(fields["prediction_id"]),
            model_versions=_column(fields["model_version"]),
            segments=_table(segments),
        )
    ]


def transpose(structs: Sequence[Struct]) -> dict[str, list[Any]]:
    """Each field's column; the structs are of one type and at least one."""
    names = structs[0].__struct_fields__
    # one flat list and strides: no tuple a row stays behind for the garbage collector
    cells = list(chain.from_iterable(map(astuple, structs)))
    return {name: cells[i :: len(names)] for i, name in enumerate(names)}


def scored(scores: Mapping[str, object] | None) -> dict[str, object] | None:
    """A row's scores without the classes that have none; None where no class has one."""
    if not scores:
        return None
    return {name: score for name, score in scores.items() if score is not None} or None


def empty(values: Sequence[object]) -> bool:
    """Whether no row has a value."""
    return values[0] is None and all(value is None for value in values)


def _table(part: _Named) -> dict[str, RawColumn]:
    """Mappings a row to columns a name, without the names that have no value in any row."""
    rows = part.rows
    try:
        columns = {name: [row[name] for row in rows] for name in part.names}
    except KeyError:
        columns = {name: [row.get(name) for row in rows] for name in part.names}
    return {name: column for name, column in columns.items() if not empty(column)}


def _column(values: list[object]) -> RawColumn | None:
    return None if empty(values) else values
