"""The client of model servers on a real Apache Kafka: what is logged, a worker reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.client import PredictionLogger
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.testing.kafka import KafkaServer, free_port
from stream_monitor.testing.listeners import make_certificates, secured

pytestmark = pytest.mark.kafka

USER, PASSWORD = "server", "correct-horse"
PARTITIONS = 4


def create(bootstrap_servers: str, *topics: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    made = admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])
    for future in made.values():
        future.result(20)


def records(bootstrap_servers: str, topic: str) -> Iterator[Record]:
    """All records of a topic, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "reader"})
    for number in range(PARTITIONS):
        part = TopicPartition(topic, number, 0)
        _, end = consumer.get_watermark_offsets(part, timeout=20)
        consumer.assign([part])
        offset = 0
        while offset < end:
            message = consumer.poll(20)
            assert message is not None
            assert message.error() is None
            offset = message.offset() + 1
            at_ms, value = message.timestamp()[1], message.value()
            yield Record(topic, number, message.offset(), at_ms, value)
    consumer.close()


def events(bootstrap_servers: str, topic: str) -> list[EventBatch]:
    decoded = Decoder(Limits()).decode([*records(bootstrap_servers, topic)])
    assert decoded.rejected == ()
    return list(decoded.batches)


def test_every_prediction_and_label_is_read_once_and_as_it_was(kafka: str) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka, topic_prefix="client.")
    create(kafka, "client.predictions", "client.labels")
    began = time.time_ns() // 1_000_000
    with PredictionLogger("m", settings=settings, version="v7", batch_rows=100) as log:
        for i in range(5_000):
            log.log({"i": i, "odd": float("nan") if i % 7 == 0 else i / 3}, str(i % 2), score=0.5)
            if i % 10 == 0:
                log.log_label(f"id-{i}", "yes")
            if i == 2_500:
                log.log({"i": object()})
        assert log.flush(30)
    ended = time.time_ns() // 1_000_000
    counts = log.statistics
    assert (counts.logged, counts.sent, counts.lost, counts.dropped) == (5_501, 5_500, 0, 0)
    found: dict[int, tuple[object, object]] = {}
    for batch in events(kafka, "client.predictions"):
        assert batch.model == "m"
        assert set(batch.model_versions or ()) == {"v7"}
        assert began <= batch.timestamps.min() <= batch.timestamps.max() <= ended
        assert batch.prediction is not None
        for i, odd, prediction in zip(
            batch.features["i"], batch.features["odd"], batch.prediction, strict=True
        ):
            assert i not in found
            found[i] = (odd, prediction)
    assert sorted(found) == [*range(5_000)]
    for i, (odd, prediction) in found.items():
        assert prediction == str(i % 2)
        assert odd != odd if i % 7 == 0 else odd == i / 3
    labels = LabelDecoder(Limits()).decode([*records(kafka, "client.labels")])
    assert labels.rejected == ()
    ids = [one for part in labels.batches for one in part.prediction_ids]
    assert sorted(ids) == sorted(f"id-{i}" for i in range(0, 5_000, 10))


def test_a_broker_that_comes_late_gets_the_newest_and_the_model_never_waits() -> None:
    port = free_port()
    log = PredictionLogger("m", bootstrap_servers=f"127.0.0.1:{port}", max_queue=1_000)
    slowest = 0.0
    for i in range(20_000):
        started = time.perf_counter()
        log.log({"i": i})
        slowest = max(slowest, time.perf_counter() - started)
        if i % 100 == 0:
            time.sleep(0.001)
    assert slowest < 0.5
    assert log.statistics.dropped > 0
    with KafkaServer(port) as server:
        create(server.bootstrap_servers, "predictions")
        assert log.flush(60)
        for i in range(20_000, 20_500):
            log.log({"i": i})
        assert log.flush(30)
        counts = log.statistics
        assert counts.logged == 20_500 == counts.sent + counts.dropped
        got = [i for b in events(server.bootstrap_servers, "predictions") for i in b.features["i"]]
        assert len(got) == len(set(got)) == counts.sent
        assert set(range(19_000, 20_500)) <= set(got)
        assert log.close()


def test_a_kafka_that_encrypts_and_asks_who_comes_takes_the_same_settings(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    port = free_port()
    with KafkaServer(more=secured(files, port, free_port(), USER, PASSWORD)) as server:
        create(server.bootstrap_servers, "predictions")
        password = tmp_path / "password"
        password.write_text(PASSWORD, "utf-8")
        security = SecuritySettings(
            protocol="sasl_ssl",
            mechanism="scram-sha-512",
            username=USER,
            password_file=str(password),
            ca_file=str(files.ca),
        )
        address = f"127.0.0.1:{port}"
        settings = KafkaSettings(bootstrap_servers=address, security=security)
        with PredictionLogger("m", settings=settings) as log:
            log.log({"x": 1})
            assert log.flush(30)
        assert log.statistics.sent == 1
        password.write_text("wrong", "utf-8")
        refused = PredictionLogger("m", settings=settings)
        refused.log({"x": 1})
        assert not refused.close(3)
        assert refused.statistics.lost == 1
