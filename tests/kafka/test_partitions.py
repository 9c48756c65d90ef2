"""A worker does not go on from what was kept with another number of partitions."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from faust.types import TP

from stream_monitor.errors import ConfigurationError
from stream_monitor.kafka.app import AppSettings, create_app
from stream_monitor.kafka.sending import Sender, partition_of
from stream_monitor.kafka.stage2 import Stage2
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.view import WorkerView
from stream_monitor.pipeline.effects import Put
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.kafka.live import PARTITIONS, PATIENCE_S, Site
from tests.kafka.streams import stream
from tests.kafka.test_table import Broker
from tests.pipeline.events import SETTINGS, log, reference


@pytest.mark.kafka
def test_joins_with_more_partitions_than_its_log_was_written_with_is_refused_at_the_start(
    kafka: str, tmp_path: Path
) -> None:
    site = Site(kafka, tmp_path)
    try:
        site.create_topics()
        site.publish(reference())
        worker = site.worker("a")
        site.feed(stream(2000, 20, seed=17))
        worker.until(lambda: len(site.messages("joins")) > 0)
        assert worker.stop() == 0
        worker = site.worker("b")  # with as many as before it goes on
        worker.until_running()
        assert worker.stop() == 0
        site.messages("joins")
        admin = AdminClient({"bootstrap.servers": kafka})
        joins = site.settings.kafka.topic("joins")
        admin.create_partitions([NewPartitions(joins, PARTITIONS + 3)])[joins].result(20)
        worker = site.worker("c")
        assert worker.process.wait(PATIENCE_S) == 2
        sentence = worker.said().splitlines()[-1]
        assert sentence.startswith(f"error: the topic joins has {PARTITIONS + 3} partitions now")
        assert "another kafka.group" in sentence
        assert "Traceback" not in worker.said()
        assert site.messages("joins") == []  # nothing was told before it was noticed
    finally:
        site.close()


class SoManyPartitions(Sender):
    """A sender that knows how many partitions ``summaries`` has."""

    count = PARTITIONS

    def partitions(self, topic: object) -> int:
        return self.count


def recovered(home: Path, monkeypatch: pytest.MonkeyPatch, partitions: int) -> Stage2:
    """Stage 2 with the state of a model that was kept when there were ``PARTITIONS``."""
    made = FakeCluster(SETTINGS, References(reference()), [log(stream(500, 300))])
    made.read(0, 500)
    made.finish()
    app = create_app(AppSettings("127.0.0.1:1", "group", home))
    broker = Broker()
    monkeypatch.setattr(app, "_producer", broker)
    table = StateTable(app, "state", 1_000_000)
    here = partition_of(b"m", PARTITIONS)
    held = {TP(table._table.changelog_topic_name, here)}
    monkeypatch.setattr(app.assignor, "assigned_actives", lambda: held)
    for effect in made._done:
        if isinstance(effect, Put):
            table.put(here, effect.key, effect.value)
            broker.acknowledge()
    sender = SoManyPartitions(app, SETTINGS.kafka)
    sender.count = partitions
    view = WorkerView(0)
    stage = Stage2(SETTINGS, References(), sender, table, view, lambda publish: None)
    stage.recover([here])
    return stage


def test_state_is_recovered_in_the_partition_of_its_models_summaries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def within() -> list[str]:
        stage = recovered(tmp_path, monkeypatch, PARTITIONS)
        return [model for machine in stage.machines.values() for model in machine.models]

    assert asyncio.run(within()) == ["m"]


def test_state_in_another_partition_than_its_models_summaries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = PARTITIONS + 3
    assert partition_of(b"m", more) != partition_of(b"m", PARTITIONS)

    async def within() -> None:
        recovered(tmp_path, monkeypatch, more)

    with pytest.raises(ConfigurationError, match=rf"has {more} partitions now, .*kafka\.group"):
        asyncio.run(within())
