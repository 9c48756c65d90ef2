"""The commands that ask Kafka: topics, reference publish, replay."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from stream_monitor import data
from stream_monitor.cli.main import run
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.kafka.clients import consuming
from stream_monitor.reference.codec import decode
from stream_monitor.testing.kafka import free_port

pytestmark = pytest.mark.usefixtures("alone")

ANALYSIS = str(data.path("employment_analysis.parquet"))
LABELS = str(data.path("employment_labels.parquet"))


@pytest.fixture
def settings(kafka: str, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    """The real broker, and topics of a prefix that no other test has."""
    prefix = f"{uuid.uuid4().hex[:8]}."
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__TOPIC_PREFIX", prefix)
    return KafkaSettings(bootstrap_servers=kafka, topic_prefix=prefix)


@pytest.fixture
def reference() -> Path:
    Path("d.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(90)))
    assert run(["reference", "build", "d.csv", "--model", "m", "--prediction", "y"]) == 0
    return Path("m.reference")


def all_of(kafka: KafkaSettings, topic: str) -> list[ConsumerRecord]:
    async def read() -> list[ConsumerRecord]:
        async with consuming(kafka) as consumer:
            consumer.assign([TopicPartition(topic, 0)])
            while not (found := consumer.partitions_for_topic(topic)):
                await asyncio.sleep(0.05)
            partitions = [TopicPartition(topic, number) for number in found]
            consumer.assign(partitions)
            left = sum((await consumer.end_offsets(partitions)).values())
            records: list[ConsumerRecord] = []
            while len(records) < left:
                for fetched in (await consumer.getmany(timeout_ms=1000)).values():
                    records += fetched
            return records

    return asyncio.run(read())


@pytest.mark.kafka
def test_topics_are_created_once(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create", "--partitions", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    topics = {topic["topic"]: topic for topic in document["topics"]}
    assert {topic["outcome"] for topic in topics.values()} == {"created"}
    assert topics[settings.topic("predictions")]["partitions"] == 3
    assert topics[settings.topic("references")]["partitions"] == 1
    assert run(["topics", "create"]) == 0
    out, err = capsys.readouterr()
    assert "exists" in out
    assert "created" not in out
    assert f"{settings.topic('labels')} (3)" in err
    assert "a topic that exists is left as it is" in err


def test_a_dry_run_asks_no_broker(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"topics create --dry-run --bootstrap-servers 127.0.0.1:{free_port()}"
    assert run(command.split()) == 0
    out = capsys.readouterr().out
    assert out.count("planned") >= 7
    assert "events of model servers" in out


@pytest.mark.kafka
def test_a_published_reference_is_on_the_topic_and_the_topic_is_made(
    settings: KafkaSettings, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["reference", "publish", str(reference)]) == 0
    out = capsys.readouterr().out
    made = decode(reference.read_bytes())
    assert f"m: reference {made.hash}" in out
    assert "offset 0" in out
    assert "take it up without a restart" in out
    assert run(["reference", "publish", str(reference), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["offset"] == 1
    assert document["created"] == []
    first, second = all_of(settings, settings.topic("references"))
    assert first.key == second.key == b"m"
    assert first.value is not None
    assert decode(first.value).hash == document["hash"] == made.hash


@pytest.mark.kafka
def test_replayed_rows_are_events_with_labels_keyed_by_their_id(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    capsys.readouterr()
    command = ["replay", ANALYSIS, "--model", "m", "--labels", LABELS, "--label", "employed"]
    started = time.time_ns() // 1_000_000
    assert run([*command, "--limit", "500", "--start", "2024-01-01T00:00:00Z", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["messages"], document["labelled"]) == (500, 500, 500)
    assert document["first_ms"] == 1_704_067_200_000
    records = all_of(settings, settings.topic("predictions"))
    assert len(records) == 500
    assert len({record.partition for record in records}) == 4
    for record in records:
        assert record.value is not None
        event = json.loads(record.value)
        assert record.key == event["prediction_id"].encode()
        assert event["ground_truth"] in (0, 1)
        assert event["model"] == "m"
        # The time of sending: retention would drop a record of 2024 at once.
        assert record.timestamp >= started
    assert (
        sum(len(record.value or b"") + len(record.key or b"") for record in records)
        == (document["bytes"])
    )


@pytest.mark.kafka
@pytest.mark.parametrize("form", ["columns", "arrow"])
def test_replayed_columns_hold_many_rows_a_message(
    settings: KafkaSettings, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    capsys.readouterr()
    assert run(["replay", ANALYSIS, "--model", "m", "--format", form]) == 0
    out = capsys.readouterr().out
    assert "m: 18,000 events on" in out
    assert "Next: workers report each 5m of event time on" in out
    assert len(all_of(settings, settings.topic("predictions"))) == 38


@pytest.mark.kafka
def test_a_pace_is_kept_and_the_first_row_is_now(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    capsys.readouterr()
    Path("d.csv").write_text("a\n" + "1\n" * 7)
    before = time.time_ns() // 1_000_000
    command = ["replay", "d.csv", "--model", "m", "--interval", "1s", "--speed", "10"]
    assert run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["seconds"] >= 0.6
    # 6 s of events in 0.6 s, and none of them in the future.
    assert before - 6_000 < document["first_ms"] < document["last_ms"]
    for record in all_of(settings, settings.topic("predictions")):
        assert json.loads(record.value or b"")["timestamp"] <= record.timestamp


@pytest.mark.kafka
def test_a_replay_without_topics_says_how_to_make_them(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", ANALYSIS, "--model", "m", "--limit", "5"]) == 4
    err = capsys.readouterr().err
    assert f"there is no topic {settings.topic('predictions')} at" in err
    assert "stream-monitor topics create" in err


@pytest.mark.parametrize(
    "command",
    [
        "topics create",
        "reference publish m.reference",
        "reference promote m --since 2024-01-01T00:00:00Z --dry-run",
        "reference history m",
        "replay d.csv --model m",
    ],
)
def test_a_broker_that_is_not_there_is_one_sentence_and_no_wait(
    command: str, reference: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    server = f"127.0.0.1:{free_port()}"
    started = time.monotonic()
    assert run([*command.split(), "--bootstrap-servers", server]) == 4
    assert time.monotonic() - started < 20
    out, err = capfd.readouterr()
    assert not out
    assert err.startswith(f"error: cannot reach Kafka at {server}: nothing answers there")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("replay no.csv --model m", 3, "no.csv does not exist"),
        ("replay d.csv", 2, "Missing option '--model'"),
        ("replay d.csv --model m --speed -1", 2, "Invalid value for '--speed'"),
        ("replay d.csv --model m --speed inf", 2, "--speed is no finite number"),
        ("replay d.csv --model m --format xml", 2, "Invalid value for '--format'"),
        ("replay d.csv --model m --start now --interval 10m", 2, "set an earlier --start"),
        ("replay late.csv --model m", 2, "workers refuse more than 1h"),
        ("replay d.csv --model m --bootstrap-servers x", 2, "'x' is no broker address"),
        ("reference publish no.reference", 3, "no.reference cannot be read"),
        ("reference publish d.csv", 3, "d.csv: This is not a reference"),
        ("topics create --partitions 0", 2, "(--partitions): 0 is given"),
        ("topics create --replication x", 2, "Invalid value for '--replication'"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    command: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d.csv").write_text("a\n" + "1\n" * 90)
    Path("late.csv").write_text("a,timestamp\n1,2199-01-01T00:00:00Z\n")
    assert run(command.split()) == code
    out, err = capsys.readouterr()
    assert sentence in err
    assert not out
