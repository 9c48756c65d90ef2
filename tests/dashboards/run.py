"""A monitor over hours of event time, scraped at every step: what Prometheus would have kept.

The machines, the view and the exporter are a worker's; only Kafka between them is left out, so
that hours take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from faust.types import TP

from stream_monitor.config.duration import MINUTE
from stream_monitor.config.limits import MaximumSettings, MinimumSettings
from stream_monitor.config.monitors import (
    AlertSettings,
    LatencySettings,
    PerformanceSettings,
    QualitySettings,
)
from stream_monitor.config.settings import KafkaSettings, LabelSettings, ModelSettings, Settings
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.kafka.offsets import Position
from stream_monitor.kafka.view import WorkerView
from stream_monitor.metrics import names
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import PeerOutcome, RedisView, Snapshot, WorkerState
from stream_monitor.pipeline.effects import Publish
from stream_monitor.pipeline.engine import LocalEngine, decoder, summariser_config
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.connections import Closed
from tests.dashboards.stream import Span, Stream

PARTITIONS = 4
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")


def settings() -> Settings:
    """Windows of twenty minutes; limits that a model without a fault keeps."""
    return Settings(
        kafka=KafkaSettings(partitions=PARTITIONS, block_size=1000),
        labels=LabelSettings(revise_interval_ms=MINUTE),
        defaults=ModelSettings(
            window_ms=20 * MINUTE,
            slide_ms=10 * MINUTE,
            allowed_lateness_ms=MINUTE,
            performance=PerformanceSettings(
                min=MinimumSettings(accuracy=0.55), max=MaximumSettings(log_loss=1.0)
            ),
            quality=QualitySettings(min_rows=100),
            latency=LatencySettings(max_p99_ms=60),
            alerts=AlertSettings(consecutive=2, recover=2),
        ),
    )


class _Engine(LocalEngine):
    """The local engine with a clock that goes with event time."""

    def at(self, now_ms: int) -> Iterator[Publish]:
        self._now_ms = now_ms
        yield from self.flush()
        for effect in self.evaluator.tick(now_ms):
            if isinstance(effect, Publish):
                yield effect


class Beside:
    """Redis, the API and the server of /metrics as they would go beside a run; there is none.

    While the worker does not read, Redis does not answer either.
    """

    def __init__(self) -> None:
        self._redis = RedisView("redis://redis:6379/0", connected=True)
        self._api = ApiCounts()
        self._slow_scrapes = 0
        self._asked: dict[str, int] = dict.fromkeys(names.PEER_OUTCOMES, 0)
        self._dropped = dict.fromkeys(("windows", "alerts", "models"), 0)

    def step(self, step: int, *, reads: bool) -> None:
        its = self._redis
        self._redis = its._replace(
            connected=reads,
            writes=its.writes + 3 * reads + reads * its.waiting,
            failures=its.failures + 3 * (not reads),
            waiting=0 if reads else its.waiting + 3,
            refilled=its.refilled + (40 if reads and its.waiting else 0),
        )
        self._asked[PeerOutcome.ANSWERED] += 20
        self._asked[PeerOutcome.UNREACHABLE] += not reads
        self._dropped["windows"] += step > 100
        for turn in range(60):
            path = ("/monitor/models", "/monitor/drift", "/monitor/alerts")[turn % 3]
            self._api.answered(path, 200, 0.002 + 0.02 * ((7 * turn + step) % 61 == 0))
        for _ in range(step % 40 < 4):
            self._api.answered("/monitor/predict", 401, 0.001)
        if step % 40 == 9:
            self._api.answered("/monitor/report", 503, 0.001)
        if step % 20 == 19:
            self._api.closed(Closed.SLOW)
            self._slow_scrapes += 1
        self._api.connections = 3 + step // 30 % 3

    def show(self, snapshot: Snapshot) -> Snapshot:
        shown = self._api.show(replace(snapshot, redis=self._redis))
        return replace(
            shown,
            peers={**self._asked},
            view_dropped={**self._dropped},
            http_closed={Closed.SLOW: self._slow_scrapes},
        )


class Monitor:
    """A worker of all partitions; :meth:`step` is the time from one scrape to the next."""

    def __init__(self, job: str, streams: Sequence[Stream], span: Span) -> None:
        self.job = job
        self._span = span
        self._streams = streams
        self._settings = settings()
        self._references = References(*(stream.reference for stream in streams))
        self._engine = _Engine(self._settings, self._references, PARTITIONS, labels=True)
        self._view = view = WorkerView(span.start_ms)
        self._engine.summarisers = [
            Summariser(
                partition,
                PARTITIONS,
                decoder(self._settings),
                summariser_config(self._settings, self._references, 1),
                view.summarising,
            )
            for partition in range(PARTITIONS)
        ]
        view.evaluating = self._engine.evaluator.counts
        view.joining = self._engine.joiner.counts
        view.labels = self._engine.labels.counts
        self._unread: list[list[EventBatch]] = [[] for _ in range(PARTITIONS)]
        self._written = [0] * PARTITIONS
        self._labels_written = 0
        self._now_ms = span.start_ms
        self._beside = Beside()
        self._exporter = Exporter(lambda: self._beside.show(self._view.snapshot))

    def step(self, step: int, *, reads: bool = True, broken: int = 0) -> None:
        """Events and labels of one step come; a worker that ``reads`` takes in what has come.

        ``broken`` records of them are no JSON.
        """
        begin, end = self._span.begins(step), self._span.begins(step + 1)
        for stream in self._streams:
            for batch in stream.events.get(step, ()):
                self._write(batch)
        self._now_ms = end
        with self._view.timing("summarise"):
            if reads:
                self._read(broken)
        with self._view.timing("labels"):
            for stream in self._streams:
                message = stream.labels.message(stream.model, begin, end)
                if message is not None:
                    record = Record("labels", 0, self._labels_written, end, message)
                    self._labels_written += 1
                    self._publish(self._engine.feed_labels([record]))
        with self._view.timing("emit"):
            if reads:
                self._publish(self._engine.at(end))
        with self._view.timing("join_emit"):
            pass
        self._refresh(end)
        self._beside.step(step, reads=reads)

    def scrape(self, at_ms: int) -> Iterator[str]:
        """The samples of a scrape as OpenMetrics lines, with the labels that Prometheus adds."""
        own = f'job="{self.job}",instance="{self.job}:9464"'
        stamp = f"{at_ms / 1000:.3f}"
        for line in self._exporter.expose().body.decode().splitlines():
            found = _SAMPLE.match(line)
            if found is not None:
                name, labels, value = found.groups()
                yield f"{name}{{{own}{',' + labels if labels else ''}}} {value} {stamp}"
        yield f"up{{{own}}} 1 {stamp}"

    def _write(self, batch: EventBatch) -> None:
        for partition in range(PARTITIONS):
            rows = np.arange(partition, len(batch), PARTITIONS)
            if len(rows):
                first = self._written[partition]
                offsets = np.arange(first, first + len(rows))
                self._unread[partition].append(replace(batch.take(rows), offsets=offsets))
                self._written[partition] += len(rows)

    def _read(self, broken: int) -> None:
        for partition, unread in enumerate(self._unread):
            for batch in unread:
                self._view.summarising.records += len(batch)
                self._view.summarised(int(batch.timestamps[-1]), self._now_ms)
                self._publish(self._engine.feed_batch(partition, batch))
            unread.clear()
        for _ in range(broken):
            record = Record("predictions", 0, self._written[0], 0, b"no JSON")
            self._written[0] += 1
            self._publish(self._engine.feed(0, [record]))

    def _publish(self, documents: Iterator[Publish]) -> None:
        for document in documents:
            self._view.published(document, self._now_ms)

    def _refresh(self, now_ms: int) -> None:
        positions = {
            TP("predictions", machine.partition): Position(
                machine.position or 0, machine.block_start, self._written[machine.partition]
            )
            for machine in self._engine.summarisers
        }
        written = self._labels_written
        positions[TP("labels", 0)] = Position(written, written, written)
        self._view.refresh(
            now_ms,
            WorkerState.RUNNING,
            "predictions",
            positions,
            {machine.partition: machine for machine in self._engine.summarisers},
            [self._engine.evaluator],
            self._references,
            {0: self._engine.joiner},
            lambda partition: False,
        )


@dataclass(frozen=True, slots=True)
class Hitch:
    """What goes wrong with a worker: it does not read in the steps [first, last)."""

    first: int
    last: int


def history(
    monitor: Monitor, span: Span, *, hitch: Hitch = Hitch(0, 0), broken_every: int = 0
) -> Iterator[str]:
    """Every scrape of a run; a broken record comes in each ``broken_every``-th step."""
    for step in range(span.steps):
        broken = bool(broken_every) and step % broken_every == broken_every - 1
        monitor.step(step, reads=not hitch.first <= step < hitch.last, broken=broken)
        yield from monitor.scrape(span.begins(step + 1))
