"""The client of model servers on a real Apache Kafka: what is logged, a worker reads."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.client import PredictionLogger
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.testing.kafka import KafkaServer, free_port
from stream_monitor.testing.listeners import make_certificates, secured
from tests.client.topics import events, labels

pytestmark = pytest.mark.kafka

USER, PASSWORD = "server", "correct-horse"
PARTITIONS = 4


def create(bootstrap_servers: str, *topics: str, **config: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    wanted = [NewTopic(topic, PARTITIONS, 1, config=config) for topic in topics]
    for future in admin.create_topics(wanted).values():
        future.result(20)


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
    ids = [f"id-{i}" for i in range(0, 5_000, 10)]
    assert labels(kafka, "client.labels") == dict.fromkeys(ids, "yes")


def test_what_a_broker_has_no_room_or_no_topic_for_is_lost_and_takes_nothing_with_it(
    kafka: str, caplog: pytest.LogCaptureFixture
) -> None:
    create(kafka, "client.small", **{"max.message.bytes": "2000"})
    nowhere = PredictionLogger("m", bootstrap_servers=kafka, topic="client.nowhere")
    nowhere.log({"i": 0})
    with PredictionLogger("m", bootstrap_servers=kafka, topic="client.small") as log:
        for number, length in enumerate((10, 5_000, 10)):
            log.log({"i": number, "text": "x" * length})
            assert log.flush(30)
    assert (log.statistics.sent, log.statistics.lost) == (2, 1)
    assert "Message size too large" in caplog.text
    assert [i for batch in events(kafka, "client.small") for i in batch.features["i"]] in (
        [0, 2],
        [2, 0],  # in which partition they are
    )
    assert not nowhere.close(1)
    assert nowhere.statistics.lost == 1


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
        got = [i for b in events(server.bootstrap_servers) for i in b.features["i"]]
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
