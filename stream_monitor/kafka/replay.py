"""Events and labels of a file onto their topics, at a pace or as fast as Kafka takes them."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from aiokafka import AIOKafkaProducer

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka.clients import producing
from stream_monitor.kafka.messages import Format, Message, label_messages, messages
from stream_monitor.kafka.reach import broker_errors

#: Messages sent and not yet acknowledged, at most.
MAX_IN_FLIGHT = 2_000
#: What Kafka adds to a message: its headers, its batch's.
_OVERHEAD_BYTES = 1024
#: Messages a partition, after which one that got none is not waited for: its key never comes.
_PATIENCE = 16


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was sent and acknowledged; ``rows`` are events, in so many messages and bytes."""

    rows: int
    messages: int
    bytes: int
    seconds: float
    labels: int = 0  # a message each
    label_bytes: int = 0


async def replay(
    batches: Iterable[EventBatch],
    kafka: KafkaSettings,
    *,
    labels: Iterable[LabelBatch] = (),
    format: Format = Format.JSON,
    speed: float = 0.0,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Replayed:
    """Send events in their order; returns when every one is acknowledged by Kafka.

    ``labels``, their times ascending, go to the topic of labels: each when the events from
    before its time have gone, those that are later than all events at the end.

    ``speed`` is event time a wall time (1: as it happened, 60: an hour a minute); 0 is as
    fast as Kafka takes them. ``on_progress`` is told the rows of each message. The first
    messages go one at a time, until every partition has one, so that no worker's watermark
    runs ahead on the partitions that were served first. A Kafka record's timestamp is the
    time of sending, so that retention keeps events of long ago.

    Raises:
        BrokerError: Kafka cannot be reached or refuses a message.
        DataError: a row does not fit into a message.
    """
    max_bytes = kafka.max_message_bytes - _OVERHEAD_BYTES
    with broker_errors(kafka):
        async with producing(kafka) as producer:
            events = _Sender(producer, kafka.topic("predictions"))
            truths = _Sender(producer, kafka.topic("labels"))
            loop = asyncio.get_running_loop()
            started = loop.time()
            origin_ms: int | None = None
            of_events = messages(
                batches, format, max_bytes=max_bytes, span_ms=speed * 1000 or float("inf")
            )
            of_labels = label_messages(labels, max_bytes=max_bytes)
            for sender, message in _merged((events, of_events), (truths, of_labels)):
                if speed:
                    origin_ms = message.at_ms if origin_ms is None else origin_ms
                    due = started + (message.at_ms - origin_ms) / 1000 / speed
                    await asyncio.sleep(max(due - loop.time(), 0))
                await sender.send(message)
                on_progress(message.rows)
            await events.settle()
            await truths.settle()
            return Replayed(
                events.rows,
                events.messages,
                events.bytes,
                loop.time() - started,
                truths.rows,
                truths.bytes,
            )


async def send_labels(
    batches: Iterable[LabelBatch],
    kafka: KafkaSettings,
    *,
    dated: bool = True,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Replayed:
    """Send labels in their order; returns when every one is acknowledged by Kafka.

    Without ``dated`` they bring no time. Raises as :func:`replay`.
    """
    max_bytes = kafka.max_message_bytes - _OVERHEAD_BYTES
    with broker_errors(kafka):
        async with producing(kafka) as producer:
            sender = _Sender(producer, kafka.topic("labels"))
            loop = asyncio.get_running_loop()
            started = loop.time()
            for message in label_messages(batches, max_bytes=max_bytes, dated=dated):
                await sender.send(message)
                on_progress(message.rows)
            await sender.settle()
            seconds = loop.time() - started
            return Replayed(0, 0, 0, seconds, sender.rows, sender.bytes)


def _merged(
    *sent: tuple[_Sender, Iterable[Message]],
) -> Iterator[tuple[_Sender, Message]]:
    """The messages of several senders by their times; of equal ones the first sender's first."""
    named = [zip(repeat(sender), of_sender, strict=False) for sender, of_sender in sent]
    return heapq.merge(*named, key=lambda pair: pair[1].at_ms)


class _Sender:
    """Sends messages with a bounded number of them in flight."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self.rows = self.messages = self.bytes = 0
        self._producer = producer
        self._topic = topic
        self._flying: deque[asyncio.Future[Any]] = deque()
        self._silent: set[int] | None = None  # partitions that got nothing yet
        self._alone = 0  # how many messages go one at a time at most

    async def send(self, message: Message) -> None:
        if self._silent is None:
            self._silent = set(await self._producer.partitions_for(self._topic))
            self._alone = _PATIENCE * len(self._silent)
        sent = await self._producer.send(
            self._topic, message.value, message.key, headers=list(message.headers)
        )
        if self._silent and self.messages < self._alone:
            self._silent.discard((await sent).partition)
        else:
            flying = asyncio.ensure_future(sent)
            flying.add_done_callback(_hear)
            self._flying.append(flying)
            if len(self._flying) >= MAX_IN_FLIGHT:
                await self._flying.popleft()
        self.rows += message.rows
        self.messages += 1
        self.bytes += len(message.value) + len(message.key or b"")

    async def settle(self) -> None:
        """Wait until all that was sent is acknowledged."""
        while self._flying:
            await self._flying.popleft()


def _hear(sent: asyncio.Future[Any]) -> None:
    """Take note of a failure: of many at once, only the first is raised."""
    if not sent.cancelled():
        sent.exception()
