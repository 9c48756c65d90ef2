"""What a worker is doing, as one immutable value.

The worker's event loop makes a new :class:`Snapshot` about once a second and swaps the
reference, which is atomic; every other thread only reads what it finds. Nothing here is ever
changed in place, so a reader needs no lock and never sees half of an update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from stream_monitor.metrics.freezing import freeze_mappings
from stream_monitor.metrics.histogram import DELAY, WORK, Histogram
from stream_monitor.metrics.label_view import LabelsView


class WorkerState(StrEnum):
    """Where a worker is in its life; only a running one is ready."""

    STARTING = "starting"
    RECOVERING = "recovering"  # its tables are being rebuilt after a start or a rebalance
    RUNNING = "running"
    STOPPING = "stopping"


class OpenAlert(NamedTuple):
    """An alert that has started and not recovered, with the severity it has reached."""

    model: str
    family: str
    monitor: str
    column: str  # "" for the whole model
    severity: str
    episode: str = ""  # the alert's id, as on the topic alerts
    started_ms: int = 0  # event time


class ReferenceView(NamedTuple):
    """Which reference a model is judged against."""

    hash: str
    created_ms: int
    error: float | None = None  # share of its labelled rows that the model has wrong


class NotifiedView(NamedTuple):
    """What an Alertmanager was told by this worker; counts only grow."""

    alertmanager: str  # its URL
    told: int = 0  # alerts
    requests: int = 0
    failures: int = 0  # of the requests
    dropped: int = 0  # alerts given up
    waiting: int = 0  # alerts still to be told
    problem: str = ""  # what was wrong with the last request


class RedisView(NamedTuple):
    """How a worker gets on with the Redis of the shared view; counts only grow."""

    address: str  # without a password
    connected: bool = False
    writes: int = 0  # documents
    failures: int = 0  # attempts to write or to look
    dropped: int = 0  # documents given up
    waiting: int = 0  # documents still to be written
    problem: str = ""  # what is wrong, while it is
    refilling: bool = False  # it has lost what was published before, which is being read back
    refilled: int = 0  # documents read back for it


class ApiView(NamedTuple):
    """What the HTTP API has done; counts only grow."""

    requests: Mapping[tuple[str, int], int]  # by route ("": none of ours) and status
    took: Histogram  # from the head of a request to its answer
    connections: int = 0  # open now
    closed: Mapping[str, int] = {}  # connections that a limit ended, by limit


class PeerOutcome(StrEnum):
    """What became of a question to the worker that owns a model."""

    ANSWERED = "answered"
    REFUSED = "refused"  # another status than 200, such as while partitions move
    UNREACHABLE = "unreachable"  # no answer in time, or none a moment ago
    TOO_LARGE = "too_large"
    BUSY = "busy"  # too many were being asked


class Standing(NamedTuple):
    """The newest window of a model as the worker's tables know it.

    ``status`` is "" where labels cannot change the window any more: then it is not kept.
    """

    window_end_ms: int
    reference_hash: str
    status: str
    rows: int


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One source partition of this worker; ``None`` is what is not known yet.

    ``position`` is the next offset to be read, ``committed`` where a restart would begin,
    ``highwater`` the offset the next message written will get, ``last_event_ms`` the newest
    event time handled.
    """

    topic: str
    partition: int
    position: int | None = None
    committed: int | None = None
    highwater: int | None = None
    last_event_ms: int | None = None

    @property
    def lag_records(self) -> int | None:
        """Records written and not yet read, at least 0."""
        if self.position is None or self.highwater is None:
            return None
        return max(0, self.highwater - self.position)

    def lag_seconds(self, as_of_ms: int) -> float | None:
        """How old the newest event handled is; 0 where everything written is read.

        ``None`` before the first event. A partition that nobody writes to is not behind, so
        this does not grow while there is no traffic.
        """
        if self.lag_records == 0:
            return 0.0
        if self.last_event_ms is None:
            return None
        return max(0, as_of_ms - self.last_event_ms) / 1000


_NO_WORK, _NO_DELAY = Histogram.empty(WORK), Histogram.empty(DELAY)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that ``/metrics`` and ``/health`` tell; ``Snapshot.empty()`` is a worker just started.

    Times that end in ``_ms`` are integer milliseconds since 1970: ``started_ms``,
    ``state_since_ms`` and ``as_of_ms`` of the machine's clock, watermarks and
    ``last_event_ms`` of event time. Counts are of this process since it started and never
    fall: whoever makes a snapshot adds up the machines it has now *and* those it gave up in a
    rebalance. All else is the present: what the worker no longer owns must be absent.

    Mappings are copied when the snapshot is made (report documents are not: they are never
    changed once they are written).
    """

    state: WorkerState = WorkerState.STARTING
    state_since_ms: int = 0
    started_ms: int = 0
    as_of_ms: int = 0
    # counts
    records: int = 0  # Kafka records read, rejected ones included
    events: Mapping[str, int] = field(default_factory=dict)  # by model
    without_reference: Mapping[str, int] = field(default_factory=dict)  # events by model
    rejected: Mapping[str, int] = field(default_factory=dict)  # records by reason
    dropped: Mapping[str, int] = field(default_factory=dict)  # by limit
    slots_received: int = 0
    repeated: int = 0  # slots that said nothing new
    late: Mapping[str, int] = field(default_factory=dict)  # events by model
    windows: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by model, status
    alerts: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by model, status
    rebalances: int = 0
    errors: int = 0
    http_closed: Mapping[str, int] = field(default_factory=dict)  # connections by limit
    emits: Histogram = _NO_WORK
    handles: Histogram = _NO_WORK
    label_emits: Histogram = _NO_WORK
    label_handles: Histogram = _NO_WORK
    record_delays: Histogram = _NO_DELAY  # from a record's Kafka time to its batch being handled
    report_delays: Histogram = _NO_DELAY  # from a window's end to its report being published
    labels: LabelsView = field(default_factory=LabelsView)
    # the present
    open_alerts: tuple[OpenAlert, ...] = ()
    notified: tuple[NotifiedView, ...] = ()
    redis: RedisView | None = None  # without one there is none
    api: ApiView | None = None  # likewise
    view_dropped: Mapping[str, int] = field(default_factory=dict)  # by what
    peers: Mapping[str, int] | None = None  # questions to other workers by outcome; likewise
    standings: Mapping[str, Standing] = field(default_factory=dict)  # by model of this worker
    partitions: tuple[PartitionView, ...] = ()
    watermarks: Mapping[str, int] = field(default_factory=dict)  # ms by model
    references: Mapping[str, ReferenceView] = field(default_factory=dict)  # by model
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # latest, by model
    last_error: str = ""
    last_error_ms: int | None = None

    def __post_init__(self) -> None:
        freeze_mappings(self)

    @classmethod
    def empty(cls) -> Snapshot:
        """A worker that has done nothing and owns nothing."""
        return cls()

    @property
    def models(self) -> frozenset[str]:
        """Every model that anything here is said of."""
        by_model = (
            self.events,
            self.without_reference,
            self.late,
            self.watermarks,
            self.references,
            self.reports,
        )
        names = {name for mapping in by_model for name in mapping}
        names.update(model for counts in (self.windows, self.alerts) for model, _ in counts)
        names.update(alert.model for alert in self.open_alerts)
        names.update(self.labels.models)
        return frozenset(names)
