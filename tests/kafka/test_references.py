"""References that come, change and go while a worker runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_monitor.kafka.references import ReferenceFollower, publish
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.model import NO_REFERENCE, NumericColumn, Reference, Role
from stream_monitor.reference.registry import References
from stream_monitor.statistics.grid import Grid
from tests.kafka.live import Documents, Monitor, Site, batch_pass, published
from tests.kafka.streams import stream
from tests.pipeline.events import Event, judged, reference

pytestmark = pytest.mark.kafka

FIRST, SECOND = published(reference()), published(reference(shift=5.0))


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    with Site(kafka, tmp_path) as site:
        site.create_topics()
        yield site


def of_window(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what hangs on windows of other phases: alerts, sums, detectors of change."""
    kept = {k: v for k, v in judged(report).items() if k not in ("open_alerts", "cumulative")}
    verdicts = [v for v in kept["verdicts"] if not v["monitor"].startswith("degradation_")]
    return kept | {"verdicts": verdicts}


def current(worker: Monitor) -> str | None:
    """The hash of the reference that the worker says it judges the model ``m`` by."""
    model = worker.health()["models"].get("m")
    return None if model is None else model["reference"]


def phase(number: int) -> list[Event]:
    """Events of three windows, far from those of every other phase."""
    return stream(1200, 50, start_ms=number * 600_000, seed=number)


def test_a_reference_is_taken_up_replaced_and_withdrawn_while_the_worker_runs(site: Site) -> None:
    reports = Documents(site, "reports", "report_id")
    worker = site.worker("a")
    worker.until_running()
    expected: dict[str, dict[str, Any]] = {}

    def judge(events: list[Event], *references: Reference) -> set[str]:
        """Feed a phase and wait until it is judged; the hashes it is judged by."""
        site.feed(events)
        wanted = batch_pass(site.settings, events, *references)
        worker.until(lambda: reports.update().keys() >= wanted.keys())
        expected.update(wanted)
        return {report["reference_hash"] for report in wanted.values()}

    assert judge(phase(0)) == {NO_REFERENCE}
    assert worker.metric("events_without_reference_total") == 1200
    site.publish(FIRST)
    worker.until(lambda: current(worker) == FIRST.hash)
    assert judge(phase(1), FIRST) == {FIRST.hash}
    site.publish(SECOND)
    worker.until(lambda: current(worker) == SECOND.hash)
    assert judge(phase(2), SECOND) == {SECOND.hash}

    damaged = bytearray(encode(FIRST))
    damaged[-5] ^= 255
    site.send("references", bytes(damaged), key=b"m")
    site.flush()
    worker.until(lambda: worker.health()["errors"] == 1)
    assert "references topic for 'm'" in worker.health()["last_error"]["message"]
    site.send("references", encode(FIRST), key=b"another")
    site.flush()
    worker.until(lambda: worker.health()["errors"] == 2)
    assert "has the key 'another'" in worker.health()["last_error"]["message"]
    assert current(worker) == SECOND.hash

    site.send("references", None, key=b"m")
    site.flush()
    worker.until(lambda: current(worker) is None)
    assert judge(phase(3)) == {NO_REFERENCE}
    assert worker.metric("events_without_reference_total") == 2400
    assert worker.health()["state"] == "running"

    assert reports.update().keys() == expected.keys()
    for id_, copies in reports.found.items():
        for copy in copies:
            assert of_window(copy) == of_window(expected[id_])
    shifted = {
        verdict["reference_hash"]
        for report in expected.values()
        for verdict in report["verdicts"]
        if verdict["monitor"] == "ks" and verdict["effect"] > 0.9
    }
    assert shifted == {SECOND.hash}


def large_reference(features: int, rows: int) -> Reference:
    """As many numeric features, each with as many values, no two of them alike."""
    rng = np.random.default_rng(3)
    names = [f"feature_{i}" for i in range(features)]

    def column(name: str) -> NumericColumn:
        values = rng.normal(size=rows)
        facts = (values.min(), values.max(), values.mean(), values.std())
        return NumericColumn(
            Role.FEATURE, name, Grid.from_sample(values), rows, 0.0, *map(float, facts)
        )

    return published(
        replace(reference("large"), rows=rows, columns=tuple(column(name) for name in names))
    )


def test_a_reference_of_100_features_with_5000_values_each_comes_back_as_it_was(
    site: Site,
) -> None:
    large = large_reference(100, 5000)
    found = References()

    async def round_trip() -> None:
        await publish(large, site.settings.kafka)
        follower = ReferenceFollower(site.settings.kafka, found)
        await follower.start()
        await follower.stop()

    began = time.monotonic()
    asyncio.run(round_trip())
    assert time.monotonic() - began < 20
    back = found.current("large")
    assert back is not None
    assert back.hash == large.hash
    assert encode(back) == encode(large)
    assert decode(encode(back)).columns[99].id == "feature:feature_99"
