"""The door of the pipeline: Kafka records in, column batches of events and rejections out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from stream_monitor.errors import BadMessageError
from stream_monitor.events import columnar, rows, typed
from stream_monitor.events.batch import Decoded, EventBatch, RecordLike, Rejected
from stream_monitor.events.columnar import EVENTS, Columns
from stream_monitor.events.join import join
from stream_monitor.events.limits import Limits
from stream_monitor.events.message import JSON, content, media_type
from stream_monitor.events.shapes import Shapes

# how many events may not fit, beyond half of those read, before a call stops to try
_MISFITS = 64


@dataclass(slots=True)
class _Found:
    """What a call has read so far: events and their records, row by row, and all else."""

    records: list[RecordLike] = field(default_factory=list)
    events: list[Struct] = field(default_factory=list)
    batches: list[EventBatch] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def by_type(self) -> Iterator[tuple[type[Struct], list[RecordLike], list[Struct]]]:
        """The events of each type of struct, with their records."""
        types = [*map(type, self.events)]
        if len(set(types)) == 1:
            yield types[0], self.records, self.events
            return
        numbers: dict[type[Struct], list[int]] = {}
        for i, struct in enumerate(types):
            numbers.setdefault(struct, []).append(i)
        for struct, of_type in numbers.items():
            yield struct, [self.records[i] for i in of_type], [self.events[i] for i in of_type]


class Decoder:
    """Reads the records of one source partition, offsets ascending.

    A record without the header ``content-type``, or with ``application/json``, is one event
    or a columnar batch in JSON; with ``application/vnd.apache.arrow.stream`` it is a columnar
    batch in Arrow. Never raises, whatever the bytes: a record that cannot be read is in
    ``Decoded.rejected``, in offset order, and a columnar message is taken or rejected as a
    whole. So the rows that came in are the rows of the batches and of the rejected records.

    It learns what a model's events look like, to read the next ones faster. That changes
    nothing about what it finds: a column may come as an array instead of a list, with an
    integer among floats as the same float.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shapes = Shapes(limits)

    def decode(self, records: Sequence[RecordLike]) -> Decoded:
        """All that the records hold: a batch a model, its rows in offset order.

        The batches are ordered by their first offset. A model has more than one batch only
        where its rows differ so much in their names that a table would be mostly empty.
        """
        found = self._read(records, self._shapes.read)
        batches, rejected = found.batches, found.rejected
        fitting: dict[str, int] = {}
        general: list[tuple[RecordLike, rows.Event]] = []
        odd: list[RecordLike] = []
        for struct, of_records, of_events in found.by_type():
            if struct is rows.Event:
                general += _general(of_records, of_events)
                continue
            learned = self._shapes.of(struct)
            batch, odd_rows = typed.gather(learned, of_records, of_events, self._limits)
            fitting[learned.model] = len(of_events) - len(odd_rows)
            odd += [of_records[i] for i in odd_rows]
            if batch is not None:
                batches.append(batch)
        if odd:
            again = self._read(odd, rows.read_event)
            batches += again.batches
            rejected += again.rejected
            general += _general(again.records, again.events)
            general.sort(key=lambda row: row[0].offset)
        events = [event for _, event in general]
        if events:
            kept = [record for record, _ in general]
            of_general, refused = rows.batches(kept, events, self._limits)
            batches += of_general
            rejected += refused
        self._shapes.settle(fitting, events)
        rejected.sort(key=lambda one: one.record.offset)
        return Decoded(batches=join(batches), rejected=tuple(rejected))

    def _read(self, records: Sequence[RecordLike], read: Callable[[bytes], Struct]) -> _Found:
        """Each record by ``read`` where that succeeds, else the general way, else carefully."""
        found = _Found()
        kept, events = found.records, found.events
        misfits = 0
        for record in records:
            value = record.value
            try:
                if value and (not record.headers or media_type(record) == JSON):
                    try:
                        events.append(read(value))
                        kept.append(record)
                        continue
                    except msgspec.ValidationError:
                        misfits += 1
                        event = self._general(record, value)
                    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
                        event = self._careful(record)
                else:
                    event = self._careful(record)
            except BadMessageError as error:
                found.rejected.append(Rejected(record, error.reason, error.sentence))
                continue
            if isinstance(event, rows.Event):
                events.append(event)
                kept.append(record)
            else:
                found.batches += event
            if misfits > _MISFITS + len(events) // 2:
                read = rows.read_event
        return found

    def _general(self, record: RecordLike, value: bytes) -> rows.Event | list[EventBatch]:
        try:
            return rows.read_event(value)
        except (ValueError, RecursionError):
            return self._careful(record)

    def _careful(self, record: RecordLike) -> rows.Event | list[EventBatch]:
        """One record of any format; raises ``BadMessageError`` with the reason."""
        found = content(record, self._limits, EVENTS)
        if isinstance(found, Columns):
            return columnar.batches(found, record, self._limits)
        return rows.careful_event(found, record, self._limits)


def _general(
    records: Sequence[RecordLike], events: Sequence[Struct]
) -> list[tuple[RecordLike, rows.Event]]:
    return [
        (record, event)
        for record, event in zip(records, events, strict=True)
        if isinstance(event, rows.Event)
    ]
