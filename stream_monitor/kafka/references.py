"""References on Kafka: published to a compacted topic, followed by every worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError, DataError
from stream_monitor.kafka.clients import consuming, producing
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.model import Reference
from stream_monitor.reference.registry import References


async def publish(reference: Reference, kafka: KafkaSettings) -> int:
    """Put a reference on the topic as its model's newest; the offset it got.

    Raises:
        DataError: it is larger than the topic takes.
        BrokerError: Kafka cannot be reached.
    """
    data = encode(reference)
    if len(data) > kafka.max_message_bytes - 1024:
        raise DataError(
            f"the reference of {reference.model} is {len(data):,} bytes, and "
            f"kafka.max_message_bytes is {kafka.max_message_bytes:,}; build it with a smaller "
            "--sample-size or raise the limit"
        )
    async with producing(kafka) as producer:
        sent = await producer.send_and_wait(
            kafka.topic("references"), key=reference.model.encode(), value=data
        )
        return int(sent.offset)


class Published(NamedTuple):
    """A reference as it stands on the topic; ``at_ms`` is when it was sent."""

    offset: int
    at_ms: int
    reference: Reference


async def published(kafka: KafkaSettings, model: str) -> list[Published]:
    """The references of a model that are on the topic, oldest first; the last is the current one.

    The topic is compacted: it may hold the newest alone. None after the model was withdrawn.
    """
    found: list[Published] = []
    topic = kafka.topic("references")
    async with consuming(kafka) as consumer:
        partitions = await partitions_of(consumer, topic)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while not await _reached(consumer, ends):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.key != model.encode():
                        continue
                    if record.value is None:
                        found.clear()
                        continue
                    with contextlib.suppress(DataError):
                        reference = decode(record.value)
                        if reference.model == model:
                            found.append(Published(record.offset, record.timestamp, reference))
    return found


class ReferenceFollower:
    """Keeps ``references`` as the topic has them: first up to its end, then as they come.

    A message that is no reference is passed over; ``on_bad`` is told why.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        references: References,
        on_bad: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._kafka = kafka
        self._references = references
        self._on_bad = on_bad
        self._task: asyncio.Task[None] | None = None
        self._at: dict[TopicPartition, int] = {}  # the next offset

    async def start(self) -> None:
        """Returns when everything that was on the topic has been read."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._follow(ready))
        # A failure before the end is reached is the caller's.
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await self._task

    def on_end(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` when following has ended, which only a bug or :meth:`stop` does."""
        if self._task is not None:
            self._task.add_done_callback(lambda task: tell())

    async def stop(self) -> None:
        """Stop following; raises what following has ended with."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self, ready: asyncio.Future[None]) -> None:
        while True:
            try:
                await self._read(ready)
            except (KafkaError, BrokerError) as exc:
                if not ready.done():
                    raise
                self._on_bad(f"references are not followed at the moment, trying again: {exc}")
                await asyncio.sleep(_AGAIN_S)

    async def _read(self, ready: asyncio.Future[None]) -> None:
        topic = self._kafka.topic("references")
        async with consuming(self._kafka) as consumer:
            partitions = await partitions_of(consumer, topic)
            consumer.assign(partitions)
            for partition, offset in self._at.items():
                consumer.seek(partition, offset)
            ends = await consumer.end_offsets(partitions)
            while True:
                if not ready.done() and await _reached(consumer, ends):
                    ready.set_result(None)
                fetched = await consumer.getmany(timeout_ms=200)
                for partition, records in fetched.items():
                    for record in records:
                        self._take(record.key, record.value)
                        self._at[partition] = record.offset + 1

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        model = (key or b"").decode(errors="replace")
        if value is None:
            self._references.remove(model)
            return
        try:
            reference = decode(value)
        except DataError as exc:
            self._on_bad(f"a message on the references topic for {model!r} is not usable: {exc}")
            return
        if reference.model != model:
            # Compaction goes by the key: under a wrong one it would outlive its successors.
            self._on_bad(
                f"a message on the references topic has the key {model!r}, and its reference is "
                f"of {reference.model!r}"
            )
            return
        self._references.put(reference)


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The topic's partitions; a topic that is just being created is waited for."""
    # Being assigned one partition makes the client ask for the topic's metadata.
    consumer.assign([TopicPartition(topic, 0)])
    while not (found := consumer.partitions_for_topic(topic)):
        await asyncio.sleep(0.05)
    return [TopicPartition(topic, number) for number in sorted(found)]


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True


_AGAIN_S = 1.0
