"""Every metric and label that dashboards ask for is on the page of a worker that has run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream_monitor.config.duration import HOUR, MINUTE, SECOND
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka import view
from stream_monitor.kafka.rehearsal import embedded, rehearse
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import Snapshot, WorkerState
from tests.alerting.files import series as scraped_and_recorded
from tests.dashboards import files
from tests.dashboards.run import settings
from tests.dashboards.stream import Span, Stream, credit
from tests.dashboards.test_queries import selectors

SPAN = Span(1_704_067_200_000, MINUTE, 60)


def in_order(stream: Stream) -> Sequence[EventBatch]:
    """The events with their row numbers as offsets."""
    batches: list[EventBatch] = []
    rows = 0
    for step in sorted(stream.events):
        for batch in stream.events[step]:
            batches.append(replace(batch, offsets=np.arange(rows, rows + len(batch))))
            rows += len(batch)
    return batches


@cache
def page() -> str:
    """A worker's /metrics when it had judged an hour of a drift, and its labels had come."""
    stream = credit("credit", SPAN, change_at=0.5, seed=7)
    labels = LabelBatch(
        stream.model,
        np.arange(len(stream.labels.at)),
        stream.labels.at,
        stream.labels.ids,
        stream.labels.truths,
    )
    kept: list[Snapshot] = []
    refresh = view.WorkerView.refresh

    def keeping(self: view.WorkerView, *args: object, **named: object) -> None:
        refresh(self, *args, **named)  # type: ignore[arg-type]
        if self.snapshot.state is WorkerState.RUNNING:
            kept[:] = [self.snapshot]

    async def run() -> None:
        given = settings()
        given = given.model_copy(
            update={
                "defaults": given.defaults.model_copy(update={"slide_ms": 20 * MINUTE}),
                "labels": given.labels.model_copy(
                    update={"emit_interval_ms": SECOND, "revise_interval_ms": SECOND}
                ),
                "worker": given.worker.model_copy(
                    update={"idle_timeout_ms": 2 * SECOND, "emit_interval_ms": SECOND // 2}
                ),
            }
        )
        async with embedded(given) as reaching:
            await rehearse(
                reaching,
                stream.reference,
                in_order(stream),
                labels=labels,
                on_document=lambda document: None,
            )

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(view.WorkerView, "refresh", keeping)
        asyncio.run(run())
    assert SPAN.length_ms == HOUR
    return Exporter(lambda: kept[0]).expose().body.decode()


@cache
def shown() -> dict[str, set[str]]:
    """The labels of every series on the page."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_a_worker_shows_every_metric_and_label_that_dashboards_ask_for() -> None:
    # What Prometheus makes itself, or records of what it has scraped.
    others = {name for name in scraped_and_recorded() if ":" in name} | {"up", "ALERTS"}
    asked = 0
    for target in files.targets():
        for selector in selectors(promql.parse(target.of("job"))):
            if selector.name in others:
                continue
            asked += 1
            assert selector.name in shown(), f"{target}: no worker shows {selector.name}"
            named = {each.name for each in selector.matchers.matchers} - {"job"}
            assert named <= shown()[selector.name], target
    assert asked > 100
