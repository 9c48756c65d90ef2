"""The open alerts of a model as the rest of a worker sees them, each with its id."""

from __future__ import annotations

from collections.abc import Iterator

from stream_monitor.alerts.event import alert_id
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey
from stream_monitor.metrics.snapshot import OpenAlert
from stream_monitor.pipeline.model_state import ModelState


def open_alerts(name: str, model: ModelState) -> Iterator[OpenAlert]:
    """Every open alert of a model, under the id it was published with."""
    published = {
        episode.event.key: episode.event.alert_id
        for episode in model.episodes
        if episode.event.is_open
    }
    for key, state in model.all_alerts.items():
        if state.is_open:
            severity = str(state.severity or "warning")
            its = published.get((key.family.value, key.monitor, key.column))
            yield OpenAlert(
                name,
                key.family,
                key.monitor,
                key.column,
                severity,
                its or _id(name, key, state),
                state.started_at_ms or 0,
            )


def _id(name: str, key: AlertKey, state: AlertState) -> str:
    if state.first is None:
        return ""
    about = (key.family.value, key.monitor, key.column)
    return alert_id(name, *about, state.first.pane_ms, state.reference_hash)
