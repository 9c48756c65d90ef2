"""Event times: from what producers send to integer milliseconds since 1970, exactly.

Accepted, for one event or a column of them:

* an integer of milliseconds, also written as a number without fraction (``1.7e12``);
* an RFC 3339 string with or without a fraction. Digits beyond the millisecond are cut off,
  never rounded. Without an offset it is read as UTC. A leap second (``:60``) is the first
  second of the next minute, as in POSIX;
* nothing (``null`` or absent): the Kafka timestamp of the record.

A time before 1973-03-03 (10^11 ms) or after 5138-11-16 (10^14 ms) is refused, because an
integer there is a time in another unit; so are booleans, negative numbers and fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter

import numpy as np

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.batch import IntArray, RawColumn, RecordLike
from stream_monitor.events.faults import kind, show
from stream_monitor.events.limits import MAX_MS as MAX_MS
from stream_monitor.events.limits import MIN_MS as MIN_MS
from stream_monitor.events.limits import Limits

_timestamp = attrgetter("timestamp")
_WANTED = "send integer milliseconds since 1970 or an RFC 3339 string"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# fromisoformat alone also takes week dates, dates without time and commas
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)"
    r"(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)


def to_ms(value: object, where: str) -> int:
    """One time as integer ms; ``BadMessageError`` (``BAD_TIMESTAMP``) says what is wrong."""
    if isinstance(value, str):
        ms = _parse(value, where)
        if not MIN_MS <= ms <= MAX_MS:
            raise _bad(
                f"`{where}` {show(value)} lies outside 1973-03-03 to 5138-11-16; "
                "send the time at which the prediction was made."
            )
        return ms
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(f"`{where}` is {kind(value)}; {_WANTED}.")
    if isinstance(value, float) and not value.is_integer():
        raise _bad(f"`{where}` {show(value)} is not a whole number; {_WANTED}.")
    ms = int(value)
    if ms < 0:
        raise _bad(f"`{where}` {show(value)} is negative; {_WANTED}.")
    if ms < MIN_MS:
        raise _bad(
            f"`{where}` {show(value)} looks like seconds; "
            "multiply by 1000 to send milliseconds since 1970."
        )
    if ms > MAX_MS:
        unit, factor = ("microseconds", "1000") if ms < 10**17 else ("nanoseconds", "1000000")
        raise _bad(
            f"`{where}` {show(value)} looks like {unit}; "
            f"divide by {factor} to send milliseconds since 1970."
        )
    return ms


def record_ms(record: RecordLike) -> int:
    """The record's Kafka timestamp, 0 where it has none (aiokafka says -1 or ``None``)."""
    return max(record.timestamp or 0, 0)


def instead_ms(record: RecordLike, where: str) -> int:
    """The record's Kafka timestamp as the time of an event that brings none."""
    if record_ms(record) == 0:
        raise BadMessageError(
            Reason.MISSING_FIELD,
            f"`{where}` is missing and the record has no Kafka timestamp either; {_WANTED}.",
        )
    return to_ms(record_ms(record), "the record's Kafka timestamp")


def event_ms(value: object, record: RecordLike, limits: Limits, where: str) -> int:
    """One event's time, checked against its record's Kafka timestamp.

    One bad clock must not advance the watermark: a time later than the record's timestamp
    plus the tolerance is refused. A record without a timestamp gives no check.
    """
    if value is None:
        return instead_ms(record, where)
    ms = to_ms(value, where)
    arrived = record_ms(record)
    if arrived and ms > arrived + limits.future_tolerance_ms:
        raise BadMessageError(
            Reason.FUTURE_TIMESTAMP,
            f"`{where}` {show(value)} is {ms - arrived} ms after the record's Kafka timestamp, "
            f"more than the {limits.future_tolerance_ms} ms allowed; set the producer's clock.",
        )
    return ms


def plain_ms(values: list[object]) -> IntArray | None:
    """The column as int64 when all of it is integers of ms in range, else None."""
    if set(map(type, values)) != {int}:
        return None
    try:
        times = np.array(values, dtype=np.int64)
    except OverflowError:
        return None
    return times if times.min() >= MIN_MS and times.max() <= MAX_MS else None


def each_ms(values: list[object], records: Sequence[RecordLike], limits: Limits) -> IntArray | None:
    """A time for each record, where all are integers in range and not in the future, else None."""
    times = plain_ms(values)
    if times is None:
        return None
    arrived = np.array([at or 0 for at in map(_timestamp, records)], dtype=np.int64)
    early = (arrived <= 0) | (times - limits.future_tolerance_ms <= arrived)
    return times if early.all() else None


def column_ms(
    raw: RawColumn | None, rows: int, record: RecordLike, limits: Limits, where: str
) -> IntArray:
    """The times of a columnar message's rows (int64); raises at the first bad one."""
    if raw is None:
        return np.full(rows, instead_ms(record, where), dtype=np.int64)
    values = raw.tolist() if isinstance(raw, np.ndarray) else list(raw)
    times = plain_ms(values)
    latest = record_ms(record) + limits.future_tolerance_ms
    if times is not None and (record_ms(record) == 0 or times.max() <= latest):
        return times
    return np.array(
        [event_ms(v, record, limits, f"{where}[{i}]") for i, v in enumerate(values)],
        dtype=np.int64,
    )


def _parse(text: str, where: str) -> int:
    if _RFC3339.fullmatch(text) is None:
        hint = "send the integer without quotes" if text.isdecimal() else _WANTED
        raise _bad(f"`{where}` {show(text)} is not an RFC 3339 time; {hint}.")
    leap = text[17:19] == "60"
    try:
        moment = datetime.fromisoformat((f"{text[:17]}59{text[19:]}" if leap else text).upper())
    except ValueError as error:
        raise _bad(f"`{where}` {show(text)} is no date of the calendar ({error}).") from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    ms = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    return ms + 1000 if leap else ms


def _bad(sentence: str) -> BadMessageError:
    return BadMessageError(Reason.BAD_TIMESTAMP, sentence)
