"""Whether Kafka is there: a sentence soon, and no hang."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from stream_monitor.config.settings import KafkaSettings, Settings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.reach import broker_errors, reached
from stream_monitor.testing.kafka import free_port


def ask(kafka: KafkaSettings, patience_s: float = 8.0) -> dict[str, int]:
    async def within() -> dict[str, int]:
        async with reached(kafka, patience_s) as topics:
            return topics

    return asyncio.run(within())


def test_a_port_where_nothing_listens_is_a_broker_error() -> None:
    kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}")
    with pytest.raises(BrokerError, match="nothing answers there as Kafka does"):
        ask(kafka)


def test_what_listens_and_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(BrokerError, match="nothing answers there as Kafka does"):
            ask(kafka, patience_s=0.3)
        assert time.monotonic() - started < 10


@pytest.mark.kafka
def test_what_is_reached_tells_its_topics(kafka: str) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka, topic_prefix="reach.", partitions=3)
    asyncio.run(create_topics(Settings(kafka=settings)))
    there = ask(settings)
    assert there["reach.predictions"] == 3
    assert there["reach.references"] == 1


def test_an_error_of_kafka_becomes_a_broker_error() -> None:
    from aiokafka.errors import NotEnoughReplicasError

    kafka = KafkaSettings(bootstrap_servers="kafka:9092")
    with (
        pytest.raises(BrokerError, match=r"Kafka at kafka:9092 fails: .*NotEnoughReplicas"),
        broker_errors(kafka),
    ):
        raise NotEnoughReplicasError
