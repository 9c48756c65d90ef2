from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer
from pydantic import SecretStr

from stream_monitor.client import PredictionLogger, Statistics
from stream_monitor.client.pack import Message
from stream_monitor.client.sending import MAX_IN_FLIGHT, KafkaSender, leak, options
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.kafka.embedded import EmbeddedBroker
from tests.client.fakes import decoded, integers
from tests.client.test_pack import PARENT
from tests.client.topics import embedded_broker, messages


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with embedded_broker() as embedded:
        yield embedded


def test_librdkafka_carries_messages_and_their_headers(broker: EmbeddedBroker) -> None:
    with PredictionLogger("m", bootstrap_servers=broker.bootstrap_servers) as log:
        for i in range(1_200):
            log.log({"i": i}, traceparent=PARENT)
        assert log.flush()
    sent = messages(broker.bootstrap_servers, "predictions")
    assert {message.headers for message in sent} == {(("traceparent", PARENT.encode()),)}
    assert sorted(integers(decoded(sent), "i")) == [*range(1_200)]
    counts = log.statistics
    assert counts.messages == len(sent)
    assert counts.bytes == sum(len(message.value) for message in sent)


def test_without_a_broker_nothing_waits_and_the_rows_are_lost_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = PredictionLogger("m", bootstrap_servers="127.0.0.1:1", linger_ms=10, max_queue=1_000)
    started = time.perf_counter()
    for i in range(30_000):
        log.log({"i": i})
    assert time.perf_counter() - started < 5
    deadline = time.monotonic() + 60
    while "Kafka: " not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    log.close(0.2)
    counts = log.statistics
    assert counts.logged == 30_000 == counts.dropped + counts.lost
    assert counts.lost <= 1_000 + MAX_IN_FLIGHT * 500
    assert "127.0.0.1:1" in caplog.text


def test_a_message_that_the_client_refuses_is_lost_and_said_once(
    broker: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, max_message_bytes=1_024)
    sender = KafkaSender(options(kafka))
    settled: list[bool] = []
    for _ in range(3):
        sender.send("predictions", Message(b"x" * 2_000, 1), lambda _, ok: settled.append(ok))
    assert settled == [False] * 3
    assert caplog.text.count("cannot be sent") == 1
    assert sender.room == MAX_IN_FLIGHT
    sender.close()


def test_of_what_is_on_its_way_when_the_client_says_no_more_the_rows_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        def __init__(self, options: object) -> None: ...
        def produce(self, topic: str, value: bytes, **more: object) -> None: ...
        def purge(self) -> None: ...
        def poll(self, seconds: float) -> None: ...

    monkeypatch.setattr("confluent_kafka.Producer", Silent)
    sender = KafkaSender({})
    settled: list[bool] = []
    sender.send("predictions", Message(b"x", 1), lambda _, ok: settled.append(ok))
    assert (settled, sender.room) == ([], MAX_IN_FLIGHT - 1)
    sender.close()
    assert (settled, sender.room) == ([False], MAX_IN_FLIGHT)


def test_the_settings_of_tls_and_sasl_are_those_of_a_worker(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct-horse\n", "utf-8")
    security = SecuritySettings(
        protocol="sasl_ssl",
        mechanism="scram-sha-512",
        username="monitor",
        password_file=str(file),
        ca_file="ca.pem",
    )
    found = options(KafkaSettings(bootstrap_servers="a:1,b:2", security=security))
    wanted: dict[str, Any] = {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "monitor",
        "sasl.password": "correct-horse",
        "ssl.ca.location": "ca.pem",
        "acks": "all",
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert options(KafkaSettings())["security.protocol"] == "plaintext"


def test_librdkafka_knows_every_option() -> None:
    security = SecuritySettings(
        protocol="sasl_plaintext",
        mechanism="plain",
        username="monitor",
        password=SecretStr("correct-horse"),
    )
    known = options(KafkaSettings(security=security))
    Producer(known)
    with pytest.raises(KafkaException):
        Producer(known | {"no.such.option": 1})


def test_a_password_file_that_is_not_there_is_named_when_the_logger_is_made(tmp_path: Path) -> None:
    security = SecuritySettings(
        protocol="sasl_plaintext",
        mechanism="plain",
        username="monitor",
        password_file=str(tmp_path / "none"),
    )
    with pytest.raises(ConfigurationError, match="none cannot be read"):
        PredictionLogger("m", settings=KafkaSettings(security=security))
    with pytest.raises(ConfigurationError, match="give one of them"):
        PredictionLogger("m", settings=KafkaSettings(), bootstrap_servers="a:1")


def test_topics_have_the_prefix_of_the_settings(broker: EmbeddedBroker) -> None:
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, topic_prefix="team.")
    broker.touch("team.predictions", "elsewhere")
    with PredictionLogger("m", settings=kafka, labels_topic="elsewhere") as log:
        log.log({"x": 1})
        log.log_label("a", 1)
    assert log.statistics.sent == 2
    assert len(messages(broker.bootstrap_servers, "team.predictions")) == 1
    assert len(messages(broker.bootstrap_servers, "elsewhere")) == 1
    assert log.statistics + Statistics() == log.statistics


def test_what_is_leaked_outlives_everybody_who_knew_it() -> None:
    class Thing:
        pass

    kept, gone = Thing(), Thing()
    seen = weakref.ref(kept), weakref.ref(gone)
    leak(kept)
    del kept, gone
    gc.collect()
    assert [found() is not None for found in seen] == [True, False]
