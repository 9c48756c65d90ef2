"""Nothing is said that relies on a send which failed, and no send overtakes one that did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka.errors import KafkaTimeoutError
from faust.types import TP

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError
from stream_monitor.events.batch import RecordLike
from stream_monitor.kafka.app import AppSettings, create_app
from stream_monitor.kafka.offsets import Position
from stream_monitor.kafka.producer import Producer
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.sending import Sender
from stream_monitor.kafka.stage1 import Stage1
from stream_monitor.kafka.stage2 import Stage2
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.view import WorkerView
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.messages import Slot, decode_message
from stream_monitor.reference.registry import References
from tests.pipeline.events import SETTINGS, Event, log, reference

SOURCE = TP(SETTINGS.kafka.topic("predictions"), 0)


def app_of(home: Path) -> faust.App:
    return create_app(AppSettings("127.0.0.1:1", "group", home))


class OneSlotFails(Sender):
    """A sender whose broker takes everything but slots."""

    def __init__(self, app: faust.App, kafka: KafkaSettings) -> None:
        super().__init__(app, kafka)
        self.taken: list[bytes | None] = []
        producer = app.producer
        assert isinstance(producer, Producer)
        self._producer = producer

    async def send(self, topic: Any, key: Any, value: Any, **options: Any) -> Awaitable[Any]:
        sent: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._producer._watch(sent)
        if isinstance(decode_message(value), Slot):
            sent.set_exception(KafkaTimeoutError())
        else:
            self.taken.append(value)
            sent.set_result(None)
        return sent

    def partitions(self, topic: Any) -> int:
        return 2


async def batches(records: Sequence[RecordLike]) -> Any:
    yield Batch(SOURCE, records)


async def flushed(home: Path) -> OneSlotFails:
    sender = OneSlotFails(app_of(home), SETTINGS.kafka)
    stage = Stage1(SETTINGS, References(reference()), sender, WorkerView(0))
    stage.seek(0, 0)
    await stage.agent(batches(log([Event(at) for at in range(0, 100_000, 10_000)])))
    with pytest.raises(BrokerError):
        await stage.flush({SOURCE: Position(10, 0, 10)}.get)
    return sender


def test_progress_is_not_told_when_a_slot_that_it_speaks_of_was_not_taken(tmp_path: Path) -> None:
    assert asyncio.run(flushed(tmp_path)).taken == []


async def failed(home: Path) -> None:
    app = app_of(home)
    producer = app.producer
    assert isinstance(producer, Producer)
    sender = Sender(app, KafkaSettings())
    await sender.flush()
    sent: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    producer._watch(sent)
    sent.set_exception(KafkaTimeoutError())
    with pytest.raises(BrokerError):
        await sender.flush()


def test_a_flush_after_a_send_that_failed_is_an_error(tmp_path: Path) -> None:
    asyncio.run(failed(tmp_path))


async def numbered(home: Path) -> bool:
    producer = app_of(home).producer
    assert isinstance(producer, Producer)
    client = producer._new_producer()
    try:
        return client._txn_manager is not None
    finally:
        await client.stop()


def test_batches_are_numbered_so_that_none_overtakes_one_that_failed(tmp_path: Path) -> None:
    assert asyncio.run(numbered(tmp_path))


async def unpublished(home: Path) -> WorkerView:
    app, kafka = app_of(home), SETTINGS.kafka.model_copy(update={"max_message_bytes": 1024})
    view, said = WorkerView(0), list[Publish]()
    table = StateTable(app, "state", 1_000_000)
    stage = Stage2(SETTINGS, References(), Sender(app, kafka), table, view, said.append)
    await stage._perform(0, [Publish(Stream.REPORTS, "m", "id", {"words": "x" * 2000})])
    assert said == []
    return view


def test_a_report_that_is_too_large_for_kafka_is_counted(tmp_path: Path) -> None:
    view = asyncio.run(unpublished(tmp_path))
    assert view.evaluating.dropped == {"document_too_large": 1}
