"""What the API has of Kafka, without a worker: its socket, its door, what was published."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from stream_monitor.config.settings import KafkaSettings, Settings, Topic
from stream_monitor.errors import BrokerError, ConfigurationError
from stream_monitor.kafka import published
from stream_monitor.kafka.clients import producing
from stream_monitor.kafka.intake import Intake
from stream_monitor.kafka.published import PublishedFollower, published_before
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.kafka.simulating import Simulator
from stream_monitor.kafka.web import listen
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.now import CannotPlayError
from stream_monitor.testing.kafka import free_port
from tests.pipeline.events import reference


def test_a_port_in_use_is_a_configuration_error_that_says_what_to_set() -> None:
    with listen("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(ConfigurationError, match=r"api\.port"):
            listen("127.0.0.1", port)
    with pytest.raises(ConfigurationError, match=r"api\.host"):
        listen("192.0.2.1", 6066)


def test_a_port_is_free_again_after_its_socket() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    first.close()
    with listen("127.0.0.1", port) as second:
        assert second.family is socket.AF_INET


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)


async def beside(run: Coroutine[Any, Any, None], do: Coroutine[Any, Any, None]) -> None:
    """``do`` while something else runs, which has not ended by then."""
    task = asyncio.create_task(run)
    try:
        await do
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def put(kafka: KafkaSettings, topic: Topic, *documents: bytes) -> None:
    async with producing(kafka) as producer:
        for document in documents:
            await producer.send_and_wait(kafka.topic(topic), document, b"m")


def test_what_was_published_before_and_after_is_heard_and_what_is_no_json_is_complained_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published, "BACK", 2)
    heard: list[Publish] = []
    bad: list[str] = []

    async def play() -> None:
        async with embedded(Settings()) as settings:
            kafka = settings.kafka
            await put(kafka, "reports", *(json.dumps({"n": n}).encode() for n in range(3)))
            follower = PublishedFollower(kafka, heard.append, bad.append)
            assert follower.age_ms() is None

            async def see() -> None:
                await until(lambda: follower.age_ms() is not None)
                assert [p.document for p in heard] == [{"n": 1}, {"n": 2}], "at most 2 back"
                await put(kafka, "alerts", b'{"a": 1}', b"{", b'{"a": 2}')
                await until(lambda: len(heard) == 4)

            await beside(follower.run(), see())

    asyncio.run(play())
    assert [p.stream for p in heard] == [Stream.REPORTS] * 2 + [Stream.ALERTS] * 2
    assert {p.model for p in heard} == {"m"}
    (sentence,) = bad
    assert "is no alert of ours" in sentence


def test_what_was_published_before_is_read_once_the_newest_of_each_partition() -> None:
    async def play() -> list[tuple[int, Publish]]:
        async with embedded(Settings()) as settings:
            kafka = settings.kafka
            await put(kafka, "reports", *(json.dumps({"n": n}).encode() for n in range(40)))
            await put(kafka, "alerts", b'{"a": 1}', b"{", b'{"a": 2}')
            return [told async for few in published_before(kafka, 30) for told in few]

    began = time.time_ns() // 1_000_000
    told = asyncio.run(play())
    reports = [p.document["n"] for _, p in told if p.stream is Stream.REPORTS]
    assert reports == [*range(10, 40)]
    assert [p.document["a"] for _, p in told if p.stream is Stream.ALERTS] == [1, 2]
    assert {p.model for _, p in told} == {"m"}
    assert all(began <= at_ms <= began + 60_000 for at_ms, _ in told)


def test_without_kafka_nothing_is_read_back_and_it_is_said() -> None:
    async def play() -> None:
        kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}")
        with pytest.raises(BrokerError):
            await anext(published_before(kafka))

    asyncio.run(play())


def test_what_is_sent_is_on_kafka_when_it_is_said_to_be() -> None:
    async def play() -> None:
        async with embedded(Settings()) as settings:
            intake = Intake(settings.kafka)
            with pytest.raises(BrokerError, match="send this again"):
                await intake.send("predictions", [b"{}"])

            async def see() -> None:
                await until(lambda: intake.is_open)
                await intake.send("labels", [b"1", b"2"])

            await beside(intake.run(), see())
            assert not intake.is_open

    asyncio.run(play())


def test_a_scenario_does_not_take_the_place_of_somebodys_reference() -> None:
    async def play() -> None:
        async with embedded(Settings()) as settings:
            known = References(reference("credit"))
            simulator = Simulator(settings.kafka, known, lambda: 1_790_000_000_000)
            for _ in range(2):  # and is not busy after that
                with pytest.raises(CannotPlayError, match="0123456789abcdef"):
                    await simulator.start("drift", 7)

    asyncio.run(play())


def test_one_scenario_at_a_time_and_a_stop_ends_it() -> None:
    async def play() -> None:
        async with embedded(Settings()) as settings:
            simulator = Simulator(settings.kafka, References(), lambda: 1_790_000_000_000)

            async def see() -> None:
                told = await simulator.start("drift", 7)
                assert told["drifted"] == ["income", "region"]
                with pytest.raises(CannotPlayError, match="another scenario"):
                    await simulator.start("no-drift", 7)

            await beside(simulator.run(), see())
            assert not [t for t in asyncio.all_tasks() if "_play" in repr(t)]

    asyncio.run(play())
