"""Whether Kafka is there, asked before a command begins, so that the answer is one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.security import client_options, unreachable

#: For one broker to answer; aiokafka's own 40 s look like a hang.
PATIENCE_S = 8.0


@asynccontextmanager
async def reached(
    kafka: KafkaSettings, patience_s: float = PATIENCE_S
) -> AsyncIterator[dict[str, int]]:
    """Each topic that there is, with the number of its partitions.

    Kafka is asked at the address that it advertises too, not the bootstrap address alone.

    Raises:
        BrokerError: a bootstrap server does not answer within ``patience_s``, or the
            advertised address does not; or what is done within fails by an error of Kafka's.
    """
    topics = await _topics(kafka, patience_s)
    with broker_errors(kafka):
        yield topics


@contextmanager
def broker_errors(kafka: KafkaSettings) -> Iterator[None]:
    """An error of Kafka's within becomes a BrokerError."""
    try:
        yield
    except KafkaError as error:
        raise BrokerError(f"Kafka at {kafka.bootstrap_servers} fails: {error}") from error


async def _topics(kafka: KafkaSettings, patience_s: float) -> dict[str, int]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=kafka.bootstrap_servers,
        request_timeout_ms=int(patience_s * 1000),
        **client_options(kafka.security),
    )
    try:
        try:
            await admin.start()
        except (KafkaError, OSError) as error:
            raise unreachable(kafka) from error
        try:
            described = await admin.describe_topics()
        except (KafkaError, OSError) as error:
            raise BrokerError(
                f"Kafka at {kafka.bootstrap_servers} answers, but not at the address that it "
                "advertises; set advertised.listeners of the broker to one that this machine can "
                "reach"
            ) from error
    finally:
        await admin.close()
    return {str(topic["topic"]): len(topic["partitions"]) for topic in described}
