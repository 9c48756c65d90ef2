"""Events and labels from elsewhere onto their topics: acknowledged before anybody is told so.

A producer of its own: what fails here never holds up the commits of the pipeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.clients import producing

#: How long Kafka may take to acknowledge a request's messages.
TIMEOUT_S = 15.0
_AGAIN_S = 1.0


class Intake:
    """Sends while :meth:`run` runs."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a producer to send by."""
        return self._producer is not None

    async def run(self) -> None:
        """Keep a producer until cancelled."""
        while True:
            try:
                async with producing(self._kafka) as producer:
                    self._producer = producer
                    await asyncio.Event().wait()
            except BrokerError:  # senders are told
                await asyncio.sleep(_AGAIN_S)
            finally:
                self._producer = None

    async def send(self, topic: Literal["predictions", "labels"], values: Sequence[bytes]) -> None:
        """One message each, over all partitions; returns when all replicas have them all.

        Raises:
            BrokerError: Kafka does not answer, or refuses one; some may have been taken.
        """
        if self._producer is None:
            raise BrokerError("Kafka cannot be reached at the moment; send this again later.")
        name = self._kafka.topic(topic)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                sent = [await self._producer.send(name, value) for value in values]
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError) as exc:
            raise BrokerError(
                "Kafka has not taken all of it; send this again, as an event with a prediction_id "
                f"that comes twice is seen as such ({type(exc).__name__})"
            ) from exc
