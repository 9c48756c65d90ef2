"""aiokafka's clients, made one way: sizes, acknowledgements, errors that say what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.kafka.security import client_options, unreachable


def batch_bytes(kafka: KafkaSettings) -> int:
    """Bytes that a producer sends together: the broker's limit on a message is one on a batch."""
    return min(256 * 1024, kafka.max_message_bytes)


@asynccontextmanager
async def producing(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer whose sends are acknowledged by all replicas in order; flushed at the end."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers,
        acks="all",
        max_request_size=kafka.max_message_bytes,
        max_batch_size=batch_bytes(kafka),
        linger_ms=5,
        **client_options(kafka.security),
    )
    async with _started(producer, kafka):
        yield producer


@asynccontextmanager
async def consuming(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group, to be assigned partitions by hand."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=kafka.max_message_bytes,
        **client_options(kafka.security),
    )
    async with _started(consumer, kafka):
        yield consumer


@asynccontextmanager
async def administering(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that creates topics."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=kafka.bootstrap_servers, **client_options(kafka.security)
    )
    async with _started(admin, kafka):
        yield admin


@asynccontextmanager
async def _started(
    client: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient, kafka: KafkaSettings
) -> AsyncIterator[None]:
    stop = client.close if isinstance(client, AIOKafkaAdminClient) else client.stop
    try:
        await client.start()
    except (KafkaError, OSError) as exc:
        await stop()
        raise unreachable(kafka) from exc
    except BaseException:  # cancelled: what has begun is still to be ended
        await stop()
        raise
    try:
        yield
    finally:
        await stop()
