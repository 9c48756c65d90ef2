"""What a model server may throw at its logger: nothing of it comes back."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stream_monitor.client import (
    AsyncPredictionLogger,
    PredictionLogger,
    Refusal,
    Statistics,
    batches,
    courier,
)
from stream_monitor.client.ring import Full
from tests.client.fakes import FakeKafka, integers
from tests.client.test_logger import balanced, logger, until
from tests.client.test_pack import cyclic


class Raising(Mapping[str, object]):
    """Raises whatever is done to it, its own representation included."""

    def __getitem__(self, name: str) -> object:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __bool__ = __hash__ = __len__


class Panic(BaseException):
    """As extensions in Rust raise it: no ``Exception``."""


class Panicking:
    def tolist(self) -> object:
        raise Panic


class Leaving:
    def tolist(self) -> object:
        raise SystemExit(3)


HOSTILE: list[Any] = [
    Raising(),
    Panicking(),
    Leaving(),
    object(),
    cyclic(),
    "x" * 1_000_000,
    10**5_000,
    float("nan"),
    float("-inf"),
    np.float32("inf"),
    np.array([[1.5, 2.5]]),
    np.array([object()]),
    np.datetime64("2026-09-21"),
    b"bytes",
    1j,
    "\ud800",
    {"a": {1: {2: Raising()}}},
    (each for each in ""),
    print,
    Exception("x"),
    type,
]


def test_no_value_of_any_argument_raises_or_takes_the_next_row_with_it() -> None:
    kafka = FakeKafka(size=10_000)
    names = ("prediction", "score", "scores", "prediction_id", "timestamp", "ground_truth")
    more = ("latency_ms", "version", "segments", "traceparent", "tracestate", "headers")
    good = 0
    with logger(kafka, max_queue=100_000) as log:
        for value in HOSTILE:
            log.log(value)
            log.log({"x": value})
            column: Any = [value]
            for name in (*names, *more):
                log.log({"x": 1.0}, **{name: value})
                log.log_batch({"x": [1.0]}, **{name: value})
                log.log_batch({"x": [1.0]}, **{name: column})
            log.log_batch(value)
            log.log_batch({"x": value})
            log.log_batch({"x": [value]})
            log.log_label(value, 1)
            log.log_label("a", value)
            log.log({"good": good})
            good += 1
        assert log.flush(30)
    counts = log.statistics
    assert balanced(counts)
    assert counts.lost == counts.dropped == counts.waiting == 0
    numbers = [n for batch in kafka.events() for n in batch.features.get("good", ())]
    assert [n for n in numbers if n is not None] == [*range(good)]
    assert kafka.labels()


@pytest.mark.parametrize("value", [Panicking(), Leaving()])
def test_an_object_that_would_end_a_thread_ends_not_ours(value: object) -> None:
    kafka = FakeKafka()
    with logger(kafka) as log:
        log.log({"x": 1})
        log.log({"x": value})
        log.log({"x": 2})
        assert log.flush()
        log.log({"x": 3})
        assert log.flush()
    assert [x for batch in kafka.events() for x in batch.features["x"]] == [1, 2, 3]
    assert log.statistics.refused == {Refusal.UNEXPECTED: 1}


def test_an_iterator_without_an_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_ROWS", 1_000)
    kafka = FakeKafka()
    with logger(kafka) as log:
        log.log_batch({"x": itertools.count()})
        log.log_batch({"x": [1]}, itertools.repeat("yes"))
        log.log_batch({"x": iter(range(1_000))})
    counts = log.statistics
    assert counts.refused == {Refusal.TOO_LARGE: 2_002}
    assert counts.sent == 1_000


def test_huge_rows_are_dropped_by_their_bytes_and_counted_so() -> None:
    kafka = FakeKafka(up=False, size=1)
    log = logger(kafka, max_queue_bytes=2_000_000, batch_rows=1)
    for i in range(100):
        log.log({"i": i, "text": "x" * 100_000})
    assert log.statistics.dropped_for == {Full.BYTES: log.statistics.dropped}
    assert log.statistics.dropped >= 100 - 20 - 1
    kafka.up = True
    assert log.flush()
    assert log.close()
    numbers = integers(kafka.events(), "i")
    assert numbers[-15:] == [*range(85, 100)]
    assert numbers == sorted(numbers)
    assert log.statistics.sent + log.statistics.dropped == 100


def test_a_row_that_no_queue_has_room_for_drops_no_other() -> None:
    kafka = FakeKafka()
    with logger(kafka, max_queue_bytes=1_000_000, linger_ms=5_000) as log:
        log.log({"x": 1})
        log.log({"x": "x" * 2_000_000})
        log.log({"x": 2})
    assert [x for batch in kafka.events() for x in batch.features["x"]] == [1, 2]
    assert log.statistics == Statistics(
        logged=3,
        sent=2,
        dropped=1,
        messages=1,
        bytes=len(kafka.sent[0][1].value),
        dropped_for={Full.BYTES: 1},
    )


def test_rows_logged_while_the_logger_closes_are_sent_lost_or_refused() -> None:
    kafka = FakeKafka()
    log = logger(kafka, batch_rows=5)
    stop = threading.Event()

    def many() -> None:
        while not stop.is_set():
            log.log({"x": 1})
            time.sleep(0)

    threads = [threading.Thread(target=many) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: log.statistics.sent > 50)
    log.close()
    until(lambda: log.statistics.refused.get(Refusal.CLOSED, 0) > 50)
    stop.set()
    for thread in threads:
        thread.join()
    assert balanced(log.statistics)
    assert log.statistics.waiting <= len(threads)


def test_rows_after_the_end_of_the_process_began_are_refused_as_after_close() -> None:
    kafka = FakeKafka()
    log = logger(kafka)
    log.log({"x": 1})
    log._courier.end(1)  # as at exit: nobody has closed the logger
    log.log({"x": 2})
    log.log_label("a", 1)
    counts = log.statistics
    assert (counts.sent, counts.waiting, counts.refused) == (1, 0, {Refusal.CLOSED: 2})
    assert log.flush()


def test_a_loop_that_is_closed_early_stops_neither_logging_nor_sending() -> None:
    kafka = FakeKafka()
    log = AsyncPredictionLogger("m", sender=kafka.make, linger_ms=10)

    async def serve() -> None:
        log.log({"x": 1})

    loop = asyncio.new_event_loop()
    loop.run_until_complete(serve())
    loop.close()
    log.log({"x": 2})
    until(lambda: log.statistics.sent == 2)
    assert asyncio.run(log.close())  # in another loop


def test_an_end_that_is_cancelled_goes_on() -> None:
    kafka = FakeKafka(up=False)
    log = AsyncPredictionLogger("m", sender=kafka.make, linger_ms=10)

    async def serve() -> None:
        log.log({"x": 1})
        closing = asyncio.create_task(log.close(5))
        await asyncio.sleep(0.05)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        kafka.up = True

    asyncio.run(serve())
    until(lambda: log.statistics.sent == 1)


def test_a_log_handler_that_raises_stops_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FAULT_PAUSE_S", 0.01)
    kafka, told = FakeKafka(), iter([True])

    def refuse(record: logging.LogRecord) -> bool:
        raise RuntimeError

    def send(self: FakeKafka, *given: Any) -> None:
        if next(told, False):
            raise ZeroDivisionError
        original(self, *given)

    original = FakeKafka.send
    monkeypatch.setattr(FakeKafka, "send", send)
    logging.getLogger("stream_monitor.client").addFilter(refuse)
    try:
        with logger(kafka) as log:
            log.log({"x": 1})
            until(lambda: log.statistics.lost == 1)
            log.log({"x": 2})
            assert log.flush()
    finally:
        logging.getLogger("stream_monitor.client").removeFilter(refuse)
    assert log.statistics.sent == 1


def test_metrics_that_raise_stop_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FAULT_PAUSE_S", 0.01)
    kafka = FakeKafka()
    log = logger(kafka)

    def told(lanes: object) -> None:
        raise RuntimeError

    log._courier._told = told
    log.log({"x": 1})
    until(lambda: log.statistics.sent == 1)
    started = time.monotonic()
    log.close(0.5)
    assert time.monotonic() - started < 3
    assert log.statistics.waiting == 0


class Escaping:
    """Ends whoever asks how large it is."""

    @property
    def nbytes(self) -> int:
        raise SystemExit(3)


def test_an_object_that_would_end_a_thread_ends_not_ours_at_its_end_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "FAULT_PAUSE_S", 0.01)
    kafka = FakeKafka()
    log = logger(kafka)
    logging_once = iter([True])

    def told(lanes: object) -> None:  # after the queue was looked at, before whether all is done
        if next(logging_once, False):
            log._courier.ask_to_end(10)
            log.log({"x": Escaping()})
            log.log_label("a", 1)

    log._courier._told = told
    log.log({"x": 1})
    until(lambda: kafka.closed and log.statistics.waiting == 0)
    assert log.statistics.sent >= 2
    assert balanced(log.statistics)


def test_two_loggers_of_one_process_share_nothing() -> None:
    one_kafka, other_kafka = FakeKafka(), FakeKafka(up=False, size=1)
    one = PredictionLogger("one", sender=one_kafka.make, linger_ms=10)
    other = PredictionLogger("other", sender=other_kafka.make, linger_ms=10, max_queue=10)
    for i in range(100):
        one.log({"i": i})
        other.log({"i": i})
    assert one.flush()
    assert one.close()
    assert not other.close(0.1)
    assert one.statistics.sent == 100
    assert (other.statistics.sent, other.statistics.logged) == (0, 100)
    assert {batch.model for batch in one_kafka.events()} == {"one"}


@pytest.mark.parametrize(
    "headers", [[("traceparent", "x")], "text", SimpleNamespace(get=lambda name: 1 / 0)]
)
def test_headers_that_are_none_are_counted(headers: Any) -> None:
    with logger(FakeKafka()) as log:
        log.log({"x": 1}, headers=headers)
        log.log_batch({"x": [1]}, headers=headers)
    assert log.statistics.refused == {Refusal.UNEXPECTED: 2}
