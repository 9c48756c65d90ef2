"""Events of a producer that writes in transactions, whose ends are in the log too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_monitor.config.render import to_yaml
from tests.kafka.live import (
    BLOCK,
    PARTITIONS,
    Documents,
    Monitor,
    Site,
    assert_reports_are,
    batch_pass,
    published,
)
from tests.kafka.streams import stream
from tests.pipeline.events import Event, reference

pytestmark = pytest.mark.kafka

#: Rows of a transaction in each partition: with its marker a block is a whole number of them.
ROWS = 99


def feed_in_transactions(site: Site, events: Sequence[Event]) -> None:
    """Events over all partitions in turn; the last offset of each is a marker."""
    kafka = site.settings.kafka
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": kafka.topic_prefix}
    )
    producer.init_transactions(20)
    for start in range(0, len(events), ROWS * PARTITIONS):
        producer.begin_transaction()
        for i, event in enumerate(events[start : start + ROWS * PARTITIONS]):
            producer.produce(kafka.topic("predictions"), event.encode(), partition=i % PARTITIONS)
        producer.commit_transaction(20)


def stands_at(worker: Monitor, offset: int) -> bool:
    """Whether every partition of events has been read to ``offset``."""
    found = [
        partition["position"]
        for partition in worker.health().get("partitions", [])
        if partition["topic"].endswith("predictions")
    ]
    return found == [offset] * PARTITIONS


def test_a_stream_that_ends_in_markers_is_read_to_its_end_and_judged_as_one_batch_pass_does(
    kafka: str, tmp_path: Path
) -> None:
    site = Site(kafka, tmp_path)
    # Time to kill a worker that has read everything and has not said so yet.
    worker = site.settings.worker.model_copy(update={"idle_timeout_ms": 4000})
    site.settings = site.settings.model_copy(update={"worker": worker})
    site.config.write_text(to_yaml(site.settings), encoding="utf-8")
    try:
        site.create_topics()
        site.publish(reference())
        blocks = 2
        events = stream(blocks * BLOCK // (ROWS + 1) * ROWS * PARTITIONS, 20, seed=14)
        expected = batch_pass(site.settings, events, published(reference()))
        reports = Documents(site, "reports", "report_id")
        feed_in_transactions(site, events)
        first = site.worker("a")
        first.until(lambda: stands_at(first, blocks * BLOCK))
        # Its last block ends in a marker; what it has of that block it has told nobody yet.
        first.until(lambda: site.committed("predictions") == [(blocks - 1) * BLOCK] * PARTITIONS)
        first.kill()
        first.forget()
        second = site.worker("a")
        second.until(lambda: reports.update().keys() >= expected.keys())
        assert stands_at(second, blocks * BLOCK)
        assert second.stop() == 0
        assert_reports_are(reports.update(), expected)
        assert site.committed("predictions") == [(blocks - 1) * BLOCK] * PARTITIONS
    finally:
        site.close()
