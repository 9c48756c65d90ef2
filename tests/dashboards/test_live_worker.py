"""Every metric and label that dashboards ask for is on the page of a worker that has run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream_monitor.config.duration import MINUTE, SECOND
from stream_monitor.config.settings import Settings
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka.rehearsal import embedded, rehearse
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import NotifiedView, Snapshot
from tests.alerting.files import series as scraped_and_recorded
from tests.dashboards import files
from tests.dashboards.run import Beside, settings
from tests.dashboards.stream import Span, Stream, credit
from tests.dashboards.test_queries import selectors

#: An hour of 2024.
SPAN = Span(1_704_067_200_000, MINUTE, 60)


def in_order(stream: Stream) -> list[EventBatch]:
    """The events with their row numbers as offsets, by turns of two versions."""
    batches: list[EventBatch] = []
    rows = 0
    for step in sorted(stream.events):
        for batch in stream.events[step]:
            offsets = np.arange(rows, rows + len(batch))
            versions = [str(offset % 2) for offset in offsets.tolist()]
            batches.append(replace(batch, offsets=offsets, model_versions=versions))
            rows += len(batch)
    return batches


def in_a_hurry(data_dir: Path) -> Settings:
    """The run's settings with windows that do not overlap, and without waits."""
    given = settings()
    changes = {
        "defaults": {"slide_ms": given.defaults.window_ms},
        "labels": {"emit_interval_ms": SECOND, "revise_interval_ms": SECOND},
        "worker": {
            "data_dir": str(data_dir),
            "idle_timeout_ms": 2 * SECOND,
            "emit_interval_ms": SECOND // 2,
        },
    }
    return given.model_copy(
        update={
            section: getattr(given, section).model_copy(update=changed)
            for section, changed in changes.items()
        }
    )


async def worked(given: Settings, stream: Stream) -> Snapshot:
    """A real worker on the embedded broker, when all windows are judged and all labels known."""
    came = stream.labels
    labels = LabelBatch(stream.model, np.arange(len(came.at)), came.at, came.ids, came.truths)
    async with embedded(given) as reaching:
        done = await rehearse(
            reaching,
            stream.reference,
            in_order(stream),
            labels=labels,
            on_document=lambda document: None,
        )
        return done.snapshot


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of every series that the worker shows."""
    given = in_a_hurry(tmp_path_factory.mktemp("worker"))
    snapshot = asyncio.run(worked(given, credit("credit", SPAN, change_at=0.5, seed=7)))
    # It has no Alertmanager to tell, no Redis and no API: what they would show is added.
    beside = Beside()
    beside.step(0, reads=True)
    told = beside.show(replace(snapshot, notified=(NotifiedView("http://alertmanager:9093"),)))
    page = Exporter(lambda: told).expose().body.decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_a_worker_shows_every_metric_and_label_that_dashboards_ask_for(
    shown: dict[str, set[str]],
) -> None:
    # What Prometheus makes itself, or records of what it has scraped.
    others = {name for name in scraped_and_recorded() if ":" in name} | {"up", "ALERTS"}
    asked = 0
    for target in files.targets():
        for selector in selectors(promql.parse(target.of("job"))):
            if selector.name in others:
                continue
            asked += 1
            assert selector.name in shown, f"{target}: no worker shows {selector.name}"
            named = {each.name for each in selector.matchers.matchers} - {"job"}
            assert named <= shown[selector.name], target
    assert asked > 100
