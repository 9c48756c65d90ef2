"""Values of the state's table that are larger than a message of Kafka may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

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
    there = {
        key: value
        for key, value in last_values(kafka, f"{workers.group}-state-changelog").items()
        if value is not None
    }
    expected = str(ROWS).encode().rjust(10)
    assert there == {f"{p}:last".encode(): expected for p in range(PARTITIONS)}
