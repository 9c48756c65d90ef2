"""What a record holds: its headers say the format, a reader takes the message apart."""

from __future__ import annotations

from typing import Any

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events import arrow, columnar
from stream_monitor.events.batch import RecordLike
from stream_monitor.events.columnar import Columns, Form
from stream_monitor.events.faults import kind
from stream_monitor.events.json_text import parse
from stream_monitor.events.limits import Limits

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"


def content(record: RecordLike, limits: Limits, form: Form) -> Columns | dict[str, Any]:
    """The columns of a columnar message, or else the JSON object of a single one.

    Raises ``BadMessageError`` with the reason, whatever the bytes are.
    """
    value = record.value
    if not value:
        raise BadMessageError(
            Reason.EMPTY,
            f"The record has no value; send one {form.what} or a batch of {form.what}s.",
        )
    found = media_type(record)
    if found == ARROW:
        return arrow.from_stream(value, _header(record, "model"), limits, form)
    if found != JSON:
        raise BadMessageError(
            Reason.UNKNOWN_CONTENT_TYPE,
            f"The header `content-type` is {found[:80]!r}; send {JSON} or {ARROW}.",
        )
    message = parse(value)
    if not isinstance(message, dict):
        raise BadMessageError(
            Reason.NOT_AN_OBJECT,
            f"The JSON is {kind(message)}; send one object a message, with a `model`.",
        )
    if message.get("columns") is None:
        return message
    return columnar.from_json(message, limits, form)


def media_type(record: RecordLike) -> str:
    """What the header ``content-type`` says, without parameters; JSON where there is none."""
    return (_header(record, "content-type") or JSON).partition(";")[0].strip().lower()


def _header(record: RecordLike, name: str) -> str | None:
    """A header's text, the last one of that name in any case; None where there is none."""
    for key, value in reversed(record.headers):
        if key.lower() == name:
            return (value or b"").decode("utf-8", "replace") or None
    return None
