"""What was logged, as it waits in the queue: captured at once, looked at later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.weight import weigh


class Event(Struct, gc=False):  # thousands wait: nothing in them is for the garbage collector
    """One prediction; the names are those of ``docs/events.md``, the values as they came."""

    features: Mapping[Any, object]
    prediction: object
    score: object
    scores: Mapping[Any, object] | None
    latency_ms: object
    ground_truth: object
    prediction_id: object
    timestamp: object
    model_version: object
    segments: Mapping[Any, object] | None
    traceparent: object
    tracestate: object


class Label(Struct, gc=False):
    """The truth about one prediction."""

    prediction_id: object
    ground_truth: object
    timestamp: object


def weight(row: Event | Label) -> int:
    """About how many bytes a row holds, see ``weigh``."""
    values = [getattr(row, name) for name in row.__struct_fields__]
    return _ROW + weigh(values)


#: The bytes of a row itself, and of its place in the queue.
_ROW = 300

#: How objects that are rows of names and values say so: pandas, named tuples, pydantic.
_AS_MAPPING = ("_asdict", "to_dict", "model_dump")


def captured(row: object) -> dict[Any, object]:
    """A copy of a row's names and values, one level deep; ``{}`` for None.

    A row is a mapping, a pandas Series, a named tuple or a pydantic model. Raises
    ``RefusedError`` for anything else, a table of many rows included.
    """
    if type(row) is dict:
        return row.copy()
    if row is None:
        return {}
    if isinstance(row, Mapping):
        return dict(row)
    if not hasattr(row, "columns"):  # a table, which is for log_batch
        for name in _AS_MAPPING:
            method = getattr(row, name, None)
            if method is not None:
                return dict(method())
    raise RefusedError(Refusal.WRONG_TYPE)
