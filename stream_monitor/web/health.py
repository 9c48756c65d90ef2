"""The health and readiness of a worker as JSON documents, from its snapshot and the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stream_monitor.alerts.event import rfc3339
from stream_monitor.metrics.snapshot import PartitionView, Snapshot, WorkerState
from stream_monitor.metrics.version import package_version

#: A snapshot older than this was left behind by an event loop that hangs: 30 swaps missed.
STALE_AFTER_MS = 30_000
#: At most so many models are listed; ``models_total`` counts them all.
MAX_MODELS = 1_000


def is_stale(snapshot: Snapshot, now_ms: int) -> bool:
    """Whether the event loop has not said anything for too long."""
    return now_ms - snapshot.as_of_ms > STALE_AFTER_MS


def is_ready(snapshot: Snapshot, now_ms: int) -> bool:
    """Whether the worker runs and its event loop is alive: HTTP 200, otherwise 503."""
    return snapshot.state is WorkerState.RUNNING and not is_stale(snapshot, now_ms)


def ready_document(snapshot: Snapshot, now_ms: int) -> dict[str, Any]:
    """Yes or no, and the state that says so."""
    return {
        "ready": is_ready(snapshot, now_ms),
        "state": snapshot.state.value,
        "stale": is_stale(snapshot, now_ms),
    }


def health_document(snapshot: Snapshot, now_ms: int) -> dict[str, Any]:
    """The state, what the worker reads and how far behind, and each model's latest window.

    Lag and age are seconds; every time is given in RFC 3339 (UTC), ``null`` where unknown.
    """
    models = sorted(snapshot.models)
    return {
        **ready_document(snapshot, now_ms),
        "version": package_version(),
        "since": _time(snapshot.state_since_ms or None),
        "as_of": _time(snapshot.as_of_ms or None),
        "uptime_seconds": max(0, now_ms - snapshot.started_ms) / 1000 if snapshot.started_ms else 0,
        "records": snapshot.records,
        "rejected": sum(snapshot.rejected.values()),
        "rebalances": snapshot.rebalances,
        "errors": snapshot.errors,
        "last_error": (
            {"message": snapshot.last_error, "at": _time(snapshot.last_error_ms)}
            if snapshot.last_error
            else None
        ),
        "partitions": [_partition(view, snapshot.as_of_ms) for view in snapshot.partitions],
        "models_total": len(models),
        "models": {name: _model(name, snapshot) for name in models[:MAX_MODELS]},
    }


def _partition(view: PartitionView, as_of_ms: int) -> dict[str, Any]:
    return {
        "topic": view.topic,
        "partition": view.partition,
        "position": view.position,
        "committed": view.committed,
        "highwater": view.highwater,
        "lag_records": view.lag_records,
        "lag_seconds": view.lag_seconds(as_of_ms),
    }


def _model(name: str, snapshot: Snapshot) -> dict[str, Any]:
    reference, report = snapshot.references.get(name), snapshot.reports.get(name)
    watermark = snapshot.watermarks.get(name)
    return {
        "events": snapshot.events.get(name, 0),
        "reference": reference.hash if reference is not None else None,
        "watermark": _time(watermark),
        "watermark_lag_seconds": (
            max(0, snapshot.as_of_ms - watermark) / 1000 if watermark is not None else None
        ),
        "open_alerts": sum(alert.model == name for alert in snapshot.open_alerts),
        "last_window": (
            {
                "start": report["window"]["start"],
                "end": report["window"]["end"],
                "rows": report["rows"],
                "status": report["status"],
                "drifted": list(report["drifted"]),
            }
            if report is not None
            else None
        ),
    }


def _time(ms: int | None) -> str | None:
    """RFC 3339 where the calendar has the time, else ``null``: an answer must not fail on it."""
    if ms is None or not _FIRST_MS <= ms <= _LAST_MS:
        return None
    return rfc3339(ms)


_FIRST_MS, _LAST_MS = 0, int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000
