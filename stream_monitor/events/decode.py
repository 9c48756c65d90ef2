"""The door of the pipeline: Kafka records in, column batches of events and rejections out."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events import arrow, columnar, rows
from stream_monitor.events.batch import Decoded, EventBatch, RecordLike, Rejected
from stream_monitor.events.faults import kind
from stream_monitor.events.join import join
from stream_monitor.events.json_text import parse
from stream_monitor.events.limits import Limits

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"


class Decoder:
    """Reads the records of one source partition, offsets ascending.

    A record without the header ``content-type``, or with ``application/json``, is one event
    or a columnar batch in JSON; with ``application/vnd.apache.arrow.stream`` it is a columnar
    batch in Arrow. Never raises, whatever the bytes: a record that cannot be read is in
    ``Decoded.rejected``, in offset order, and a columnar message is taken or rejected as a
    whole. So the rows that came in are the rows of the batches and of the rejected records.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def decode(self, records: Sequence[RecordLike]) -> Decoded:
        """All that the records hold: a batch a model, its rows in offset order.

        The batches are ordered by their first offset. A model has more than one batch only
        where its rows differ so much in their names that a table would be mostly empty.
        """
        kept: list[RecordLike] = []
        events: list[rows.Event] = []
        batches: list[EventBatch] = []
        rejected: list[Rejected] = []
        read = rows.read_event
        for record in records:
            value = record.value
            if value and not record.headers:
                try:
                    events.append(read(value))
                    kept.append(record)
                    continue
                except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
                    pass
            try:
                read_slowly = self._careful(record)
            except BadMessageError as error:
                rejected.append(Rejected(record, error.reason, error.sentence))
                continue
            if isinstance(read_slowly, rows.Event):
                events.append(read_slowly)
                kept.append(record)
            else:
                batches += read_slowly
        if events:
            of_events, refused = rows.batches(kept, events, self._limits)
            batches += of_events
            rejected = sorted([*rejected, *refused], key=lambda one: one.record.offset)
        return Decoded(batches=join(batches), rejected=tuple(rejected))

    def _careful(self, record: RecordLike) -> rows.Event | list[EventBatch]:
        """One record of any format; raises ``BadMessageError`` with the reason."""
        value = record.value
        if not value:
            raise BadMessageError(
                Reason.EMPTY, "The record has no value; send one event or a batch of events."
            )
        content_type = _header(record, "content-type")
        media_type = (content_type or JSON).partition(";")[0].strip().lower()
        if media_type == ARROW:
            columns = arrow.from_stream(value, _header(record, "model"), self._limits)
            return columnar.batches(columns, record, self._limits)
        if media_type != JSON:
            raise BadMessageError(
                Reason.UNKNOWN_CONTENT_TYPE,
                f"The header `content-type` is {media_type[:80]!r}; send {JSON} or {ARROW}.",
            )
        message = parse(value)
        if not isinstance(message, dict):
            raise BadMessageError(
                Reason.NOT_AN_OBJECT,
                f"The JSON is {kind(message)}; send one object a message, with a `model`.",
            )
        if message.get("columns") is None:
            return rows.careful_event(message, record, self._limits)
        return columnar.batches(columnar.from_json(message, self._limits), record, self._limits)


def _header(record: RecordLike, name: str) -> str | None:
    """A header's text, the last one of that name in any case; None where there is none."""
    for key, value in reversed(record.headers):
        if key.lower() == name:
            return (value or b"").decode("utf-8", "replace") or None
    return None
