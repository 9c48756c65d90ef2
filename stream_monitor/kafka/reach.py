"""Whether Kafka is there, asked before a command begins, so that the answer is one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError

#: For one broker to answer; aiokafka's own 40 s look like a hang.
PATIENCE_S = 8.0


@asynccontextmanager
async def reached(
    kafka: KafkaSettings, patience_s: float = PATIENCE_S
) -> AsyncIterator[dict[str, int]]:
    """Each topic that there is with the number of its partitions; Kafka answers, then.

    It is asked by the address that it advertises too, not the bootstrap address alone.

    Raises:
        BrokerError: nothing answers within ``patience_s`` a bootstrap server; or what is
            done within fails by an error of Kafka's.
    """
    try:
        topics = await _topics(kafka, patience_s)
    except (KafkaError, OSError) as error:
        raise BrokerError(
            f"cannot reach Kafka at {kafka.bootstrap_servers}: nothing there answers as Kafka "
            "does, or what it advertises as its own address does not; is it running, and is the "
            "address right (--bootstrap-servers or kafka.bootstrap_servers)?"
        ) from error
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
        bootstrap_servers=kafka.bootstrap_servers, request_timeout_ms=int(patience_s * 1000)
    )
    try:
        await admin.start()
        described = await admin.describe_topics()
    finally:
        await admin.close()
    return {str(topic["topic"]): len(topic["partitions"]) for topic in described}
