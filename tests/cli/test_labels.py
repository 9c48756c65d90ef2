"""``stream-monitor labels send``, and labels of a replay, on their topic."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from stream_monitor.cli.main import run
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.testing.kafka import free_port
from tests.cli.test_broker_commands import ANALYSIS, LABELS, all_of
from tests.cli.test_broker_commands import settings as settings

pytestmark = pytest.mark.usefixtures("alone")


@pytest.mark.kafka
def test_the_labels_of_a_file_are_sent_and_the_rows_without_are_counted(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    Path("l.csv").write_text("key,truth,other\n17,yes,1\n18,,2\n,no,3\n19,no,4\n")
    capsys.readouterr()
    command = "labels send l.csv --model m --id key --label truth"
    assert run([*command.split(), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["labels"] == 2
    assert (document["without_label"], document["without_id"]) == (1, 1)
    assert document["topic"] == settings.topic("labels")
    records = all_of(settings, settings.topic("labels"))
    said = {record.key: json.loads(record.value or b"") for record in records}
    assert said == {
        b"17": {"model": "m", "prediction_id": "17", "ground_truth": "yes"},
        b"19": {"model": "m", "prediction_id": "19", "ground_truth": "no"},
    }
    assert run(command.split()) == 0
    assert "m: 2 labels on" in capsys.readouterr().out


@pytest.mark.kafka
def test_labels_bring_the_times_of_their_column(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    Path("l.csv").write_text("id,y,at\n1,0,2024-01-01T00:00:00Z\n2,1,2024-01-02T00:00:00Z\n")
    capsys.readouterr()
    command = "labels send l.csv --model m --id id --label y --timestamp at --json"
    assert run(command.split()) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["first_ms"] == 1_704_067_200_000
    assert document["last_ms"] == 1_704_153_600_000
    records = all_of(settings, settings.topic("labels"))
    times = sorted(json.loads(record.value or b"")["timestamp"] for record in records)
    assert times == [1_704_067_200_000, 1_704_153_600_000]


@pytest.mark.kafka
def test_a_replay_with_labels_that_come_later_sends_both_and_workers_can_read_them(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    capsys.readouterr()
    command = ["replay", ANALYSIS, "--model", "m", "--labels", LABELS, "--label", "employed"]
    options = ["--limit", "500", "--label-later", "2d", "--label-never", "0.2", "--json"]
    started = time.time_ns() // 1_000_000
    assert run([*command, *options]) == 0
    document = json.loads(capsys.readouterr().out)
    labels = document["labels"]
    assert document["rows"] == 500
    assert labels["sent"] + labels["never_sent"] == 500
    assert 50 < labels["never_sent"] < 150
    # The last label is now, so the events are days old.
    assert abs(labels["last_ms"] - started) < 60_000
    assert document["last_ms"] < started - 86_400_000
    events = [
        json.loads(record.value or b"")
        for record in all_of(settings, settings.topic("predictions"))
    ]
    assert len(events) == 500
    assert all("ground_truth" not in event for event in events)
    ids = {event["prediction_id"] for event in events}
    records = all_of(settings, settings.topic("labels"))
    assert len(records) == labels["sent"]
    for record in records:
        assert record.key is not None
        assert record.key == json.loads(record.value or b"")["prediction_id"].encode()
        assert record.key.decode() in ids
        assert LabelDecoder(Limits()).decode([record]).rejected == ()


@pytest.mark.kafka
def test_labels_are_paced_as_events_are(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "create"]) == 0
    capsys.readouterr()
    Path("d.csv").write_text("a,label\n" + "1,0\n" * 7)
    command = "replay d.csv --model m --interval 1s --speed 20 --label-later 20s --json"
    assert run(command.split()) == 0
    document = json.loads(capsys.readouterr().out)
    span = document["labels"]["last_ms"] - document["first_ms"]
    assert document["seconds"] >= span / 1000 / 20 * 0.95
    for record in all_of(settings, settings.topic("labels")):
        assert json.loads(record.value or b"")["timestamp"] <= record.timestamp + 1000


@pytest.mark.kafka
def test_without_the_topic_it_says_how_to_make_it(
    settings: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("l.csv").write_text("id,y\n1,0\n")
    assert run(["labels", "send", "l.csv", "--model", "m", "--id", "id", "--label", "y"]) == 4
    err = capsys.readouterr().err
    assert f"there is no topic {settings.topic('labels')} at" in err
    assert "stream-monitor topics create" in err


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ("no.csv --model m --id id --label y", 3, "no.csv does not exist"),
        ("l.csv --id id --label y", 2, "Missing option '--model'"),
        ("l.csv --model m --label y", 2, "Missing option '--id'"),
        ("l.csv --model m --id id", 2, "Missing option '--label'"),
        ("l.csv --model m --id idd --label y", 3, "no column 'idd'; did you mean 'id'?"),
        ("l.csv --model m --id id --label id", 3, "'id' is given more than one role"),
        ("l.csv --model m --id id --label none", 3, "so there is no label to send"),
        ("l.csv --model m --id id --label y --timestamp y", 3, "more than one role"),
        ("l.csv --model m --id id --label y --timestamp n", 3, "looks like seconds"),
        ("l.csv --model m --id id --label y --timestamp at", 3, "leave --timestamp out"),
        ("l.csv --model m --id id --label y --bootstrap-servers x", 2, "no broker address"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    options: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("l.csv").write_text("id,y,none,n,at\n1,0,,5,2199-01-01T00:00:00Z\n")
    assert run(["labels", "send", *options.split()]) == code
    out, err = capsys.readouterr()
    assert sentence in err
    assert not out


def test_a_broker_that_is_not_there_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    Path("l.csv").write_text("id,y\n1,0\n")
    server = f"127.0.0.1:{free_port()}"
    command = f"labels send l.csv --model m --id id --label y --bootstrap-servers {server}"
    assert run(command.split()) == 4
    out, err = capfd.readouterr()
    assert not out
    assert err.startswith(f"error: cannot reach Kafka at {server}")
    assert err.count("\n") == 1
