"""What workers have published, read back by each of them: the view that needs no store.

Every worker reads the topics ``reports`` and ``alerts`` to their end and on, as a plain consumer
of no group, so any worker can speak of any model, whoever judges it, and after a restart too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.clients import consuming
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.recent import between
from stream_monitor.kafka.references import partitions_of
from stream_monitor.pipeline.effects import Publish, Stream

#: Messages of each partition that a start reads back at most.
BACK = 2_000
#: Messages of each partition that are read back at most for a store that has lost them.
FAR_BACK = 20_000
_FEW = 16  # documents at a time: the pipeline waits for their JSON
#: How long to wait before trying again what Kafka did not answer.
_AGAIN_S = 1.0


async def published_before(
    kafka: KafkaSettings, back: int = FAR_BACK
) -> AsyncGenerator[list[tuple[int, Publish]], None]:
    """Every report and alert that is there now and when it came, ``back`` of each partition.

    The newest; what is no JSON is passed over. Raises ``BrokerError`` where Kafka does not answer.
    """
    streams = {kafka.topic(stream.value): stream for stream in Stream}
    try:
        async with consuming(kafka) as consumer:
            found = [await partitions_of(consumer, topic) for topic in streams]
            partitions = [partition for of_topic in found for partition in of_topic]
            consumer.assign(partitions)
            begins = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
            starts = {part: max(begins[part], ends[part] - back) for part in partitions}
            async for _, records in between(consumer, starts, ends):
                for at in range(0, len(records), _FEW):
                    few = records[at : at + _FEW]
                    told = [(r.timestamp, _publish(streams, r)) for r in few]
                    yield [(ms, publish) for ms, publish in told if publish is not None]
    except KafkaError as exc:
        raise BrokerError(str(exc)) from exc


def _publish(streams: Mapping[str, Stream], record: ConsumerRecord) -> Publish | None:
    """What a record says, None where it is no JSON."""
    with contextlib.suppress(ValueError):
        document = msgspec.json.decode(record.value or b"")
        model = (record.key or b"").decode(errors="replace")
        return Publish(streams[record.topic], model, "", document)
    return None


class PublishedFollower:
    """Tells ``hear`` of every report and alert on the topics, and ``on_bad`` what is neither."""

    def __init__(
        self,
        kafka: KafkaSettings,
        hear: Callable[[Publish], None],
        on_bad: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._kafka = kafka
        self._hear = hear
        self._on_bad = on_bad
        self._at: dict[TopicPartition, int] = {}  # the next offset
        self._streams = {kafka.topic(stream.value): stream for stream in Stream}
        self._whole_ms: dict[TopicPartition, int] = {}  # when the last was read of each
        self._partitions: list[TopicPartition] = []

    def age_ms(self) -> int | None:
        """How long ago all that was on the topics had been told; ``None`` before the first time.

        Grows while Kafka does not answer.
        """
        if not self._partitions or not self._whole_ms.keys() >= set(self._partitions):
            return None
        return max(0, now_ms() - min(self._whole_ms[each] for each in self._partitions))

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow()
            except (KafkaError, BrokerError) as exc:
                self._on_bad(f"reports are not followed at the moment, trying again: {exc}")
                await asyncio.sleep(_AGAIN_S)

    async def _follow(self) -> None:
        async with consuming(self._kafka) as consumer:
            found = [await partitions_of(consumer, topic) for topic in self._streams]
            partitions = [partition for of_topic in found for partition in of_topic]
            consumer.assign(partitions)
            asked_ms = now_ms()
            ends = await consumer.end_offsets(partitions)
            await self._seek(consumer, ends)
            self._partitions = partitions
            while True:
                for partition in partitions:
                    await self._note(consumer, partition, ends[partition], asked_ms)
                for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        self._take(record)
                    self._at[partition] = records[-1].offset + 1

    async def _seek(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        begins = await consumer.beginning_offsets(list(ends))
        for partition, end in ends.items():
            start = max(begins[partition], end - BACK)
            consumer.seek(partition, max(start, self._at.get(partition, start)))

    async def _note(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, end: int, asked_ms: int
    ) -> None:
        """See whether a partition is read to the end that Kafka has told last."""
        answered_ms, highwater = asked_ms, end
        fetched_ms = consumer.last_poll_timestamp(partition)
        if fetched_ms is not None:
            answered_ms, highwater = fetched_ms, consumer.highwater(partition) or end
        if await consumer.position(partition) >= highwater:
            self._whole_ms[partition] = max(answered_ms, self._whole_ms.get(partition, 0))

    def _take(self, record: ConsumerRecord) -> None:
        publish = _publish(self._streams, record)
        if publish is not None:
            with contextlib.suppress(ValueError, LookupError, TypeError):
                self._hear(publish)
                return
        stream = self._streams[record.topic]
        self._on_bad(
            f"offset {record.offset} of {record.topic} is no {stream.value[:-1]} of ours and is "
            "passed over"
        )
