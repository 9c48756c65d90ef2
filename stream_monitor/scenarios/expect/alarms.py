"""Alerts beside those that must come, may come, and must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream_monitor.alerts.rule import OPEN
from stream_monitor.config import duration
from stream_monitor.scenarios.expect.outcome import Outcome
from stream_monitor.scenarios.spec.expectations import Alarm, Expectations, Found

_STARTED = "started"


@dataclass(frozen=True, slots=True)
class Said:
    """One event of an alert; ``at_ms`` is the end of its window, since the start of the stream."""

    status: str
    family: str
    monitor: str
    columns: tuple[str, ...]
    at_ms: int


def said(document: Mapping[str, Any], start_ms: int) -> Said:
    """An event of the topic ``alerts`` as scenarios look at it."""
    return Said(
        document["status"],
        document["family"],
        document["monitor"],
        tuple(carrier["column"] for carrier in document["columns"]),
        document["window_end_ms"] - start_ms,
    )


def found(wanted: Sequence[Found], alerts: Sequence[Said], begins_ms: int) -> Iterator[Outcome]:
    """What each alert that must come has come to, one outcome a column."""
    for one in wanted:
        after = begins_ms if one.after_ms is None else one.after_ms
        stated = f"{one.status} by {duration.render(one.by_ms)}"
        if after:
            stated = f"{one.status} after {duration.render(after)}, by {duration.render(one.by_ms)}"
        about = [event for event in alerts if _of(one, event) and _status(one, event)]
        if one.status != _STARTED:
            # Of what is over only the alert's own end counts, not what was before it began.
            about = [event for event in about if event.at_ms > after]
        for column in one.columns or ("",):
            times = [e.at_ms for e in about if not column or column in e.columns]
            yield Outcome(
                named(one.family, one.monitor, column),
                stated,
                f"{one.status} at {duration.render(min(times))}" if times else "never",
                bool(times) and after < min(times) <= one.by_ms,
            )


def forbidden(expect: Expectations, alerts: Sequence[Said], begins_ms: int) -> Iterator[Outcome]:
    """What must never be, and every other alarm that is not accounted for, each once."""
    opened = [event for event in alerts if event.status in OPEN]
    for never in expect.never:
        for column in never.columns or ("",):
            hits = [e for e in opened if _of(never, e) and (not column or column in e.columns)]
            was = f"started at {duration.render(hits[0].at_ms)}" if hits else "never"
            yield Outcome(named(never.family, never.monitor, column), "never", was, not hits)
    if expect.nothing_else:
        odd = [*_unaccounted(expect, opened, begins_ms)]
        yield from odd or [Outcome("anything else", "no alarm", "no alarm", True)]


def _unaccounted(expect: Expectations, opened: Sequence[Said], begins_ms: int) -> Iterator[Outcome]:
    """Columns in alarm that neither must nor may be, or were before anything had happened."""
    listed: list[Found | Alarm] = [one for one in expect.found if one.status == _STARTED]
    listed += expect.may
    seen: set[tuple[str, str, str]] = set()
    for event in opened:
        about = [one for one in listed if _of(one, event)]
        early = event.at_ms <= begins_ms
        for column in event.columns or ("",):
            key = (event.family, event.monitor, column)
            covered = any(not one.columns or column in one.columns for one in about)
            if (covered and not early) or key in seen:
                continue
            seen.add(key)
            stated = f"nothing before {duration.render(begins_ms)}" if covered else "no alarm"
            yield Outcome(
                named(*key), stated, f"{event.status} at {duration.render(event.at_ms)}", False
            )


def named(family: str, monitor: str | None, column: str) -> str:
    """An alarm in a table: ``drift of feature:income``."""
    by = f" ({monitor})" if monitor is not None and monitor != "evidence" else ""
    return f"{family}{by}" + (f" of {column}" if column else "")


def _of(wanted: Found | Alarm, event: Said) -> bool:
    return wanted.family == event.family and wanted.monitor in (None, event.monitor)


def _status(wanted: Found, event: Said) -> bool:
    """Started: open with that column, which may have joined an alert that was there."""
    if wanted.status == _STARTED:
        return event.status in OPEN
    return event.status == wanted.status
