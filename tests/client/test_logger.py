from __future__ import annotations

import asyncio
import datetime
import signal
import threading
import time
from collections import UserDict, namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from stream_monitor.client import (
    AsyncPredictionLogger,
    PredictionLogger,
    Refusal,
    Statistics,
    courier,
)
from stream_monitor.client.pack import Message
from stream_monitor.client.sending import Settle
from stream_monitor.config.settings import Settings
from stream_monitor.errors import ConfigurationError
from tests.client.fakes import FakeKafka, integers
from tests.client.test_pack import PARENT


def logger(kafka: FakeKafka, **more: Any) -> PredictionLogger:
    return PredictionLogger("m", sender=kafka.make, **({"linger_ms": 20} | more))


def until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.002)


def balanced(counts: Statistics) -> bool:
    parts = (counts.sent, counts.dropped, counts.lost, counts.waiting, *counts.refused.values())
    return counts.logged == sum(parts)


def test_everything_that_is_logged_arrives() -> None:
    kafka = FakeKafka()
    with logger(kafka, version="v1") as log:
        log.log(
            {"x": 1.5, "region": "north"},
            "repay",
            score=0.2,
            scores={"repay": 0.2, "default": 0.8},
            prediction_id="a-1",
            timestamp=1_790_000_000_123,
            ground_truth="repay",
            latency_ms=3.5,
            segments={"channel": "web"},
        )
        log.log({"x": 2.5}, version="v2")
        log.log_label("a-1", "repay", timestamp=1_790_000_000_456)
    (batch,) = kafka.events()
    assert batch.model == "m"
    assert batch.features == {"x": [1.5, 2.5], "region": ["north", None]}
    assert batch.prediction == ["repay", None]
    assert batch.score == [0.2, None]
    assert batch.scores == [{"repay": 0.2, "default": 0.8}, None]
    assert batch.prediction_ids == ["a-1", None]
    assert batch.timestamps[0] == 1_790_000_000_123
    assert abs(int(batch.timestamps[1]) - time.time() * 1000) < 60_000
    assert batch.ground_truth == ["repay", None]
    assert batch.latency_ms == [3.5, None]
    assert batch.segments == {"channel": ["web", None]}
    assert batch.model_versions == ["v1", "v2"]
    (labels,) = kafka.labels()
    assert (labels.prediction_ids, labels.ground_truth) == (["a-1"], ["repay"])
    assert labels.timestamps.tolist() == [1_790_000_000_456]
    assert kafka.threads == {"prediction-logger"}


class Request(BaseModel):
    x: float


class Frame:
    """What of a table of pandas counts here."""

    columns = ("a", "b")

    def __getitem__(self, name: str) -> list[str]:
        return [f"{name}{row}" for row in (1, 2)]


Row = namedtuple("Row", ["x"])  # as pandas' itertuples makes them


@pytest.mark.parametrize(
    "features",
    [
        {"x": 1.5},
        UserDict(x=1.5),
        Row(1.5),
        Request(x=1.5),
        SimpleNamespace(to_dict=lambda: {"x": np.float64(1.5)}),
    ],
)
def test_a_row_of_features_may_be_of_any_library(features: object) -> None:
    kafka = FakeKafka()
    with logger(kafka) as log:
        log.log(features)
    (batch,) = kafka.events()
    assert batch.features == {"x": [1.5]}


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([1.5], Refusal.WRONG_TYPE),
        ("x", Refusal.WRONG_TYPE),
        (np.array([1.5]), Refusal.WRONG_TYPE),
        (SimpleNamespace(columns=["x"], to_dict=lambda: {"x": {0: 1.5}}), Refusal.WRONG_TYPE),
        (SimpleNamespace(to_dict=lambda: 1 / 0), Refusal.UNEXPECTED),
    ],
)
def test_what_is_no_row_is_refused_and_counted(features: object, reason: Refusal) -> None:
    kafka = FakeKafka()
    with logger(kafka) as log:
        log.log(features)
        log.log({"x": 1})
    assert log.statistics.refused == {reason: 1}
    assert log.statistics.sent == 1
    assert balanced(log.statistics)


def test_a_row_that_is_changed_after_it_was_logged_is_sent_as_it_was() -> None:
    kafka, features, segments = FakeKafka(), {"x": 1}, {"s": "a"}
    with logger(kafka, linger_ms=5_000) as log:
        log.log(features, segments=segments)
        features["x"], segments["s"] = 2, "b"
    (batch,) = kafka.events()
    assert (batch.features, batch.segments) == ({"x": [1]}, {"s": ["a"]})


def test_a_full_batch_goes_before_its_linger_and_a_part_of_one_after_it() -> None:
    kafka = FakeKafka()
    log = logger(kafka, batch_rows=10, linger_ms=60_000)
    for i in range(25):
        log.log({"x": i})
    until(lambda: sum(message.rows for _, message in kafka.sent) == 20)
    assert [message.rows for _, message in kafka.sent] == [10, 10]
    assert log.flush()
    assert [message.rows for _, message in kafka.sent] == [10, 10, 5]
    assert log.close()
    log = logger(kafka, batch_rows=10, linger_ms=30)
    log.log({"x": 1})
    until(lambda: len(kafka.sent) == 4)
    assert log.close()


def test_what_comes_while_rows_that_are_due_are_packed_does_not_go_row_by_row() -> None:
    class Slow(FakeKafka):
        def send(self, topic: str, message: Message, settle: Settle) -> None:
            super().send(topic, message, settle)
            if log.statistics.logged < 200:
                log.log({"x": 0})

    kafka = Slow(size=1_000)
    log = logger(kafka, batch_rows=100, linger_ms=20)
    began = time.monotonic()
    log.log({"x": 1})
    until(lambda: log.statistics.sent >= 5)
    time.sleep(0.1)
    lingers = len(kafka.sent) - 1
    assert lingers * 0.02 <= time.monotonic() - began, "a message each row, without a linger"
    assert log.close()


def test_a_label_does_not_wait_until_predictions_come_slowly() -> None:
    kafka = FakeKafka()
    log = logger(kafka, batch_rows=100, linger_ms=200)
    labels = log._labels.topic
    log.log_label("id-1", 1)
    until_s = time.monotonic() + 5
    while not any(topic == labels for topic, _ in kafka.sent):
        assert time.monotonic() < until_s, "the label was not sent beside the predictions"
        for i in range(30):
            log.log({"x": i})
        time.sleep(0.002)
    assert log.close()


def test_a_label_does_not_wait_until_a_backlog_of_predictions_is_sent() -> None:
    kafka = FakeKafka(size=1)  # no room for both in one round
    log = logger(kafka, batch_rows=5, linger_ms=5)
    log.log_batch({"x": [*range(200)]})
    log.log_label("id-1", 1)
    until(lambda: log.statistics.sent == 201)
    place = [topic for topic, _ in kafka.sent].index(log._labels.topic)
    assert place < 10, "of 41 messages"
    assert log.close()


def test_a_flush_does_not_take_what_comes_after_it_for_what_came_before() -> None:
    class Silent(FakeKafka):
        def poll(self, seconds: float) -> None:
            log.log("no row")  # refused at once, while what was logged before is on its way
            super().poll(seconds)

    kafka = Silent(up=False)
    log = logger(kafka)
    log.log({"x": 1})
    until(lambda: kafka.on_the_way)
    refused = log.statistics.refused[Refusal.WRONG_TYPE]
    assert not log.flush(0.3)
    assert log.statistics.refused[Refusal.WRONG_TYPE] > refused
    kafka.up = True
    assert log.flush()
    assert log.statistics.sent == 1
    assert log.close()


def test_without_kafka_the_oldest_are_dropped_and_with_it_again_the_newest_arrive() -> None:
    kafka = FakeKafka(up=False, size=2)
    log = logger(kafka, max_queue=20, batch_rows=5)
    for i in range(10):
        log.log({"i": i})
        log.log_label(f"id-{i}", 1)
    until(lambda: len(kafka.on_the_way) == 2)
    slowest = 0.0
    for i in range(10, 500):
        started = time.perf_counter()
        log.log({"i": i})
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 0.5
    counts = log.statistics
    assert balanced(counts)
    assert counts.dropped >= 500 - 20 - 10
    assert counts.sent == 0
    assert not log.flush(0.05)
    kafka.up = True
    assert log.flush()
    counts = log.statistics
    assert (counts.waiting, counts.lost) == (0, 0)
    assert counts.logged == 510 == counts.sent + counts.dropped
    numbers = integers(kafka.events(), "i")
    assert numbers[-20:] == [*range(480, 500)]
    assert numbers == sorted(numbers)
    assert sum(map(len, kafka.labels())) == 10
    assert log.close()


def test_what_is_not_acknowledged_at_the_end_is_lost_and_the_end_comes_in_time() -> None:
    kafka = FakeKafka(up=False, size=1)
    log = logger(kafka, batch_rows=5)
    for i in range(30):
        log.log({"i": i})
    started = time.monotonic()
    assert not log.close(0.2)
    assert time.monotonic() - started < 2
    counts = log.statistics
    assert (counts.lost, counts.waiting, counts.sent) == (30, 0, 0)
    assert balanced(counts)
    assert kafka.closed == 1


class SlowToClose(FakeKafka):
    """Needs a while until it has given up what is on its way."""

    closing: threading.Event
    may_close: threading.Event

    def close(self) -> None:
        self.closing.set()
        assert self.may_close.wait(20)
        super().close()


def test_an_end_that_another_has_begun_is_waited_for() -> None:
    kafka = SlowToClose(up=False)
    kafka.closing, kafka.may_close = threading.Event(), threading.Event()
    log = logger(kafka)
    log.log({"x": 1})
    until(lambda: kafka.on_the_way)
    log._courier.ask_to_end()
    assert kafka.closing.wait(20)
    threading.Timer(0.2, kafka.may_close.set).start()
    assert not log.close(1)
    assert (log.statistics.lost, log.statistics.waiting) == (1, 0)


def test_after_the_end_rows_are_refused_and_closing_again_is_harmless() -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    log.log({"x": 1})
    assert log.close()
    log.log({"x": 2})
    log.log_batch({"x": [1, 2]})
    log.log_label("a", 1)
    assert log.statistics.refused == {Refusal.CLOSED: 4}
    assert log.close()
    assert log.flush()


def test_a_logger_of_nothing_starts_no_thread_and_makes_no_client() -> None:
    kafka = FakeKafka()
    before = threading.active_count()
    with logger(kafka) as log:
        assert log.flush()
        assert threading.active_count() == before
    assert kafka.made == 0


def test_a_client_that_breaks_is_made_anew() -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    log.log({"x": 1})
    assert log.flush()
    kafka.broken = True
    log.log({"x": 2})
    assert log.flush()
    assert (kafka.made, kafka.closed) == (2, 1)
    assert log.statistics.sent == 2
    assert log.close()


def test_a_client_that_cannot_be_made_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(courier, "RETRY_S", 0.05)
    kafka, attempts = FakeKafka(), iter([OSError("no such file"), None])

    def make() -> FakeKafka:
        trouble = next(attempts)
        if trouble is not None:
            raise trouble
        return kafka.make()

    with PredictionLogger("m", sender=make, linger_ms=10) as log:
        log.log({"x": 1})
        assert log.flush()
    assert "no such file" in caplog.text
    assert log.statistics.sent == 1


def test_a_fault_in_a_round_stops_neither_the_thread_nor_the_model(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(courier, "FAULT_PAUSE_S", 0.01)
    kafka, send = FakeKafka(), FakeKafka.send
    faults = iter([True])

    def once(self: FakeKafka, *given: Any) -> None:
        if next(faults, False):
            raise ZeroDivisionError
        send(self, *given)

    monkeypatch.setattr(FakeKafka, "send", once)
    with logger(kafka) as log:
        log.log({"x": 1})
        until(lambda: "ZeroDivisionError" in caplog.text)
        log.log({"x": 2})
        until(lambda: log.statistics.sent == 1)
    counts = log.statistics
    assert (counts.sent, counts.lost) == (1, 1)
    assert balanced(counts)


def test_columns_become_rows_whatever_library_they_are_of() -> None:
    kafka = FakeKafka()
    when = datetime.datetime(2026, 9, 21, tzinfo=datetime.UTC)
    with logger(kafka, version=3) as log:
        log.log_batch(
            {"x": np.array([1.5, 2.5]), "y": ("a", None)},
            np.array(["yes", "no"]),
            score=[0.1, 0.2],
            scores={"yes": np.array([0.1, 0.8])},
            prediction_id=range(2),
            timestamp=when,
            latency_ms=4.0,
            ground_truth=[None, "no"],
            segments={"channel": "web", "shop": [1, 2]},
            headers={"traceparent": PARENT},
        )
        log.log_batch(Frame())
    first, *more = kafka.events()
    batch = first
    assert not more
    assert batch.features["x"] == [1.5, 2.5, None, None]
    assert batch.features["y"] == ["a", None, None, None]
    assert batch.features["a"] == [None, None, "a1", "a2"]
    assert batch.features["b"] == [None, None, "b1", "b2"]
    assert batch.prediction == ["yes", "no", None, None]
    assert batch.score == [0.1, 0.2, None, None]
    assert batch.scores == [{"yes": 0.1}, {"yes": 0.8}, None, None]
    assert batch.prediction_ids == [0, 1, None, None]
    assert batch.timestamps.tolist()[:2] == [int(when.timestamp() * 1000)] * 2
    assert batch.latency_ms == [4.0, 4.0, None, None]
    assert batch.ground_truth == [None, "no", None, None]
    assert batch.segments == {"channel": ["web", "web", None, None], "shop": [1, 2, None, None]}
    assert batch.model_versions == [3, 3, 3, 3]
    assert PARENT.encode() in kafka.sent[0][1].value


@pytest.mark.parametrize(
    ("given", "reason", "rows"),
    [
        ({"features": {"x": [1, 2, 3]}, "prediction": [1, 2]}, Refusal.RAGGED_COLUMNS, 3),
        ({"features": {"x": 1.5}}, Refusal.WRONG_TYPE, 1),
        ({"features": {"x": "text"}}, Refusal.WRONG_TYPE, 1),
        ({"features": [1, 2]}, Refusal.WRONG_TYPE, 1),
        ({"features": {}}, Refusal.WRONG_TYPE, 1),
        ({"features": {"x": [1]}, "prediction": "yes"}, Refusal.WRONG_TYPE, 1),
    ],
)
def test_columns_that_make_no_rows_are_refused(
    given: dict[str, Any], reason: Refusal, rows: int
) -> None:
    with logger(FakeKafka()) as log:
        log.log_batch(**given)
    assert log.statistics == Statistics(logged=rows, refused={reason: rows})


def test_a_signal_that_logs_in_the_middle_of_logging_is_no_deadlock() -> None:
    kafka = FakeKafka()
    log = logger(kafka, max_queue=100_000)
    seen = 0

    def handler(number: int, frame: object) -> None:
        nonlocal seen
        seen += 1
        log.log({"from": "signal"})

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        for i in range(20_000):
            log.log({"i": i})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert log.close()
    assert seen > 5
    assert log.statistics.sent == 20_000 + seen


def test_many_threads_log_and_every_row_is_counted() -> None:
    kafka = FakeKafka(size=100)
    log = logger(kafka, max_queue=200, batch_rows=50)

    def many() -> None:
        for i in range(3_000):
            log.log({"i": i})
            assert log.statistics.logged

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    counts = log.statistics
    assert counts.logged == 12_000 == counts.sent + counts.dropped
    assert counts.sent == sum(message.rows for _, message in kafka.sent)


def test_an_asynchronous_server_awaits_only_the_end() -> None:
    kafka = FakeKafka()

    async def serve() -> Statistics:
        async with AsyncPredictionLogger("m", sender=kafka.make) as log:
            log.log({"x": 1})
            assert await log.flush()
            log.log({"x": 2})
        assert await log.close()
        return log.statistics

    assert asyncio.run(serve()).sent == 2


def test_a_logger_that_is_let_go_still_sends_what_it_has() -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    log.log({"x": 1})
    del log
    until(lambda: kafka.closed == 1)
    assert sum(map(len, kafka.events())) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model": ""}, "`model` is empty"),
        ({"model": None}, "`model` is missing"),
        ({"model": "m" * 300}, "keep names within 256"),
        ({"version": True}, "version is True"),
        ({"max_queue": 0}, "max_queue is 0"),
        ({"batch_rows": 1.5}, r"batch_rows is 1\.5"),
        ({"linger_ms": True}, "linger_ms is True"),
        ({"max_queue_bytes": 1}, "max_queue_bytes is 1; give a whole number of at least 900,000"),
        ({"topic": "no topic"}, "topic is 'no topic'; give 1 to 249 letters"),
        ({"topic": ".."}, r"topic is '\.\.'"),
        ({"labels_topic": 5}, "labels_topic is 5"),
        ({"settings": Settings()}, "settings is a Settings; give the section kafka"),
        ({"bootstrap_servers": "nowhere"}, "'nowhere' is no broker address; write host:port"),
    ],
)
def test_a_logger_that_cannot_be_says_why_when_it_is_made(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        PredictionLogger(**({"model": "m"} | given))


def without_threads(patch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    patch.setattr(threading.Thread, "start", refuse)


def test_where_no_thread_can_be_made_rows_wait_and_the_next_call_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    with monkeypatch.context() as patch:
        without_threads(patch)
        log.log({"x": 1})
    assert (log.statistics.waiting, log.statistics.refused) == (1, {})
    log.log({"x": 2})
    assert log.flush()
    assert log.statistics.sent == 2
    assert log.close()


@pytest.mark.parametrize("settle", [PredictionLogger.flush, PredictionLogger.close])
def test_rows_that_came_when_no_thread_could_be_made_go_with_a_flush_and_with_the_end(
    monkeypatch: pytest.MonkeyPatch, settle: Callable[[PredictionLogger], bool]
) -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    with monkeypatch.context() as patch:
        without_threads(patch)
        log.log({"x": 1})
        log.log_label("a", 1)
    assert settle(log)
    assert log.statistics.sent == 2
    assert log.close()


def test_rows_for_which_no_thread_can_be_made_to_the_end_are_lost_and_not_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = logger(FakeKafka())
    without_threads(monkeypatch)
    log.log({"x": 1})
    log.log_label("a", 1)
    assert not log.flush(0)
    assert not log.close()
    log.log({"x": 2})
    assert log.statistics == Statistics(logged=3, lost=2, refused={Refusal.CLOSED: 1})


@pytest.mark.parametrize("begun", [False, True])
def test_a_start_that_is_interrupted_is_made_up_for_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        if begun:
            start(thread)
        raise KeyboardInterrupt

    kafka = FakeKafka()
    log = logger(kafka)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            log.log({"x": 1})
    log.log({"x": 2})
    assert log.flush()
    assert log.close()
    assert (log.statistics.sent, kafka.made, kafka.closed) == (2, 1, 1)
