"""Sends to our topics through Faust's producer, by the topic's own name."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, cast

import faust
from aiokafka.partitioner import DefaultPartitioner

from stream_monitor.config.settings import KafkaSettings, Topic
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.producer import Producer


def partition_of(key: bytes, partitions: int) -> int:
    """Which of so many partitions a message with this key goes to, whoever of us sends it."""
    every = list(range(partitions))
    return int(DefaultPartitioner()(key, every, every))


class Sender:
    """Bytes to topics; a send is acknowledged when what it returns is awaited."""

    def __init__(self, app: faust.App, kafka: KafkaSettings) -> None:
        self._app = app
        self._kafka = kafka

    async def send(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> Awaitable[Any]:
        """Queue one message, after all that were queued before for the same partition."""
        name = self._kafka.topic(topic)
        return await self._app.producer.send(name, key, value, partition, None, list(headers))

    def fits(
        self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> bool:
        """Whether a message is small enough; one that is not stops the worker when it is sent."""
        size = len(key or b"") + len(value or b"")
        size += sum(len(name.encode()) + len(text) + _HEADER for name, text in headers)
        return size + ENVELOPE <= self._kafka.max_message_bytes

    async def flush(self) -> None:
        """Wait until the broker has everything queued so far.

        Raises:
            BrokerError: it has not taken something; nothing may be said that relies on it.
        """
        producer = cast(Producer, self._app.producer)
        await producer.flush()
        if producer.failure is not None:
            raise BrokerError(
                "the broker has not taken everything that was sent to it; start the worker again, "
                "it goes on from what the broker has"
            ) from producer.failure

    def partitions(self, topic: Topic) -> int:
        """How many partitions a topic has."""
        known = self._app.consumer.topic_partitions(self._kafka.topic(topic))
        return known or self._kafka.partitions


#: Bytes around a header, and around a record alone in its batch; generous.
_HEADER = 16
ENVELOPE = 512
