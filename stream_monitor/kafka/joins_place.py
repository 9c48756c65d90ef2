"""Whether the topic ``joins`` still has as many partitions as what is in it was told to."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.joining.messages import BadJoinMessageError, decode_join
from stream_monitor.joining.place import check_place
from stream_monitor.kafka.clients import consuming
from stream_monitor.kafka.reach import PATIENCE_S

#: Messages of a partition that are looked at; the rows of one alone mostly tell.
_LOOK_AT = 20


async def check_joins(kafka: KafkaSettings, partitions: int) -> None:
    """Look at what is at the beginning of each of the ``partitions``, before anybody writes.

    What the broker does not hand out within :data:`PATIENCE_S` joiners look at.

    Raises:
        BrokerError: Kafka cannot be reached.
        ConfigurationError: rows of it would be told to another partition now.
    """
    name = kafka.topic("joins")
    places = [TopicPartition(name, partition) for partition in range(partitions)]
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    async with consuming(kafka) as consumer:
        consumer.assign(places)
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        left = {place for place in places if begins[place] < ends[place]}
        while left and loop.time() < until:
            found = await consumer.getmany(*left, timeout_ms=200, max_records=_LOOK_AT)
            for place, records in found.items():
                left.discard(place)
                for record in records:
                    _check(record.value or b"", place.partition, partitions)


def _check(data: bytes, partition: int, partitions: int) -> None:
    try:
        message = decode_join(data)
    except BadJoinMessageError:
        return  # joiners count it
    check_place(message, partition, partitions)
