"""Commits, restarts and rebalances of real workers against a real Apache Kafka."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.testing.kafka import KafkaServer
from tests.kafka.live import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.kafka

PARTITIONS = 4
ROOT = Path(__file__).parents[2]


class Workers:
    """Starts workers of one group and reads what they logged."""

    def __init__(self, kafka: str, home: Path) -> None:
        self._kafka = kafka
        self.home = home
        self.group = f"group-{uuid.uuid4().hex[:8]}"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, topics: dict[str, int], **options: Any) -> subprocess.Popen[bytes]:
        everything = {
            "bootstrap_servers": self._kafka,
            "group": self.group,
            "log": str(self.home / f"{name}.log"),
            "data_dir": str(self.home / f"{name}.data"),
            "topics": topics,
            **options,
        }
        with (self.home / f"{name}.err").open("ab") as err:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.kafka.worker", json.dumps(everything)],
                cwd=ROOT,
                stdout=err,
                stderr=err,
            )
        self._running.append(worker)
        return worker

    def log(self, name: str) -> list[list[Any]]:
        path = self.home / f"{name}.log"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def rows(self, name: str) -> int:
        return sum(len(line[3]) for line in self.log(name) if line[0] == "batch")

    def wait(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                words = "".join(p.read_text("utf-8")[-3000:] for p in self.home.glob("*.err"))
                pytest.fail(f"a worker did not get there in {timeout_s} s: {words}")
            time.sleep(0.05)

    def stop(self, worker: subprocess.Popen[bytes]) -> int:
        worker.send_signal(signal.SIGTERM)
        return worker.wait(PATIENCE_S)

    def kill_all(self) -> None:
        for worker in self._running:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


@pytest.fixture
def workers(kafka: str, tmp_path: Path) -> Iterator[Workers]:
    group = Workers(kafka, tmp_path)
    yield group
    group.kill_all()


def make_topic(kafka: str, rows: int, transaction_rows: int = 0) -> str:
    """A topic of four partitions with ``rows`` records each; transactions leave markers."""
    name = f"topic-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result(20)
    settings: dict[str, Any] = {"bootstrap.servers": kafka, "linger.ms": 5}
    if transaction_rows:
        settings["transactional.id"] = name
    producer = Producer(settings)
    if transaction_rows:
        producer.init_transactions(20)
    step = transaction_rows or rows
    for start in range(0, rows, step):
        if transaction_rows:
            producer.begin_transaction()
        for _ in range(min(step, rows - start)):
            for partition in range(PARTITIONS):
                producer.produce(name, b"x" * 100, partition=partition)
        if transaction_rows:
            producer.commit_transaction(20)
    assert producer.flush(20) == 0
    return name


def committed(kafka: str, group: str, topic: str) -> list[int]:
    """The group's committed offset of each partition, 0 where there is none."""
    admin = AdminClient({"bootstrap.servers": kafka})
    wanted = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    question = ConsumerGroupTopicPartitions(group, wanted)
    answer = admin.list_consumer_group_offsets([question])[group].result(20)
    offsets = {tp.partition: max(tp.offset, 0) for tp in answer.topic_partitions}
    return [offsets[partition] for partition in range(PARTITIONS)]


def delivered(logs: list[list[list[Any]]], topic: str) -> dict[int, set[int]]:
    """Offsets seen by any of the workers, by partition."""
    seen: dict[int, set[int]] = {partition: set() for partition in range(PARTITIONS)}
    for log in logs:
        for line in log:
            if line[0] == "batch" and line[1] == topic:
                seen[line[2]].update(line[3])
    return seen


def assert_in_order_after_each_seek(log: list[list[Any]], gapless: bool = True) -> None:
    """From a seek to offset o on, a partition's records are o, o + 1, ... without exception."""
    position: dict[tuple[str, int], int] = {}
    for line in log:
        if line[0] == "seek":
            position[line[1], line[2]] = line[3]
        elif line[0] == "batch":
            for offset in line[3]:
                expected = position[line[1], line[2]]
                assert offset == expected if gapless else offset >= expected
                position[line[1], line[2]] = offset + 1


def last_values(kafka: str, topic: str) -> dict[bytes, bytes]:
    """What compaction would leave of a topic."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "reads-it-all"})
    try:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        ends = {p.partition: consumer.get_watermark_offsets(p, timeout=10) for p in places}
        left = sum(high - low for low, high in ends.values())
        consumer.assign([TopicPartition(topic, p, low) for p, (low, _) in ends.items()])
        found: dict[bytes, bytes] = {}
        while left:
            message = consumer.poll(10)
            assert message is not None
            key, value = message.key(), message.value()
            assert key is not None
            if value is None:
                found.pop(key, None)
            else:
                found[key] = value
            left -= 1
        return found
    finally:
        consumer.close()


def test_after_a_graceful_stop_what_is_committed_is_what_was_processed(
    kafka: str, workers: Workers
) -> None:
    plain, blocks = make_topic(kafka, 2550), make_topic(kafka, 2550)
    worker = workers.start("w", {plain: 0, blocks: 1000})
    workers.wait(lambda: workers.rows("w") == 8 * 2550)
    assert workers.stop(worker) == 0
    assert committed(kafka, workers.group, plain) == [2550] * 4
    assert committed(kafka, workers.group, blocks) == [2000] * 4
    log = workers.log("w")
    assert_in_order_after_each_seek(log)
    assert max(len(line[3]) for line in log if line[0] == "batch") == 100
    assert log[-1][1] == {
        **{f"{plain}-{p}": [2550, 2550, 2550] for p in range(4)},
        **{f"{blocks}-{p}": [2550, 2000, 2550] for p in range(4)},
    }


def test_commits_keep_up_while_the_worker_runs(kafka: str, workers: Workers) -> None:
    topic = make_topic(kafka, 500)
    workers.start("w", {topic: 0})
    workers.wait(lambda: committed(kafka, workers.group, topic) == [500] * 4)


def test_gaps_between_offsets_do_not_hold_up_commits(kafka: str, workers: Workers) -> None:
    plain = make_topic(kafka, 300, transaction_rows=30)
    blocks = make_topic(kafka, 300, transaction_rows=30)
    worker = workers.start("w", {plain: 0, blocks: 100})
    workers.wait(lambda: workers.rows("w") == 8 * 300)
    assert workers.stop(worker) == 0
    # 30 records and a marker, ten times: the last record is at 308, its marker at 309.
    assert committed(kafka, workers.group, plain) == [309] * 4
    assert committed(kafka, workers.group, blocks) == [300] * 4
    assert_in_order_after_each_seek(workers.log("w"), gapless=False)


def test_a_killed_worker_skips_no_record(kafka: str, workers: Workers) -> None:
    plain, blocks = make_topic(kafka, 3000), make_topic(kafka, 3000)
    topics = {plain: 0, blocks: 700}
    first = workers.start("w1", topics, sleep_s=0.05)
    workers.wait(lambda: sum(committed(kafka, workers.group, blocks)) > 0)
    first.kill()
    first.wait()
    seen = delivered([workers.log("w1")], plain)
    assert any(len(offsets) < 3000 for offsets in seen.values())
    for partition, offset in enumerate(committed(kafka, workers.group, plain)):
        assert set(range(offset)) <= seen[partition]
    workers.start("w2", topics)
    everything = {partition: set(range(3000)) for partition in range(PARTITIONS)}

    def all_seen() -> bool:
        logs = [workers.log("w1"), workers.log("w2")]
        return all(delivered(logs, topic) == everything for topic in topics)

    workers.wait(all_seen)
    assert_in_order_after_each_seek(workers.log("w1"))
    assert_in_order_after_each_seek(workers.log("w2"))
    for line in workers.log("w2"):
        if line[0] == "seek" and line[1] == blocks:
            assert line[3] % 700 == 0


@pytest.mark.parametrize("table", [False, True], ids=["without-a-table", "with-a-table"])
def test_a_rebalance_in_the_middle_loses_nothing_and_keeps_the_order(
    kafka: str, workers: Workers, table: bool
) -> None:
    plain, blocks = make_topic(kafka, 4000), make_topic(kafka, 4000)
    topics = {plain: 0, blocks: 300}
    # The first is slow enough that on any machine the second comes before all is read.
    first = workers.start("w1", topics, sleep_s=0.3, table=table)
    workers.wait(lambda: workers.rows("w1") > 1000)
    second = workers.start("w2", topics, sleep_s=0.03, table=table)
    workers.wait(lambda: workers.rows("w2") > 1500)
    assert workers.stop(first) == 0
    everything = {partition: set(range(4000)) for partition in range(PARTITIONS)}

    def all_seen() -> bool:
        logs = [workers.log("w1"), workers.log("w2")]
        return all(delivered(logs, topic) == everything for topic in topics)

    workers.wait(all_seen)
    assert workers.stop(second) == 0
    for name in ("w1", "w2"):
        assert_in_order_after_each_seek(workers.log(name))
    assert committed(kafka, workers.group, plain) == [4000] * 4
    assert committed(kafka, workers.group, blocks) == [3900] * 4
    words = [line[0] for line in workers.log("w1")]
    assert "revoked" in words
    assert words.index("revoked") > words.index("batch")
    # What stayed with the first worker was sought again too, at a block's start.
    seeks = [line for line in workers.log("w1") if line[0] == "seek"]
    assert len(seeks) > 2 * PARTITIONS
    assert all(line[3] % 300 == 0 for line in seeks if line[1] == blocks)


def test_an_agent_that_raises_crashes_the_worker_and_its_batch_is_not_committed(
    kafka: str, workers: Workers
) -> None:
    topic = make_topic(kafka, 1000)
    worker = workers.start("w", {topic: 0}, fail_at=550)
    assert worker.wait(PATIENCE_S) not in (0, -signal.SIGKILL)
    assert max(committed(kafka, workers.group, topic)) <= 500 + 50
    for offsets in delivered([workers.log("w")], topic).values():
        assert 550 not in offsets


def test_nothing_is_committed_past_a_table_write_that_cannot_be_sent(
    kafka: str, workers: Workers
) -> None:
    topic = make_topic(kafka, 200)
    worker = workers.start("w", {topic: 0}, table=True, table_value_bytes=2_000_000)
    assert worker.wait(PATIENCE_S) != 0
    assert workers.rows("w") > 0
    assert committed(kafka, workers.group, topic) == [0] * 4


def test_a_worker_consumes_within_seconds_of_its_start(kafka: str, workers: Workers) -> None:
    topic = make_topic(kafka, 10)
    started = time.monotonic()
    workers.start("w", {topic: 0}, table=True)
    workers.wait(lambda: workers.rows("w") == 40)
    assert time.monotonic() - started < 30  # it catches delays of Faust of 45 and 60 s


def test_a_worker_that_froze_past_its_session_takes_nothing_back(
    kafka: str, workers: Workers
) -> None:
    topic = make_topic(kafka, 3000)
    first = workers.start("w1", {topic: 0}, sleep_s=0.05)
    workers.wait(lambda: workers.rows("w1") > 1000)
    first.send_signal(signal.SIGSTOP)
    workers.start("w2", {topic: 0})
    everything = {partition: set(range(3000)) for partition in range(PARTITIONS)}
    workers.wait(lambda: delivered([workers.log("w1"), workers.log("w2")], topic) == everything)
    workers.wait(lambda: committed(kafka, workers.group, topic) == [3000] * 4)
    rejoined = sum(line[0] == "seek" for line in workers.log("w1"))
    first.send_signal(signal.SIGCONT)
    workers.wait(lambda: sum(line[0] == "seek" for line in workers.log("w1")) > rejoined)
    assert committed(kafka, workers.group, topic) == [3000] * 4
    assert workers.stop(first) == 0
    assert committed(kafka, workers.group, topic) == [3000] * 4
    assert_in_order_after_each_seek(workers.log("w1"))
    assert_in_order_after_each_seek(workers.log("w2"))


def test_a_worker_that_froze_past_its_session_writes_nothing_over_its_successor(
    kafka: str, workers: Workers
) -> None:
    topic = make_topic(kafka, 3000)
    first = workers.start("w1", {topic: 0}, sleep_s=0.05, table=True)
    workers.wait(lambda: workers.rows("w1") > 1000)
    first.send_signal(signal.SIGSTOP)
    workers.start("w2", {topic: 0}, table=True)
    workers.wait(lambda: committed(kafka, workers.group, topic) == [3000] * 4)
    written = workers.rows("w1")
    first.send_signal(signal.SIGCONT)
    workers.wait(lambda: first.poll() is not None or workers.rows("w1") > written)
    time.sleep(5)  # for what it had at work to arrive, if it does
    last = last_values(kafka, f"{workers.group}-last-changelog")
    assert last == {f"{topic}-{p}".encode(): b"2999".rjust(10) for p in range(PARTITIONS)}
    assert first.wait(PATIENCE_S) > 0
    words = (workers.home / "w1.err").read_text("utf-8")
    assert "BrokerError: this worker stood still for longer than worker.session_timeout" in words


def test_a_worker_whose_broker_is_gone_still_stops(tmp_path: Path) -> None:
    with KafkaServer() as server:
        workers = Workers(server.bootstrap_servers, tmp_path)
        topic = make_topic(server.bootstrap_servers, 10)
        worker = workers.start("w", {topic: 0})
        workers.wait(lambda: workers.rows("w") == 40)
    try:
        time.sleep(1.0)
        assert workers.stop(worker) >= 0  # a code of its own, whichever: it was not killed
    finally:
        workers.kill_all()
