"""Events of one learned shape, gathered into columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from struct import pack
from types import NoneType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream_monitor.errors import BadMessageError
from stream_monitor.events.batch import EventBatch, IntArray, RawColumn, RecordLike
from stream_monitor.events.faults import check_names
from stream_monitor.events.join import FREE_CELLS
from stream_monitor.events.limits import Limits
from stream_monitor.events.rows import empty, scored, transpose
from stream_monitor.events.shape import EXACT, Learned, Part
from stream_monitor.events.timestamps import MAX_MS, MIN_MS, event_ms

_Odd = NDArray[np.bool_]
_COLUMNS = (
    "prediction",
    "score",
    "latency_ms",
    "ground_truth",
    "prediction_id",
    "model_version",
)
_offset = attrgetter("offset")
_timestamp = attrgetter("timestamp")


def gather(
    learned: Learned, records: Sequence[RecordLike], events: Sequence[Struct], limits: Limits
) -> tuple[EventBatch | None, list[int]]:
    """The events' batch, without the rows that must be read the general way: their numbers.

    Those are rows that will be rejected, or whose numbers a float cannot tell apart.
    """
    rows = len(events)
    odd = np.zeros(rows, dtype=np.bool_)
    fields, kinds = transpose(events), learned.fields
    names = sum(len(part.names) for part in learned.parts.values())
    scores = None if kinds["scores"] is NoneType else fields["scores"]
    sparse = not learned.whole and rows * names > FREE_CELLS
    if sparse or (scores is not None and not _fit(scores, limits)):
        return None, list(range(rows))
    times = _times(fields["timestamp"], kinds["timestamp"], records, limits, odd)
    cells = {("", name): (fields[name], kinds[name]) for name in _COLUMNS}
    for where, part in learned.parts.items():
        if kinds[where] is not NoneType:
            cells |= _cells(where, part, fields[where])
    columns = _columns(cells, odd)

    def table(part: str) -> dict[str, RawColumn]:
        paths = [path for path in cells if path[0] == part and path in columns]
        return {path[1]: columns[path] for path in paths}

    batch = EventBatch(
        model=learned.model,
        offsets=np.fromiter(map(_offset, records), dtype=np.int64, count=rows),
        timestamps=times,
        features=table("features"),
        prediction=columns.get(("", "prediction")),
        score=columns.get(("", "score")),
        scores=None if scores is None else _objects([*map(scored, scores)]),
        latency_ms=columns.get(("", "latency_ms")),
        ground_truth=columns.get(("", "ground_truth")),
        prediction_ids=columns.get(("", "prediction_id")),
        model_versions=columns.get(("", "model_version")),
        segments=table("segments"),
    )
    if not odd.any():
        return batch, []
    good = np.flatnonzero(~odd).tolist()
    if not good:
        return None, list(range(rows))
    # from the start: a column may have no value in the rows that are left
    left, _ = gather(learned, [records[i] for i in good], [events[i] for i in good], limits)
    return left, np.flatnonzero(odd).tolist()


def _fit(scores: Sequence[Mapping[str, object] | None], limits: Limits) -> bool:
    """Whether all names of classes are surely within the limits."""
    try:
        check_names(dict.fromkeys(chain.from_iterable(filter(None, scores))), "scores", limits)
    except BadMessageError:
        return False
    return True


def _times(
    values: list[object], kind: type, records: Sequence[RecordLike], limits: Limits, odd: _Odd
) -> IntArray:
    """The events' times; any other row, which then has no time, is odd."""
    rows = len(values)
    arrived = np.fromiter([at or 0 for at in map(_timestamp, records)], np.int64, rows)
    if kind is int:
        times = _integers(values)
        if times is None:
            odd[:] = True
            return arrived
        odd |= (arrived > 0) & (times - limits.future_tolerance_ms > arrived)
    elif kind is NoneType:
        times = arrived
    else:
        times = np.full(rows, MIN_MS, dtype=np.int64)
        for i, (value, record) in enumerate(zip(values, records, strict=True)):
            try:
                times[i] = event_ms(value, record, limits, "timestamp")
            except BadMessageError:
                odd[i] = True
    odd |= (times < MIN_MS) | (times > MAX_MS)
    return times


def _cells(
    where: str, part: Part, structs: list[Any]
) -> dict[tuple[str, str], tuple[list[Any], type]]:
    """The values of a part, and their types, by name."""
    if part.blank is not None:
        structs = [part.blank if struct is None else struct for struct in structs]
    of_fields = zip(part.names, transpose(structs).values(), part.types, strict=True)
    return {(where, name): (values, kind) for name, values, kind in of_fields}


def _columns(
    cells: Mapping[tuple[str, str], tuple[list[Any], type]], odd: _Odd
) -> dict[tuple[str, str], RawColumn]:
    """The columns with a value in any row, arrays where they have a type.

    A row with a float that may not be exact becomes odd.
    """
    columns: dict[tuple[str, str], RawColumn] = {}
    of_floats: dict[tuple[str, str], list[Any]] = {}
    for path, (values, kind) in cells.items():
        if kind is float:
            of_floats[path] = values
            continue
        column = _typed(values, kind)
        if column is not None:
            columns[path] = column
    if of_floats:
        # all at once: with few rows a call of numpy costs more than what it does
        numbers = pack(f"{len(of_floats) * len(odd)}d", *chain.from_iterable(of_floats.values()))
        floats = np.frombuffer(numbers, dtype=np.float64).reshape(-1, len(odd))
        if max(floats.max(), -floats.min()) >= EXACT:
            odd |= (np.abs(floats) >= EXACT).any(axis=0)
        columns.update(zip(of_floats, floats, strict=True))
    return columns


def _typed(values: list[Any], kind: type) -> RawColumn | None:
    if kind is int:
        integers = _integers(values)
        return values if integers is None else integers
    if kind is bool:
        return np.array(values, dtype=np.bool_)
    return None if kind is NoneType else _objects(values)


def _objects(values: list[Any]) -> RawColumn | None:
    return None if empty(values) else values


def _integers(values: list[object]) -> IntArray | None:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return None
