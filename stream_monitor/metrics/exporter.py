"""The snapshot of a worker as a Prometheus exposition.

Every scrape is made from one snapshot alone: what the worker has lost is not in the next
snapshot, so no stale series stays behind. Meant for a thread of its own: 1,000 series cost
some milliseconds.
"""

from __future__ import annotations

import gzip
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder, gzip_accepted

from stream_monitor.alerts.rule import Severity
from stream_monitor.metrics import names, outward
from stream_monitor.metrics.caps import Caps, choose_columns, choose_models
from stream_monitor.metrics.families import Families
from stream_monitor.metrics.figures import add_report, columns_of
from stream_monitor.metrics.labelling import add_labels, add_labels_of
from stream_monitor.metrics.snapshot import (
    ApiView,
    NotifiedView,
    OpenAlert,
    PartitionView,
    RedisView,
    Snapshot,
)
from stream_monitor.metrics.version import package_version


class SnapshotCollector:
    """A collector of ``prometheus_client`` over whatever ``read`` returns at a scrape.

    Safe for concurrent scrapes. A model, column or alert beyond ``caps`` has no series of its
    own; how many those are is ``stream_monitor_labels_dropped``.
    """

    def __init__(self, read: Callable[[], Snapshot], caps: Caps | None = None) -> None:
        self._read = read
        self._caps = caps or Caps()
        self._shown: frozenset[str] = frozenset()

    def describe(self) -> list[Metric]:
        """All families without samples: what a registry checks for clashes."""
        return Families.described()

    def collect(self) -> Iterator[Metric]:
        """The families of the present snapshot."""
        snapshot = self._read()
        models = choose_models(
            snapshot.models,
            referenced=snapshot.references,
            kept=self._shown,
            cap=self._caps.models,
        )
        self._shown = models
        out = Families()
        _add_worker(out, snapshot)
        add_labels(out, snapshot.labels)
        for view in snapshot.partitions:
            _add_partition(out, view, snapshot.as_of_ms)
        for model in sorted(models):
            _add_model(out, model, snapshot)
            add_labels_of(out, model, snapshot.labels)
        wanted = {m: columns_of(report) for m, report in snapshot.reports.items() if m in models}
        columns = choose_columns(wanted, self._caps.columns)
        for model in sorted(wanted):
            add_report(out, model, snapshot.reports[model], columns[model])
        _add_alerts(out, snapshot.open_alerts, self._caps.alerts)
        _add_notified(out, snapshot.notified)
        _add_redis(out, snapshot.redis)
        for limit in names.HTTP_LIMITS:
            out.add(outward.HTTP_CLOSED, snapshot.http_closed.get(limit, 0), limit)
        _add_api(out, snapshot.api)
        for what in sorted(snapshot.view_dropped):
            out.add(outward.VIEW_DROPPED, snapshot.view_dropped[what], what)
        if snapshot.peers is not None:
            for outcome in names.PEER_OUTCOMES:
                out.add(outward.PEER_REQUESTS, snapshot.peers.get(outcome, 0), outcome)
        for label, dropped in (
            ("model", len(snapshot.models) - len(models)),
            ("column", sum(map(len, wanted.values())) - sum(map(len, columns.values()))),
            ("alert", max(0, len(snapshot.open_alerts) - self._caps.alerts)),
        ):
            out.add(names.LABELS_DROPPED, dropped, label)
        return out.filled()


@dataclass(frozen=True, slots=True)
class Exposition:
    """The body of a scrape's answer, with its ``Content-Type`` and, if any, encoding."""

    content_type: str
    encoding: str | None
    body: bytes


class Exporter:
    """The exposition of a worker's snapshots.

    Give a ``registry`` to add the worker's series to it; without one they get a registry of
    their own, which also has the process's memory, CPU time and open files (``process_*``).
    """

    def __init__(
        self,
        read: Callable[[], Snapshot],
        registry: CollectorRegistry | None = None,
        caps: Caps | None = None,
    ) -> None:
        if registry is None:
            registry = CollectorRegistry()
            ProcessCollector(registry=registry)
        registry.register(SnapshotCollector(read, caps))
        self._registry = registry

    def expose(
        self, accept: str = "", accept_encoding: str = "", only: Sequence[str] = ()
    ) -> Exposition:
        """What a scrape that sends these headers gets: Prometheus text, or OpenMetrics if asked.

        ``only`` restricts the answer to the samples of these names (``?name[]=`` of the query).
        """
        encode, content_type = choose_encoder(accept)
        body = encode(self._registry.restricted_registry(only) if only else self._registry)
        if gzip_accepted(accept_encoding):
            return Exposition(content_type, "gzip", gzip.compress(body, compresslevel=1))
        return Exposition(content_type, None, body)


def _add_worker(out: Families, snapshot: Snapshot) -> None:
    out.add(names.BUILD, 1, package_version(), platform.python_version())
    for state in names.STATES:
        out.add(names.STATE, snapshot.state is state, state)
    if snapshot.started_ms:
        out.add(names.STARTED, snapshot.started_ms / 1000)
    if snapshot.as_of_ms:
        out.add(names.AS_OF, snapshot.as_of_ms / 1000)
    out.add(names.REBALANCES, snapshot.rebalances)
    out.add(names.ERRORS, snapshot.errors)
    out.add_histogram(names.HANDLE, snapshot.handles)
    out.add_histogram(names.EMIT, snapshot.emits)
    out.add_histogram(names.LABEL_HANDLE, snapshot.label_handles)
    out.add_histogram(names.LABEL_EMIT, snapshot.label_emits)
    out.add_histogram(names.RECORD_DELAY, snapshot.record_delays)
    out.add_histogram(names.REPORT_DELAY, snapshot.report_delays)
    out.add(names.RECORDS, snapshot.records)
    out.add(names.SLOTS, snapshot.slots_received)
    out.add(names.SLOTS_REPEATED, snapshot.repeated)
    for reason in dict.fromkeys((*names.REASONS, *sorted(snapshot.rejected))):
        out.add(names.REJECTED, snapshot.rejected.get(reason, 0), reason)
    for limit in dict.fromkeys((*names.LIMITS, *sorted(snapshot.dropped))):
        out.add(names.DROPPED, snapshot.dropped.get(limit, 0), limit)


def _add_partition(out: Families, view: PartitionView, as_of_ms: int) -> None:
    event_s = None if view.last_event_ms is None else view.last_event_ms / 1000
    for spec, value in (
        (names.LAG_RECORDS, view.lag_records),
        (names.LAG_SECONDS, view.lag_seconds(as_of_ms)),
        (names.POSITION, view.position),
        (names.COMMITTED, view.committed),
        (names.HIGHWATER, view.highwater),
        (names.LAST_EVENT, event_s),
    ):
        if value is not None:
            out.add(spec, value, view.topic, str(view.partition))


def _add_model(out: Families, model: str, snapshot: Snapshot) -> None:
    """A model's counts, from 0 on, and what stands of it beside its report."""
    out.add(names.EVENTS, snapshot.events.get(model, 0), model)
    out.add(names.WITHOUT_REFERENCE, snapshot.without_reference.get(model, 0), model)
    out.add(names.LATE, snapshot.late.get(model, 0), model)
    for status in names.WINDOW_STATUSES:
        out.add(names.WINDOWS, snapshot.windows.get((model, status), 0), model, status)
    for said in names.ALERT_STATUSES:
        out.add(names.ALERTS, snapshot.alerts.get((model, said), 0), model, said)
    if model in snapshot.watermarks:
        out.add(names.WATERMARK, snapshot.watermarks[model] / 1000, model)
    reference = snapshot.references.get(model)
    if reference is not None:
        out.add(names.REFERENCE, 1, model, reference.hash)
        out.add(names.REFERENCE_CREATED, reference.created_ms / 1000, model)
        if reference.error is not None:
            out.add(names.REFERENCE_ERROR, reference.error, model)


def _add_alerts(out: Families, alerts: Sequence[OpenAlert], cap: int) -> None:
    """Each open alert, critical ones first, and how many there are."""
    for severity in names.SEVERITIES:
        out.add(names.ALERTS_OPEN, sum(a.severity == severity for a in alerts), severity)
    ranked = sorted(alerts, key=lambda alert: (alert.severity != Severity.CRITICAL, alert))
    for alert in ranked[:cap]:
        labels = (alert.model, alert.family, alert.monitor, alert.column, alert.severity)
        out.add(names.ALERT_ACTIVE, 1, *labels)


def _add_notified(out: Families, views: Sequence[NotifiedView]) -> None:
    """How the notifier gets on with each Alertmanager."""
    for view in views:
        for spec, value in (
            (outward.NOTIFIED, view.told),
            (outward.NOTIFY_REQUESTS, view.requests),
            (outward.NOTIFY_FAILURES, view.failures),
            (outward.NOTIFY_DROPPED, view.dropped),
            (outward.NOTIFY_WAITING, view.waiting),
        ):
            out.add(spec, value, view.alertmanager)


def _add_redis(out: Families, view: RedisView | None) -> None:
    """How the shared view is written, where there is one."""
    if view is None:
        return
    for spec, value in (
        (outward.REDIS_CONNECTED, view.connected),
        (outward.REDIS_WRITES, view.writes),
        (outward.REDIS_FAILURES, view.failures),
        (outward.REDIS_DROPPED, view.dropped),
        (outward.REDIS_REFILLED, view.refilled),
        (outward.REDIS_WAITING, view.waiting),
    ):
        out.add(spec, value)


def _add_api(out: Families, view: ApiView | None) -> None:
    """What the HTTP API has done, where there is one."""
    if view is None:
        return
    for (route, status), count in sorted(view.requests.items()):
        out.add(outward.API_REQUESTS, count, route, str(status))
    out.add_histogram(outward.API_SECONDS, view.took)
    out.add(outward.API_CONNECTIONS, view.connections)
    for limit in dict.fromkeys((*names.API_LIMITS, *sorted(view.closed))):
        out.add(outward.API_CLOSED, view.closed.get(limit, 0), limit)
