"""``stream-monitor report`` from the topics, on a real Kafka."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from stream_monitor.cli.main import run
from stream_monitor.config.load import load
from stream_monitor.config.settings import ModelSettings
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.archive import Archive
from stream_monitor.kafka.references import publish
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reports.history import Gathering, History
from stream_monitor.views.protocol import UnavailableError
from tests.pipeline.events import reference
from tests.reports.documents import HOUR, START_MS, alert, report

pytestmark = pytest.mark.kafka

#: Under the hash of its content, which readers check.
REFERENCE = decode(encode(replace(reference(), source="survey of May")))
EFFECTS = {"feature:x": 0.1}
SINCE = ["--since", "2026-09-21T00:00:00Z", "--until", "2026-09-23T00:00:00Z"]


async def send(address: str, topic: str, documents: Iterable[tuple[str, Any]]) -> None:
    """Documents on a topic as workers send them, and bytes as they are."""
    async with AIOKafkaProducer(bootstrap_servers=address) as producer:
        for model, document in documents:
            value = document if isinstance(document, bytes) else json.dumps(document).encode()
            await producer.send_and_wait(topic, key=model.encode(), value=value)


@pytest.fixture
def told(kafka: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Six windows of ``m``, an alert, its reference, and what is not of ``m`` or not readable."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__TOPIC_PREFIX", f"told-{uuid.uuid4().hex[:8]}-")
    settings = load(None, os.environ, "the tests")

    async def say() -> None:
        await create_topics(settings)
        await publish(REFERENCE, settings.kafka)
        known = {"reference_hash": REFERENCE.hash}
        reports = [
            *(("m", report(at, EFFECTS) | known) for at in range(6)),
            ("m", report(2, revision=1, accuracy=0.8)),
            ("other", report(7, EFFECTS, model="other")),
            ("m", b"{broken"),
        ]
        await send(kafka, settings.kafka.topic("reports"), reports)
        alerts = [("m", alert(1)), ("other", alert(1, model="other"))]
        await send(kafka, settings.kafka.topic("alerts"), alerts)

    asyncio.run(say())


def test_a_models_period_is_told_from_the_topics(
    told: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["report", "--model", "m", *SINCE]
    assert run([*asked, "-o", "page.html"]) == 0
    out, err = capsys.readouterr()
    assert "Something is wrong: drift of x" in out
    assert "page.html: 6 windows" in out
    assert "1 documents could not be read" in err
    assert "survey of May" in Path("page.html").read_text(encoding="utf-8")
    assert run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["windows"]["all"], len(found["episodes"])) == (6, 1)
    assert found["performance"][0]["points"] != []


def test_a_period_without_reports_says_what_to_do(
    told: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["report", "--model", "nobody", *SINCE]
    assert run([*asked, "-o", "page.html"]) == 3
    assert "has no report of nobody" in capsys.readouterr().err
    assert not Path("page.html").exists()


def gathered(archive: Archive, model: str = "m") -> History:
    """What a worker that is asked for a period finds of it on the topics."""
    gathering = Gathering(model, START_MS, START_MS + 9 * HOUR, ModelSettings())
    asyncio.run(archive.read(model, START_MS, gathering))
    return gathering.history()


def test_a_worker_reads_back_what_the_topics_have_and_no_more_than_it_may(told: None) -> None:
    settings = load(None, os.environ, "the tests")
    whole = gathered(Archive(settings))
    assert (len(whole.windows), len(whole.episodes), whole.unread) == (6, 1, 1)
    assert (whole.windows[2].revision, whole.is_cut) == (1, False)
    assert gathered(Archive(settings), "nobody").windows == ()
    short = gathered(Archive(settings, max_bytes=0))
    assert short.is_cut
    assert len(short.windows) < 6
    assert gathered(Archive(settings, max_s=0.0)).is_cut


def test_a_worker_reads_back_one_period_at_a_time(told: None) -> None:
    archive = Archive(load(None, os.environ, "the tests"))

    async def both() -> tuple[list[BaseException | None], int]:
        gathering = Gathering("m", START_MS, START_MS + 9 * HOUR, ModelSettings())
        asked = (archive.read("m", START_MS, gathering) for _ in range(2))
        ended = await asyncio.gather(*asked, return_exceptions=True)
        await archive.read("m", START_MS, gathering)
        return ended, len(gathering.history().windows)

    (first, second), windows = asyncio.run(both())
    assert first is None
    assert isinstance(second, UnavailableError)
    assert windows == 6
