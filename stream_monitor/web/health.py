"""The health and readiness of a worker as JSON documents, from its snapshot and the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stream_monitor.alerts.times import rfc3339
from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.label_view import HeldView, LabelsView
from stream_monitor.metrics.snapshot import (
    NotifiedView,
    PartitionView,
    RedisView,
    Snapshot,
    WorkerState,
)
from stream_monitor.metrics.version import package_version

#: A snapshot older than this was left behind by an event loop that hangs: 30 swaps missed.
STALE_AFTER_MS = 30_000
#: At most so many models are listed; ``models_total`` counts them all.
MAX_MODELS = 1_000


def is_stale(snapshot: Snapshot, now_ms: int) -> bool:
    """Whether the event loop has not said anything for too long."""
    return now_ms - snapshot.as_of_ms > STALE_AFTER_MS


def is_ready(snapshot: Snapshot, now_ms: int) -> bool:
    """Whether the worker runs and its event loop is alive: HTTP 200, otherwise 503.

    A joiner that still reads its log does not make a worker unready: predictions are read and
    windows judged meanwhile, and what labels tell is only later for it.
    """
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

    Of labels that come later: what was read, and what the joiners hold and are still reading.
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
        "labels": _labels(snapshot.labels),
        "alertmanagers": [_notified(view) for view in snapshot.notified],
        "redis": _redis(snapshot.redis),
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


def _notified(view: NotifiedView) -> dict[str, Any]:
    """How the notifier gets on with one Alertmanager; ``problem`` is of the last request."""
    return {
        "url": view.alertmanager,
        "told": view.told,
        "waiting": view.waiting,
        "dropped": view.dropped,
        "problem": view.problem or None,
    }


def _redis(view: RedisView | None) -> dict[str, Any] | None:
    """How the shared view is written; ``null`` without one. It never makes a worker unready."""
    if view is None:
        return None
    return {
        "address": view.address,
        "connected": view.connected,
        "written": view.writes,
        "waiting": view.waiting,
        "dropped": view.dropped,
        "refilling": view.refilling,
        "refilled": view.refilled,
        "problem": view.problem or None,
    }


def _labels(labels: LabelsView) -> dict[str, Any]:
    """Counts since the start, and what the joiners of this worker hold."""
    said = dict.fromkeys(Outcome, 0)
    for (_, outcome), count in labels.outcomes.items():
        said[outcome] += count
    held = sum(labels.held.values(), HeldView())
    return {
        "records": labels.records,
        "rejected": sum(labels.rejected.values()),
        "outcomes": {outcome.value: count for outcome, count in said.items()},
        "too_late": sum(labels.too_late.values()),
        "predictions_without_id": sum(labels.without_id.values()),
        "predictions_held": held.predictions,
        "predictions_held_labelled": held.labelled,
        "waiting": held.waiting,
        "joiners": len(labels.joiners),
        "recovering": sum(joiner.recovering for joiner in labels.joiners),
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
        "labels": {
            "label_join_ratio": snapshot.labels.join_ratio(name),
            "labels_matched_ratio": snapshot.labels.matched_ratio(name),
            "waiting": snapshot.labels.held.get(name, HeldView()).waiting,
        },
        "last_window": (
            {
                "start": report["window"]["start"],
                "end": report["window"]["end"],
                "revision": report["revision"],
                "rows": report["rows"],
                "labelled": report["labelled"],
                "coverage": (
                    min(1.0, report["labelled"] / report["rows"]) if report["rows"] else None
                ),
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
