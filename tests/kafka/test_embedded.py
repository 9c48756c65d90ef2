"""The demo's broker: what it can do, and what it cannot."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings, Settings
from stream_monitor.kafka.embedded import MAX_UNREAD_BYTES, PARTITIONS, EmbeddedBroker
from stream_monitor.kafka.reach import reached
from stream_monitor.kafka.rehearsal import embedded

ROOT = Path(__file__).parents[2]


def produce(broker: EmbeddedBroker, topic: str, rows: int, size: int) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "linger.ms": 5})
    for row in range(rows):
        producer.produce(topic, b"x" * size, partition=row % PARTITIONS, headers=[("h", b"v")])
        producer.poll(0)
    assert producer.flush(20) == 0


def kept(broker: EmbeddedBroker, topic: str) -> list[tuple[int, int]]:
    """The first and next offset of each partition."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "probe"})
    marks = [
        consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        for partition in range(PARTITIONS)
    ]
    consumer.close()
    return [(low, high) for low, high in marks]


def test_a_worker_with_a_table_consumes_and_commits_on_the_embedded_broker(tmp_path: Path) -> None:
    rows = 8000
    with EmbeddedBroker() as broker:
        broker.touch("events", "embedded-last-changelog")
        produce(broker, "events", rows, 400)
        options = {
            "bootstrap_servers": broker.bootstrap_servers,
            "group": "embedded",
            "log": str(tmp_path / "worker.log"),
            "data_dir": str(tmp_path / "data"),
            "topics": {"events": 300},
            "stop_after": rows,
            "table": True,
            "create_topics": False,
        }
        command = [sys.executable, "-m", "tests.kafka.worker", json.dumps(options)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
        assert sum(len(line[3]) for line in lines if line[0] == "batch") == rows
        assert lines[-1][1] == {f"events-{p}": [2000, 1800, 2000] for p in range(PARTITIONS)}


def test_what_stays_below_the_stated_limit_is_kept() -> None:
    with EmbeddedBroker() as broker:
        broker.touch("events")
        rows = PARTITIONS * MAX_UNREAD_BYTES // 1000
        produce(broker, "events", rows, 900)
        assert kept(broker, "events") == [(0, rows // PARTITIONS)] * PARTITIONS


def test_beyond_its_memory_the_oldest_records_are_dropped_unread() -> None:
    with EmbeddedBroker() as broker:
        broker.touch("events")
        produce(broker, "events", PARTITIONS * 8000, 900)
        for low, high in kept(broker, "events"):
            assert low > 0
            assert high == 8000


def test_a_stopped_broker_is_gone() -> None:
    broker = EmbeddedBroker()
    broker.start()
    host, port = broker.bootstrap_servers.split(":")
    with socket.create_connection((host, int(port)), 5):
        pass
    broker.stop()
    broker.stop()
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


def test_the_embedded_broker_is_reached_whatever_the_settings_say_of_security() -> None:
    secured = Settings(kafka=KafkaSettings(security=SecuritySettings(protocol="ssl")))

    async def topics() -> set[str]:
        async with embedded(secured) as settings, reached(settings.kafka) as there:
            return set(there)

    assert "predictions" in asyncio.run(topics())
