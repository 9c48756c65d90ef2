"""What is larger than a message of Kafka may be: values of the state's table, and batches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_monitor.config.settings import KafkaSettings, Settings, WorkerSettings
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.clients import producing
from stream_monitor.kafka.worker import Worker
from tests.kafka.test_transport import PARTITIONS, Workers, committed, last_values, make_topic
from tests.kafka.worker import STATE_BYTES

pytestmark = pytest.mark.kafka

ROWS = 300


@pytest.fixture
def workers(kafka: str, tmp_path: Path) -> Iterator[Workers]:
    group = Workers(kafka, tmp_path)
    yield group
    group.kill_all()


def kept(workers: Workers, name: str) -> dict[int, list[list[object]]]:
    """What the table of each partition had when the worker began with it."""
    return {line[1]: line[2] for line in workers.log(name) if line[0] == "kept"}


@pytest.mark.parametrize("disk", ["its-own-disk", "no-disk"])
def test_a_worker_goes_on_with_a_large_value_that_another_has_kept(
    kafka: str, workers: Workers, disk: str
) -> None:
    topic, size = make_topic(kafka, ROWS), 4 * STATE_BYTES
    first = workers.start("w1", {topic: 0}, state_value_bytes=size)
    workers.wait(lambda: workers.rows("w1") == ROWS * PARTITIONS)
    workers.wait(lambda: committed(kafka, workers.group, topic) == [ROWS] * PARTITIONS)
    first.kill()
    first.wait()
    producer = Producer({"bootstrap.servers": kafka})
    for partition in range(PARTITIONS):
        producer.produce(topic, b"one more", partition=partition)
    assert producer.flush(20) == 0
    second = "w1" if disk == "its-own-disk" else "w2"
    workers.start(second, {topic: 0}, state_value_bytes=10)
    workers.wait(lambda: committed(kafka, workers.group, topic) == [ROWS + 1] * PARTITIONS)
    found = [["last", size, str(ROWS - 1)]]
    assert kept(workers, second) == dict.fromkeys(range(PARTITIONS), found)
    # The small value took the place of the large one, and no part of that is left.
    there = last_values(kafka, f"{workers.group}-state-changelog")
    expected = str(ROWS).encode().rjust(10)
    assert there == {f"{p}:last".encode(): expected for p in range(PARTITIONS)}


def small(kafka: str, home: Path) -> Settings:
    """Topics whose limit on a message is below what is sent together otherwise."""
    return Settings(
        kafka=KafkaSettings(
            bootstrap_servers=kafka,
            topic_prefix=f"{home.name}-",
            partitions=1,
            max_message_bytes=4096,
        ),
        worker=WorkerSettings(data_dir=str(home / "data")),
    )


def test_small_messages_that_come_together_are_no_batch_that_the_broker_refuses(
    kafka: str, tmp_path: Path
) -> None:
    settings = small(kafka, tmp_path)

    async def send() -> list[int]:
        await create_topics(settings)
        async with producing(settings.kafka) as producer:
            topic = settings.kafka.topic("predictions")
            sent = [await producer.send(topic, bytes(1000)) for _ in range(100)]
            return [(await each).offset for each in sent]

    assert asyncio.run(send()) == list(range(100))


def test_a_worker_sends_as_much_together_as_a_message_may_have(tmp_path: Path) -> None:
    settings = small("127.0.0.1:1", tmp_path)
    assert Worker(settings).app.conf.producer_max_batch_size == settings.kafka.max_message_bytes
