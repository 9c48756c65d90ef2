"""A monitor on a real Kafka, as its users have it: processes, topics, HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from prometheus_client.parser import text_string_to_metric_families

from stream_monitor.config.api import ApiSettings
from stream_monitor.config.monitors import AlertSettings, DriftSettings
from stream_monitor.config.render import to_yaml
from stream_monitor.config.settings import (
    KafkaSettings,
    ModelSettings,
    Settings,
    Topic,
    WorkerSettings,
)
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.references import publish
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.model import Reference
from stream_monitor.reference.registry import References
from stream_monitor.testing.kafka import free_port
from tests.pipeline.events import Event, judged, log

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
BLOCK = 1000
IDLE_MS = 2000
#: How long to wait for what takes seconds on idle cores: these tests run beside others.
PATIENCE_S = 120.0
#: What the console script ``stream-monitor`` does.
_COMMAND = "from stream_monitor.cli.main import main; main()"


class Site:
    """Topics of their own on the broker, and the workers that serve them."""

    def __init__(
        self,
        kafka: str,
        home: Path,
        models: dict[str, ModelSettings] | None = None,
        api: ApiSettings | None = None,
    ) -> None:
        name = f"t{uuid.uuid4().hex[:8]}"
        self.home = home
        self.settings = Settings(
            kafka=KafkaSettings(
                bootstrap_servers=kafka,
                group="monitor",
                topic_prefix=f"{name}-",
                partitions=PARTITIONS,
                block_size=BLOCK,
            ),
            worker=WorkerSettings(
                emit_interval_ms=100,
                idle_timeout_ms=IDLE_MS,
                session_timeout_ms=3000,
                commit_interval_ms=200,
            ),
            defaults=ModelSettings(
                window_ms=60_000,
                slide_ms=20_000,
                allowed_lateness_ms=30_000,
                min_samples=5,
                drift=DriftSettings(alpha=0.2),
                alerts=AlertSettings(consecutive=2, recover=1),
            ),
            models=models or {},
            api=api or ApiSettings(enabled=False),
        )
        home.mkdir(parents=True, exist_ok=True)
        self.config = home / "monitor.yaml"
        self.config.write_text(to_yaml(self.settings), encoding="utf-8")
        self.workers: list[Monitor] = []
        self._producer = Producer(
            {"bootstrap.servers": kafka, "linger.ms": 5, "message.max.bytes": 9_000_000}
        )
        self._reading: dict[Topic, Reader] = {}

    def create_topics(self) -> None:
        asyncio.run(create_topics(self.settings))

    def publish(self, reference: Reference) -> None:
        asyncio.run(publish(reference, self.settings.kafka))

    def send(
        self,
        topic: Topic,
        value: bytes | None,
        *,
        partition: int = 0,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Queue one message; :meth:`flush` waits until the broker has it."""
        name = self.settings.kafka.topic(topic)
        while True:
            try:
                self._producer.produce(name, value, key, partition, headers=list(headers))
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.1)

    def feed(self, events: Sequence[Event]) -> None:
        """Events over all partitions in turn, the first to partition 0."""
        for i, event in enumerate(events):
            self.send("predictions", event.encode(), partition=i % PARTITIONS)
        self.flush()

    def flush(self) -> None:
        assert self._producer.flush(20) == 0

    def worker(self, name: str, *arguments: str, last_words: Path | None = None) -> Monitor:
        """Start a worker; the same name is the same data directory."""
        worker = Monitor(self, name, arguments, last_words)
        self.workers.append(worker)
        return worker

    def messages(self, topic: Topic) -> list[Message]:
        """Everything that is on a topic by now and was not asked for before."""
        if topic not in self._reading:
            self._reading[topic] = Reader(self.settings.kafka, topic)
        return self._reading[topic].read()

    def committed(self, topic: Topic) -> list[int]:
        """The group's committed offset of each partition, 0 where there is none."""
        kafka = self.settings.kafka
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        wanted = [TopicPartition(kafka.topic(topic), p) for p in range(PARTITIONS)]
        group = kafka.topic_prefix + kafka.group
        question = ConsumerGroupTopicPartitions(group, wanted)
        answer = admin.list_consumer_group_offsets([question])[group].result(20)
        offsets = {tp.partition: max(tp.offset, 0) for tp in answer.topic_partitions}
        return [offsets[partition] for partition in range(PARTITIONS)]

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        for reader in self._reading.values():
            reader.close()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reader:
    """A topic from its beginning to what is its end when asked."""

    def __init__(self, kafka: KafkaSettings, topic: Topic) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": "reader",
                "enable.auto.commit": False,
                "enable.partition.eof": False,
                "fetch.wait.max.ms": 50,
            }
        )
        name = kafka.topic(topic)
        partitions = self._consumer.list_topics(name, timeout=10).topics[name].partitions
        self._at = dict.fromkeys(partitions, 0)
        self._consumer.assign([TopicPartition(name, p, 0) for p in partitions])
        self._name = name

    def read(self) -> list[Message]:
        ends = {
            p: self._consumer.get_watermark_offsets(TopicPartition(self._name, p), timeout=10)[1]
            for p in self._at
        }
        found: list[Message] = []
        deadline = time.monotonic() + 60
        while any(self._at[p] < end for p, end in ends.items()):
            assert time.monotonic() < deadline, "the topic could not be read to its end"
            for message in self._consumer.consume(1000, timeout=0.2):
                assert message.error() is None
                partition, offset = message.partition(), message.offset()
                assert partition is not None
                assert offset is not None
                self._at[partition] = offset + 1
                found.append(message)
        return found

    def close(self) -> None:
        self._consumer.close()


class Monitor:
    """``stream-monitor worker`` in a process of its own."""

    def __init__(
        self, site: Site, name: str, arguments: Sequence[str], last_words: Path | None
    ) -> None:
        self.data = site.home / f"{name}.data"
        self.port, self.api_port = free_port(), free_port()
        self.words = site.home / f"{name}.log"
        if last_words is None:
            command = [
                *(sys.executable, "-c", _COMMAND, "worker"),
                *("--config", str(site.config), "--data-dir", str(self.data)),
                *("--port", str(self.port), "--api-port", str(self.api_port), *arguments),
            ]
        else:
            command = [
                *(sys.executable, "-m", "tests.kafka.monitor"),
                *(str(site.config), str(self.data), str(last_words)),
            ]
        self.began = time.monotonic()
        with self.words.open("ab") as words:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=words, stderr=words)

    def get(self, path: str) -> bytes | None:
        """The body of a page whatever its status; ``None`` when nobody answers."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return bytes(error.read())
        except (OSError, http.client.HTTPException):  # the second: it ended in its answer
            return None

    def health(self) -> dict[str, Any]:
        body = self.get("/health")
        return {"state": "silent"} if body is None else dict(json.loads(body))

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 where there is none."""
        body = self.get("/metrics")
        families = text_string_to_metric_families("" if body is None else body.decode())
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == f"stream_monitor_{name}" and labels.items() <= sample.labels.items()
        )

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def freeze(self, seconds: float) -> None:
        """Give the process no turn for so long."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def forget(self) -> None:
        """Delete what the worker has on its disk."""
        shutil.rmtree(self.data)

    def said(self) -> str:
        return self.words.read_text("utf-8", "replace")

    def until(self, condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> float:
        """Wait for a condition while the worker lives; the seconds it took."""
        began = time.monotonic()
        while not condition():
            assert self.process.poll() is None, self.said()[-3000:]
            assert time.monotonic() - began < timeout_s, self.said()[-3000:]
            time.sleep(0.05)
        return time.monotonic() - began

    def until_running(self) -> float:
        return self.until(lambda: self.health()["state"] == "running")

    def until_read(self, records: int) -> float:
        """Wait until so many records of the topic are read by this process."""
        return self.until(lambda: self.health().get("records", 0) >= records)


def patient(worker: WorkerSettings) -> WorkerSettings:
    """For streams that pause while workers are killed and started: a pause is no silence."""
    return worker.model_copy(update={"idle_timeout_ms": 10 * IDLE_MS})


@dataclass
class Documents:
    """The documents of a topic by id, all copies in their order."""

    site: Site
    topic: Topic
    key: str
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def update(self) -> dict[str, list[dict[str, Any]]]:
        for message in self.site.messages(self.topic):
            value = message.value()
            assert value is not None
            document = json.loads(value)
            self.found.setdefault(document[self.key], []).append(document)
        return self.found


def published(reference: Reference) -> Reference:
    """A test's reference as it comes back from Kafka, with the hash of what is in it."""
    return decode(encode(reference))


def batch_pass(
    settings: Settings, events: Sequence[Event], *references: Reference
) -> dict[str, dict[str, Any]]:
    """The reports of one reader over the events in the order of their time, by id."""
    engine = LocalEngine(settings, References(*references))
    records = log(sorted(events, key=lambda event: event.at_ms))
    said: Iterator[Any] = iter([*engine.feed(0, records), *engine.finish()])
    reports = [judged(dict(p.document)) for p in said if p.stream is Stream.REPORTS]
    return {str(report["report_id"]): json.loads(json.dumps(report)) for report in reports}


def assert_reports_are(
    found: dict[str, list[dict[str, Any]]], expected: dict[str, dict[str, Any]]
) -> None:
    """Every copy of every report is the batch pass's, bit for bit, and no event came late."""
    assert found.keys() == expected.keys()
    for id_, copies in found.items():
        for copy in copies:
            assert judged(copy) == expected[id_]
            assert copy["processing"]["late_rows"] == 0
