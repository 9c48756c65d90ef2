"""Running a command's work with Kafka: reached first, and heard of in one sentence if not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from stream_monitor.errors import BrokerError

if TYPE_CHECKING:
    from stream_monitor.config.settings import KafkaSettings

Result = TypeVar("Result")


def ask(kafka: KafkaSettings, work: Callable[[Mapping[str, int]], Awaitable[Result]]) -> Result:
    """The result of ``work``, which is given the topics that there are and their partitions.

    Raises BrokerError, within some 10 s, if Kafka cannot be reached. What aiokafka logs of
    that is kept from the terminal: the error says it.
    """
    from stream_monitor.kafka.reach import reached

    async def within() -> Result:
        async with reached(kafka) as topics:
            return await work(topics)

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return asyncio.run(within())


def check_topic(name: str, topics: Mapping[str, int], kafka: KafkaSettings) -> None:
    """Raise BrokerError, and say how to make it, for a topic that is not there."""
    if name not in topics:
        raise BrokerError(
            f"there is no topic {name} at {kafka.bootstrap_servers}; start a worker, or "
            "create it with: stream-monitor topics create"
        )
