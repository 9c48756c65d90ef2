"""What a crash, a rebalance and bad messages do to the verdicts: nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from stream_monitor.errors import Reason
from tests.client.topics import headers_of
from tests.kafka.live import (
    IDLE_MS,
    PARTITIONS,
    Documents,
    Monitor,
    Site,
    assert_reports_are,
    batch_pass,
)
from tests.kafka.live import published as as_published
from tests.kafka.streams import stream
from tests.pipeline.events import Event, reference

pytestmark = pytest.mark.kafka

Reports = dict[str, list[dict[str, Any]]]


@dataclass
class Run:
    """What a stream came to."""

    found: Reports
    expected: dict[str, dict[str, Any]]
    exit_codes: list[int]
    committed: list[int]
    late: float


@pytest.fixture(scope="module")
def together() -> Iterator[ThreadPoolExecutor]:
    """Runs that mostly wait (for processes, session timeouts) wait at the same time."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture(scope="module")
def runs(
    kafka: str, tmp_path_factory: pytest.TempPathFactory, together: ThreadPoolExecutor
) -> dict[str, Future[Any]]:
    home = tmp_path_factory.mktemp("faults")
    return {
        each.__name__: together.submit(each, kafka, home / each.__name__)
        for each in (killed, frozen, joined_and_left, interleaved)
    }


class Feeding:
    """Feeds events from a thread at an even pace, until told to feed the rest at once."""

    def __init__(self, site: Site, events: list[Event], per_second: int) -> None:
        self._site = site
        self._events = events
        self._per_second = per_second
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    def _feed(self) -> None:
        began = time.monotonic()
        step = 100
        for start in range(0, len(self._events), step):
            due = began + start / self._per_second
            self._hurry.wait(max(0.0, due - time.monotonic()))
            self._site.feed(self._events[start : start + step])

    def finish(self) -> None:
        """Feed what is left; there must be some, or nothing happened in the middle."""
        assert self._thread.is_alive()
        self._hurry.set()
        self._thread.join()


def until_judged(worker: Monitor, documents: Documents, expected: dict[str, Any]) -> None:
    worker.until(lambda: documents.update().keys() >= expected.keys())


def ended(site: Site, worker: Monitor, reports: Documents, expected: dict[str, Any]) -> Run:
    """What it came to, once the worker has judged all and was stopped."""
    until_judged(worker, reports, expected)
    late = worker.metric("events_late_total")
    code = worker.stop()
    return Run(reports.update(), expected, [code], site.committed("predictions"), late)


def killed(kafka: str, home: Path) -> Run:
    """Three kills; after the second one the worker's disk is gone too."""
    with Site(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events = stream(60_000, 10)
        expected = batch_pass(site.settings, events, as_published(reference()))
        reports = Documents(site, "reports", "report_id")
        feeding = Feeding(site, events, 600)
        for kill in range(3):
            worker = site.worker("a")
            worker.until_running()
            worker.until_read(worker.health()["records"] + 2000)
            worker.kill()
            if kill == 1:
                worker.forget()
        worker = site.worker("a")
        worker.until_running()
        feeding.finish()
        return ended(site, worker, reports, expected)


def frozen(kafka: str, home: Path) -> Run:
    """A worker that stands still for longer than the idle timeout, again and again.

    As a paused machine or a throttled container does; what it has not read meanwhile is not
    silence.
    """
    with Site(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events = stream(40_000, 15, seed=8)
        expected = batch_pass(site.settings, events, as_published(reference()))
        reports = Documents(site, "reports", "report_id")
        worker = site.worker("a")
        worker.until_running()
        feeding = Feeding(site, events, 600)
        for turn_ms in (30, 80, 150, 250, 400, 600, 30, 80, 150, 250, 400, 600):
            worker.freeze(IDLE_MS / 1000 + 0.2)
            time.sleep(turn_ms / 1000)
        feeding.finish()
        return ended(site, worker, reports, expected)


def joined_and_left(kafka: str, home: Path) -> Run:
    """A second worker joins in the middle, then the first one leaves."""
    with Site(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events = stream(40_000, 15, seed=6)
        expected = batch_pass(site.settings, events, as_published(reference()))
        reports = Documents(site, "reports", "report_id")
        first = site.worker("a")
        first.until_running()
        feeding = Feeding(site, events, 600)
        first.until_read(2000)
        second = site.worker("b")
        second.until_read(2000)
        assert first.health()["state"] == "running"
        codes = [first.stop()]
        feeding.finish()
        until_judged(second, reports, expected)
        late = second.metric("events_late_total")
        codes.append(second.stop())
        return Run(reports.update(), expected, codes, site.committed("predictions"), late)


#: Messages that cannot be read, with what they are counted as and their headers.
BAD: list[tuple[Reason, bytes | None, list[tuple[str, bytes]]]] = [
    (Reason.EMPTY, None, [("trace", b"1")]),
    (Reason.NOT_JSON, b"\xff\x00{", [("reason", b"of its producer")]),
    (Reason.NOT_ARROW, b"ARROW1", [("content-type", b"application/vnd.apache.arrow.stream")]),
    (Reason.UNKNOWN_CONTENT_TYPE, b"a,b\n1,2", [("content-type", b"text/csv")]),
    (Reason.NOT_AN_OBJECT, b"[1, 2]", []),
    (Reason.MISSING_FIELD, b'{"timestamp": 1700000000000, "features": {}}', []),
    (Reason.WRONG_TYPE, b'{"model": "m", "timestamp": 1700000000000, "features": 7}', []),
    (Reason.BAD_TIMESTAMP, b'{"model": "m", "timestamp": "yesterday", "features": {}}', []),
    (Reason.FUTURE_TIMESTAMP, b'{"model": "m", "timestamp": 99999999999000, "features": {}}', []),
    (
        Reason.RAGGED_COLUMNS,
        b'{"model": "m", "columns": {"features": {"x": [1, 2], "c": [1]}}}',
        [],
    ),
    (Reason.NOT_JSON, b"x" * 3_000_000, []),  # more than Faust's own limit
]


@dataclass
class Interleaved:
    """What became of good events with bad messages between them."""

    run: Run
    letters: list[Message]
    counted: dict[Reason, float]
    health: dict[str, Any]
    too_large: int


def interleaved(kafka: str, home: Path) -> Interleaved:
    """Bad messages among the events, and among the summaries."""
    with Site(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events = stream(4_000, 50, seed=7)
        expected = batch_pass(site.settings, events, as_published(reference()))
        reports = Documents(site, "reports", "report_id")
        worker = site.worker("a")
        worker.until_running()
        for i in range(0, len(events), 400):
            site.feed(events[i : i + 400])
            bad = BAD[i // 400]
            site.send("predictions", bad[1], partition=i % PARTITIONS, key=b"k", headers=bad[2])
            for junk in (b"", b"\xc1", b"\x93\x01\x02\x03", b"\x91\x63"):
                site.send("summaries", junk, partition=i % PARTITIONS)
        site.send("predictions", BAD[-1][1], key=b"k")
        # As large as Kafka takes: with our headers it does not fit on the other topic.
        limit = site.settings.kafka.max_message_bytes
        site.send("predictions", b"x" * (limit - 100), key=b"k")
        site.flush()
        until_judged(worker, reports, expected)
        counted = {
            reason: worker.metric("records_rejected_total", reason=reason) for reason in Reason
        }
        health = worker.health()
        late = worker.metric("events_late_total")
        code = worker.stop()
        committed = site.committed("predictions")
        run = Run(reports.update(), expected, [code], committed, late)
        return Interleaved(run, site.messages("dead_letters"), counted, health, limit - 100)


def test_a_worker_killed_three_times_says_what_one_batch_pass_says(
    runs: dict[str, Future[Run]],
) -> None:
    run = runs["killed"].result()
    assert_reports_are(run.found, run.expected)
    assert len(run.expected) == 30
    assert run.exit_codes == [0]
    assert run.committed == [15_000] * PARTITIONS


def test_a_worker_that_stood_still_takes_what_it_did_not_read_for_no_silence(
    runs: dict[str, Future[Run]],
) -> None:
    run = runs["frozen"].result()
    assert_reports_are(run.found, run.expected)
    assert len(run.expected) == 30
    assert run.late == 0
    assert run.exit_codes == [0]
    assert run.committed == [10_000] * PARTITIONS


def test_a_worker_that_joins_and_one_that_leaves_change_no_verdict(
    runs: dict[str, Future[Run]],
) -> None:
    run = runs["joined_and_left"].result()
    assert_reports_are(run.found, run.expected)
    assert len(run.expected) == 30
    assert run.exit_codes == [0, 0]
    assert run.committed == [10_000] * PARTITIONS


def test_events_are_judged_as_if_no_bad_message_were_among_them(
    runs: dict[str, Future[Interleaved]],
) -> None:
    run = runs["interleaved"].result().run
    assert_reports_are(run.found, run.expected)
    assert run.late == 0
    assert run.exit_codes == [0]


def test_every_bad_message_is_a_dead_letter_with_all_that_it_had(
    runs: dict[str, Future[Interleaved]],
) -> None:
    result = runs["interleaved"].result()
    letters = {letter.key(): letter for letter in result.letters}
    assert len(letters) == len(BAD) + 1
    found: list[tuple[str, bytes | None, list[tuple[str, bytes]]]] = []
    for letter in letters.values():
        key, headers = letter.key(), headers_of(letter)
        ours = dict(headers)
        at = [ours[name].decode() for name in ("topic", "partition", "offset")]
        assert key == "/".join(at).encode()
        assert abs(int(ours["timestamp"]) / 1000 - time.time()) < 600
        assert ours["sentence"].endswith(b".")
        theirs = headers[: [name for name, _ in headers].index("sentence") - 1]
        if "cut_from_bytes" not in ours:
            assert ours["key"] == b"k"
            found.append((ours["reason"].decode(), letter.value(), theirs))
    assert sorted(found, key=repr) == sorted(BAD, key=repr)


def test_a_bad_message_that_does_not_fit_beside_its_reason_is_cut(
    runs: dict[str, Future[Interleaved]],
) -> None:
    result = runs["interleaved"].result()
    told = [(dict(headers_of(letter)), letter.value()) for letter in result.letters]
    ((headers, value),) = [each for each in told if "cut_from_bytes" in each[0]]
    assert headers["cut_from_bytes"] == str(result.too_large).encode()
    assert headers["reason"] == b"not_json"
    assert value == b"x" * 512


def test_bad_messages_are_counted_by_their_reason(runs: dict[str, Future[Interleaved]]) -> None:
    wanted = Counter(reason for reason, _, _ in BAD) + Counter([Reason.NOT_JSON])
    assert runs["interleaved"].result().counted == {reason: wanted[reason] for reason in Reason}


def test_a_damaged_summary_is_passed_over_and_said(runs: dict[str, Future[Interleaved]]) -> None:
    health = runs["interleaved"].result().health
    assert health["errors"] == 40
    assert "summaries topic" in health["last_error"]["message"]
    assert health["state"] == "running"
