from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.encode import encode_event
from stream_monitor.events.limits import Limits
from stream_monitor.events.timestamps import MAX_MS, MIN_MS, to_ms
from tests.events.tables import NOW, decode, record


@settings(deadline=None)
@given(
    st.integers(MIN_MS + 86_400_000, MAX_MS - 86_400_000),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.text("0123456789", max_size=12),
    st.sampled_from("Tt "),
)
def test_a_time_in_any_zone_and_precision_is_exact_to_the_millisecond(
    ms: int, minutes: int, finer: str, separator: str
) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime.fromtimestamp(ms // 1000, UTC).astimezone(zone)
    offset = moment.strftime("%z")
    written = f"{moment:%Y-%m-%d}{separator}{moment:%H:%M:%S}.{ms % 1000:03}{finer}"
    assert to_ms(f"{written}{offset[:3]}:{offset[3:]}", "timestamp") == ms


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("2026-11-01T00:00:00Z", 1793491200000),
        ("2026-11-01t00:00:00z", 1793491200000),
        ("2026-11-01 00:00:00", 1793491200000),  # no offset: UTC
        ("2026-11-01T00:00:00.5Z", 1793491200500),
        ("2026-11-01T00:00:00.9999999Z", 1793491200999),  # cut off, not rounded
        ("2026-11-01T02:00:00+02:00", 1793491200000),
        ("2016-12-31T23:59:60Z", 1483228800000),  # a leap second
        (1793491200000, 1793491200000),
        (1.7934912e12, 1793491200000),
    ],
)
def test_every_accepted_form_of_a_time(written: object, ms: int) -> None:
    assert to_ms(written, "timestamp") == ms


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (1_790_000_000, "looks like seconds"),
        (0, "looks like seconds"),
        (1_790_000_000_000_000, "looks like microseconds"),
        (1_790_000_000_000_000_000, "looks like nanoseconds"),
        (10**400, "looks like nanoseconds"),
        (-1, "is negative"),
        (1_790_000_000_000.5, "not a whole number"),
        (float("nan"), "not a whole number"),
        (float("inf"), "not a whole number"),
        (True, "is a boolean"),
        ([], "is an array"),
        ("1790000000000", "without quotes"),
        ("yesterday", "not an RFC 3339 time"),
        ("2026-W01-1", "not an RFC 3339 time"),
        ("2026-11-01", "not an RFC 3339 time"),
        ("2026-11-01T24:00:00Z", "not an RFC 3339 time"),
        ("2026-11-01T00:00:00,5Z", "not an RFC 3339 time"),
        ("٢026-11-01T00:00:00Z", "not an RFC 3339 time"),
        ("2026-02-29T00:00:00Z", "no date of the calendar"),
        ("0000-01-01T00:00:00Z", "no date of the calendar"),
        ("0001-01-01T00:00:00+23:59", "outside 1973-03-03 to 5138-11-16"),
        ("9999-12-31T23:59:60-23:59", "outside 1973-03-03 to 5138-11-16"),
    ],
)
def test_a_wrong_time_is_refused_with_what_it_looks_like(wrong: object, words: str) -> None:
    with pytest.raises(BadMessageError, match=words) as caught:
        to_ms(wrong, "timestamp")
    assert caught.value.reason is Reason.BAD_TIMESTAMP
    assert "`timestamp`" in caught.value.sentence


def event(timestamp: int | str | None) -> bytes:
    return encode_event(model="m", features={"a": 1}, timestamp=timestamp)


def test_an_event_without_a_time_has_its_records_time() -> None:
    (batch,) = decode(record(event(None), timestamp=NOW - 7)).batches
    assert batch.timestamps.tolist() == [NOW - 7]


@pytest.mark.parametrize("timestamp", [0, -1])
def test_an_event_without_any_time_is_refused(timestamp: int) -> None:
    (rejected,) = decode(record(event(None), timestamp=timestamp)).rejected
    assert rejected.reason is Reason.MISSING_FIELD
    assert "no Kafka timestamp either" in rejected.sentence


def test_a_records_time_in_another_unit_is_no_events_time() -> None:
    (rejected,) = decode(record(event(None), timestamp=NOW // 1000)).rejected
    assert rejected.reason is Reason.BAD_TIMESTAMP
    assert "the record's Kafka timestamp" in rejected.sentence


def test_a_time_in_the_future_is_refused_and_its_neighbours_are_taken() -> None:
    limits = Limits(future_tolerance_ms=1000)
    records = [record(event(NOW + late), offset=i) for i, late in enumerate((0, 1001, 1000))]
    decoded = decode(*records, limits=limits)
    assert decoded.batches[0].offsets.tolist() == [0, 2]
    assert decoded.batches[0].timestamps.tolist() == [NOW, NOW + 1000]
    (rejected,) = decoded.rejected
    assert (rejected.record, rejected.reason) == (records[1], Reason.FUTURE_TIMESTAMP)
    assert "1001 ms after the record's Kafka timestamp" in rejected.sentence


@pytest.mark.parametrize("timestamp", [0, -1])
def test_a_record_without_a_time_gives_no_check_of_the_future(timestamp: int) -> None:
    assert len(decode(record(event(NOW * 2), timestamp=timestamp)).batches) == 1


def test_times_of_unlike_forms_in_one_batch_are_all_read() -> None:
    forms: list[int | str | None] = [NOW, "2026-11-01T00:00:00Z", None]
    records = [
        record(event(form), offset=i, timestamp=1793491200000) for i, form in enumerate(forms)
    ]
    assert decode(*records).batches[0].timestamps.tolist() == [NOW, 1793491200000, 1793491200000]
