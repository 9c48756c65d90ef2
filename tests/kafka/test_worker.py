"""A worker's life, as it is seen from outside: HTTP, exit codes, commits, sentences."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.config.settings import KafkaSettings, ModelSettings, Settings
from stream_monitor.kafka.admin import topic_specs
from stream_monitor.testing.kafka import free_port
from tests.kafka.live import (
    BLOCK,
    IDLE_MS,
    PARTITIONS,
    PATIENCE_S,
    Documents,
    Monitor,
    Site,
    assert_reports_are,
    batch_pass,
    published,
)
from tests.kafka.streams import stream
from tests.pipeline.events import EPOCH_MS, Event, reference

pytestmark = pytest.mark.kafka

LIVE = ModelSettings(window_ms=2000, slide_ms=1000, allowed_lateness_ms=1000, min_samples=5)


@dataclass
class Life:
    """What was seen of one worker from its start to its end."""

    states: list[str] = field(default_factory=list)
    recovering: list[str] = field(default_factory=list)
    slowest_page_s: float = 0.0
    pages: int = 0
    judged_after_s: float = 0.0
    live_judged_after_s: float = 0.0
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    late: float = 0.0
    copies_before: int = 0
    copies_after: int = 0
    exit_code: int | None = None
    words: str = ""


def watch(worker: Monitor) -> list[str]:
    """The states up to running, each once as it follows another."""
    seen = ["silent"]
    while seen[-1] != "running":
        assert time.monotonic() - worker.began < PATIENCE_S, worker.said()
        state = worker.health()["state"]
        if state != seen[-1]:
            seen.append(state)
        time.sleep(0.02)
    return seen


def live(kafka: str, home: Path) -> Life:
    """Start, a burst, silence, events in real time, late events, a kill, a stop."""
    site = Site(kafka, home, models={"live": LIVE})
    life = Life()
    with site:
        site.create_topics()
        site.publish(reference())
        events = stream(30_000, 20, seed=9)
        life.expected = batch_pass(site.settings, events, published(reference()))
        reports = Documents(site, "reports", "report_id")
        worker = site.worker("a")
        life.states = watch(worker)
        site.feed(events)
        fed = time.monotonic()
        while not reports.update().keys() >= life.expected.keys():
            assert time.monotonic() - fed < PATIENCE_S, worker.said()
            began = time.monotonic()
            assert worker.metric("worker_state", state="running") == 1
            life.slowest_page_s = max(life.slowest_page_s, time.monotonic() - began)
            life.pages += 1
        life.judged_after_s = time.monotonic() - fed
        # Old enough for no window to want it, and of the newest window that was judged.
        late = [Event(0)] * 30 + [Event(599_999)] * 12
        life.copies_before = sum(map(len, reports.update().values()))
        site.feed(late)
        worker.until(lambda: worker.metric("events_late_total", model="m") == len(late))
        life.copies_after = sum(map(len, reports.update().values()))
        life.late = worker.metric("events_late_total", model="m")
        life.found = dict(reports.found)

        # Panes end on whole seconds: all of these are in the first half of one.
        time.sleep(1 - time.time() % 1)
        now_ms = time.time_ns() // 1_000_000 - EPOCH_MS
        site.feed([Event(now_ms + i, model="live") for i in range(80)])
        fed = time.monotonic()
        worker.until(lambda: worker.metric("windows_total", model="live") > 0)
        life.live_judged_after_s = time.monotonic() - fed
        worker.kill()
        worker.forget()
        worker = site.worker("a")
        life.recovering = watch(worker)
        life.exit_code = worker.stop()
        life.words = worker.said()
        return life


@dataclass
class Stop:
    """Where a worker was when it stopped, and what its group has committed."""

    exit_code: int
    positions: dict[str, list[list[int]]]
    committed: dict[str, list[int]]


def stopped(kafka: str, home: Path) -> Stop:
    """A stop in the middle of a block of each partition."""
    with Site(kafka, home) as site:
        site.create_topics()
        last_words = home / "positions.json"
        worker = site.worker("a", last_words=last_words)
        site.feed(stream(11_002, 20, seed=10))
        worker.until(lambda: site.committed("predictions") == [2 * BLOCK] * PARTITIONS)
        worker.until(lambda: min(site.committed("summaries")) > 0)
        code = worker.stop()
        positions = json.loads(last_words.read_text("utf-8"))
        prefix = site.settings.kafka.topic_prefix
        return Stop(
            code,
            {topic.removeprefix(prefix): sorted(at) for topic, at in positions.items()},
            {
                "predictions": site.committed("predictions"),
                "summaries": site.committed("summaries"),
            },
        )


@dataclass
class Refusal:
    """How a worker that cannot work has ended."""

    exit_code: int
    words: str
    after_s: float


def ended(worker: Monitor) -> Refusal:
    """Wait for a worker that gives up; the time counts from when it answers HTTP."""
    asked = None
    while worker.process.poll() is None:
        assert time.monotonic() - worker.began < PATIENCE_S, worker.said()
        if asked is None and worker.health()["state"] != "silent":
            asked = time.monotonic()
        time.sleep(0.05)
    after_s = 0.0 if asked is None else time.monotonic() - asked
    return Refusal(worker.process.returncode, worker.said(), after_s)


def refused(kafka: str, home: Path, *arguments: str) -> Refusal:
    with Site(kafka, home) as site:
        return ended(site.worker("a", *arguments))


def unlike(kafka: str, home: Path) -> Refusal:
    """``summaries`` is there already, with another number of partitions than the table."""
    site = Site(kafka, home)
    name = site.settings.kafka.topic("summaries")
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, PARTITIONS + 2, 1)])[name].result(20)
    with site:
        return ended(site.worker("a"))


@pytest.fixture(scope="module")
def runs(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Any]]]:
    """All of them at the same time: each mostly waits."""
    home = tmp_path_factory.mktemp("worker")
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        ThreadPoolExecutor(max_workers=3) as pool,
    ):
        mute = f"127.0.0.1:{silent.getsockname()[1]}"
        nobody = f"127.0.0.1:{free_port()}"
        yield {
            "live": pool.submit(live, kafka, home / "live"),
            "stopped": pool.submit(stopped, kafka, home / "stopped"),
            "mute": pool.submit(refused, mute, home / "mute"),
            "nobody": pool.submit(refused, nobody, home / "nobody", "--no-create-topics"),
            "missing": pool.submit(refused, kafka, home / "missing", "--no-create-topics"),
            "unlike": pool.submit(unlike, kafka, home / "unlike"),
        }


def test_health_tells_starting_recovering_and_running_apart(
    runs: dict[str, Future[Life]],
) -> None:
    life = runs["live"].result()
    assert life.states[:2] == ["silent", "starting"]
    assert life.states[-1] == "running"
    assert life.recovering == ["silent", "starting", "recovering", "running"]


def test_metrics_answer_while_the_worker_handles_a_burst(runs: dict[str, Future[Life]]) -> None:
    life = runs["live"].result()
    assert life.pages >= 3
    assert life.slowest_page_s < 2


def test_a_burst_is_judged_as_one_batch_pass_does_and_its_end_soon_after_it(
    runs: dict[str, Future[Life]],
) -> None:
    life = runs["live"].result()
    assert_reports_are(life.found, life.expected)
    assert life.judged_after_s < IDLE_MS / 1000 + 30


def test_the_last_window_of_a_stream_in_real_time_is_judged_when_it_has_stopped(
    runs: dict[str, Future[Life]],
) -> None:
    waited = (IDLE_MS + LIVE.slide_ms + LIVE.allowed_lateness_ms) / 1000
    assert waited - 1 < runs["live"].result().live_judged_after_s < waited + 5


def test_late_events_are_counted_and_change_no_report(runs: dict[str, Future[Life]]) -> None:
    life = runs["live"].result()
    assert life.late == 42
    assert life.copies_after == life.copies_before == len(life.expected)


def test_sigterm_ends_a_worker_with_code_0(runs: dict[str, Future[Life]]) -> None:
    life = runs["live"].result()
    assert life.exit_code == 0
    assert life.words.endswith("stopped: everything read is committed\n")
    assert "Traceback" not in life.words


def test_after_a_stop_committed_is_processed_and_for_events_the_start_of_its_block(
    runs: dict[str, Future[Stop]],
) -> None:
    stop = runs["stopped"].result()
    assert stop.exit_code == 0
    events = stop.positions["predictions"]
    assert [position for _, position, _ in events] == [2751, 2751, 2750, 2750]
    assert [committed for _, _, committed in events] == [2 * BLOCK] * PARTITIONS
    assert stop.committed["predictions"] == [2 * BLOCK] * PARTITIONS
    assert stop.committed["summaries"] == [p for _, p, _ in stop.positions["summaries"]]
    assert min(stop.committed["summaries"]) > 0


@pytest.mark.parametrize("broker", ["mute", "nobody"])
def test_a_broker_that_cannot_be_reached_is_one_sentence_and_exit_code_4(
    runs: dict[str, Future[Refusal]], broker: str
) -> None:
    refusal = runs[broker].result()
    assert refusal.exit_code == 4
    assert refusal.after_s < 15
    *greeting, sentence = refusal.words.splitlines()
    assert sentence.startswith("error: cannot reach Kafka at 127.0.0.1:")
    assert [line.split()[0] for line in greeting] == ["worker", "health", "metrics"]


def test_missing_topics_that_are_not_to_be_created_are_named(
    runs: dict[str, Future[Refusal]],
) -> None:
    refusal = runs["missing"].result()
    assert refusal.exit_code == 2
    sentence = refusal.words.splitlines()[-1]
    assert sentence.startswith("error: these topics are missing: ")
    for spec in topic_specs(Settings(kafka=KafkaSettings(group="monitor"))):
        assert spec.name in sentence
    assert "topics create" in sentence
    assert "Traceback" not in refusal.words


def test_summaries_with_other_partitions_than_the_table_are_refused(
    runs: dict[str, Future[Refusal]],
) -> None:
    refusal = runs["unlike"].result()
    assert refusal.exit_code == 2
    assert f"has {PARTITIONS + 2} partitions" in refusal.words.splitlines()[-1]
    assert "Traceback" not in refusal.words
