"""Documents as workers publish them, and views to put them into."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.config.redis import RedisSettings
from stream_monitor.metrics.snapshot import OpenAlert, Snapshot, Standing, WorkerState
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.report import report_id
from stream_monitor.views.redis_connection import RedisConnection
from stream_monitor.views.redis_store import RedisStore
from stream_monitor.views.redis_view import RedisView
from stream_monitor.views.shelf import Bounds

HASH = "0123456789abcdef"
EPOCH_MS = 1_700_000_000_000
SLIDE_MS = 300_000


def end_of(number: int) -> int:
    """The end of a window."""
    return EPOCH_MS + number * SLIDE_MS


def report(
    number: int, model: str = "m", revision: int = 0, reference: str = HASH, **changes: Any
) -> Publish:
    """A report or a revision of a window, the same each time."""
    end = end_of(number)
    id_ = report_id(model, reference, end - SLIDE_MS, end)
    document: dict[str, Any] = {
        "schema": "stream-monitor/report/1",
        "report_id": id_,
        "revision": revision,
        "model": model,
        "reference_hash": reference,
        "window": {"start_ms": end - SLIDE_MS, "end_ms": end},
        "rows": 100 + number % 7,
        "labelled": revision,
        "status": ("ok", "alarm", "thin")[(number + revision) % 3],
        "verdicts": [
            {"family": "performance", "monitor": "accuracy", "column": "", "statistic": revision}
        ],
    }
    if not revision:
        document["drifted"] = ["feature:x"] * (number % 2)
        document["cumulative"] = {"rows": 0.1 + number}
    return Publish(Stream.REPORTS, model, f"{id_}:{revision}", document | changes)


def alert(
    id_: str,
    sequence: int = 1,
    model: str = "m",
    started: int = 1,
    recovered: int | None = None,
    **changes: Any,
) -> Publish:
    """An event of an alert that started, and may have recovered, with windows of these numbers."""
    over = None if recovered is None else end_of(recovered)
    document = AlertEvent(
        alert_id=id_,
        status=("started" if sequence == 1 else "ongoing") if over is None else "recovered",
        sequence=sequence,
        severity="warning",
        model=model,
        family="drift",
        monitor="evidence",
        column="feature:x",
        columns=(),
        statistic=4.5,
        threshold=3.9,
        below=False,
        p_value=None,
        effect=0.2,
        n=100,
        reference_n=5_000,
        reference_hash=HASH,
        false_alarms="1 per 30d",
        window_start_ms=end_of(started - 1),
        window_end_ms=end_of(started if recovered is None else recovered),
        start_pane_ms=end_of(started - 1),
        since_ms=end_of(started - 1),
        started_at=end_of(started),
        recovered_at=over,
    ).to_dict()
    return Publish(Stream.ALERTS, model, f"{id_}:{sequence}", document | changes)


def open_alert(id_: str, model: str = "m", started: int = 1) -> OpenAlert:
    """The same as a worker's state has it."""
    return OpenAlert(model, "drift", "evidence", "feature:x", "warning", id_, end_of(started))


def owning(*models: str, as_of_ms: int = 0, alerts: Sequence[OpenAlert] = ()) -> Snapshot:
    """A running worker that owns these models, each of which was judged up to window 1."""
    return Snapshot(
        state=WorkerState.RUNNING,
        as_of_ms=as_of_ms,
        open_alerts=tuple(alerts),
        standings={model: Standing(end_of(1), HASH, "ok", 101) for model in models},
    )


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    at_ms: int = EPOCH_MS

    def __call__(self) -> int:
        return self.at_ms


@dataclass
class InRedis:
    """The shared view: what writes it and what reads it."""

    store: RedisStore
    view: RedisView
    connection: RedisConnection


@asynccontextmanager
async def in_redis(url: str, bounds: Bounds, ttl_ms: int = 86_400_000) -> AsyncIterator[InRedis]:
    """A connection of a test's own, that is closed again."""
    connection = RedisConnection(RedisSettings(url=url))
    try:
        yield InRedis(
            RedisStore(connection, "t:", bounds, ttl_ms),
            RedisView(connection, "t:", bounds.kept_ms),
            connection,
        )
    finally:
        await connection.close()
