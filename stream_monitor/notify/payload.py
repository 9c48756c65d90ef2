"""An episode as Alertmanager's alert: labels that stay the same, annotations that may change.

The only place that knows the fields of an alert document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from stream_monitor.alerts.columns import ranked
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.names import listed, name_of
from stream_monitor.alerts.rule import OPEN, Status
from stream_monitor.alerts.times import rfc3339
from stream_monitor.detectors.verdict import Family
from stream_monitor.metrics.families import label_text
from stream_monitor.metrics.snapshot import OpenAlert

#: The alerts of ``alerting/rules/models.yml``, so that routes and runbooks are the same.
ALERTNAME = {
    Family.DRIFT.value: "StreamMonitorModelDrift",
    Family.QUALITY.value: "StreamMonitorDataQuality",
    Family.PERFORMANCE.value: "StreamMonitorPerformanceDegraded",
    Family.LATENCY.value: "StreamMonitorLatencyHigh",
}
#: Alertmanager takes more, but a message with more is read by nobody. Characters.
MAX_TEXT = 2_000

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Links:
    """Where an alert leads: to the figures (``{model}`` is the model's name), to its runbook."""

    generator_url: str | None = None
    runbook_url: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode. To Alertmanager two alerts are the same if their labels are."""

    episode: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(repr=False)
    starts_ms: int
    generator_url: str = ""

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """What tells it from other alerts."""
        return tuple(sorted(self.labels.items()))


def is_open(document: Document) -> bool:
    """Whether the episode goes on after this; ValueError for a status that nobody knows."""
    status = document["status"]
    return Status(status) in OPEN


def ended_ms(document: Document) -> int | None:
    """When the episode ended, in event time; ``None`` where it is not said."""
    ended: int | None = document["recovered_at"]
    return ended


def alert_of(document: Document, links: Links) -> Alert:
    """The alert of a document on the topic alerts."""
    event = AlertEvent.from_dict(document)
    columns = [each.column for each in ranked(event.columns)]
    texts = {
        "summary": _summary(document, columns),
        "description": event.summary,
        "look_first": event.look_first,
        "columns": ", ".join(columns),
    }
    about = (event.model, event.family, event.monitor, event.severity)
    return _alert(event.alert_id, about, texts, event.started_at, links)


def alert_of_open(held: OpenAlert, links: Links) -> Alert:
    """The alert of an episode that is known from a worker's state alone, after a rebalance."""
    about = f"{held.monitor} of {held.column}" if held.column else held.monitor
    texts = {
        "summary": f"{held.model}: {about} is in alarm ({held.severity})",
        "description": "Another worker has taken this model over. The topic alerts has the "
        "figures with which the episode began.",
        "columns": held.column,
    }
    ids = (held.model, held.family, held.monitor, held.severity)
    return _alert(held.episode, ids, texts, held.started_ms, links)


def posted(alert: Alert, ends_ms: int) -> dict[str, Any]:
    """The alert as the v2 API takes it; one that ends in the past is over."""
    document: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": _time(alert.starts_ms),
        "endsAt": _time(ends_ms),
    }
    if alert.generator_url:
        document["generatorURL"] = alert.generator_url
    return document


def _alert(
    episode: str,
    about: tuple[str, str, str, str],
    texts: Mapping[str, str],
    starts_ms: int,
    links: Links,
) -> Alert:
    model, family, monitor, severity = map(label_text, about)
    name = ALERTNAME[family]
    generator = (links.generator_url or "").replace("{model}", quote(model, safe=""))
    return Alert(
        episode=episode,
        labels={
            "alertname": name,
            "subsystem": "models",
            "model": model,
            "family": family,
            "monitor": monitor,
            "severity": severity,
            "episode": episode,
        },
        annotations={
            **{key: label_text(text)[:MAX_TEXT] for key, text in texts.items() if text},
            "runbook_url": f"{links.runbook_url}/{name}.md",
        },
        starts_ms=starts_ms,
        generator_url=generator,
    )


def _time(ms: int) -> str:
    """In RFC 3339; what the calendar does not have is its nearest end."""
    return rfc3339(min(max(ms, 0), _LAST_MS))


_LAST_MS = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000


def _summary(document: Document, columns: Sequence[str]) -> str:
    """One line: which model, what, how bad."""
    about = document["monitor"].replace("_", " ")
    if columns:
        about += f" of {listed([name_of(column) for column in columns])}"
    return f"{document['model']}: {about} is in alarm ({document['severity']})"
