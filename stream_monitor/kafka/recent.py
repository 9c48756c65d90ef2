"""What a topic has brought since a time, read once from there to its present end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from stream_monitor.config.settings import KafkaSettings, Settings, Topic
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.joining.recent import Recent
from stream_monitor.kafka.clients import consuming
from stream_monitor.pipeline.engine import decoder

_PATIENCE_MS = 500
#: How many records at either end of a partition tell what times it holds.
_LOOK = 500


@dataclass(frozen=True, slots=True)
class Held:
    """The least and greatest event time of a model, by the ends of each partition."""

    first_ms: int
    last_ms: int


async def read_recent(
    settings: Settings,
    topics: Mapping[str, int],
    recent: Recent,
    since_ms: int,
    on_progress: Callable[[int], None] = lambda records: None,
) -> int:
    """Put the events since a time, and then the labels, into ``recent``: records not readable.

    A record of an event is sent when it happens or later, but for what a producer's clock may
    be ahead: reading begins at ``since_ms`` less ``worker.future_tolerance``, and goes on to
    the end of the topics as they are now, since an event may come however late.
    """
    kafka, rejected = settings.kafka, 0
    limits = Limits(future_tolerance_ms=settings.worker.future_tolerance_ms)
    at_ms = max(0, since_ms - settings.worker.future_tolerance_ms)
    async with consuming(kafka) as consumer:
        decoders = {p: decoder(settings) for p in range(topics[kafka.topic("predictions")])}
        async for partition, records in since(consumer, kafka, "predictions", topics, at_ms):
            decoded = decoders[partition].decode(records)
            rejected += len(decoded.rejected)
            for batch in decoded.batches:
                recent.add(partition, batch)
            on_progress(len(records))
        if kafka.topic("labels") in topics and recent.rows:
            labels = LabelDecoder(limits)
            async for _, records in since(consumer, kafka, "labels", topics, at_ms):
                for found in labels.decode(records).batches:
                    recent.add_labels(found)
                on_progress(len(records))
    return rejected


async def held(settings: Settings, topics: Mapping[str, int], model: str) -> Held | None:
    """What times of a model the topic holds, ``None`` where its ends have no event of it."""
    kafka = settings.kafka
    times: list[int] = []
    async with consuming(kafka) as consumer:
        partitions = _partitions(kafka, "predictions", topics)
        consumer.assign(partitions)
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        for from_end in (False, True):
            starts = {
                p: max(begins[p], ends[p] - _LOOK) if from_end else begins[p] for p in partitions
            }
            stops = ends if from_end else {p: min(begins[p] + _LOOK, ends[p]) for p in partitions}
            async for _, records in between(consumer, starts, stops):
                for batch in decoder(settings).decode(records).batches:
                    if batch.model == model:
                        times += [int(batch.timestamps.min()), int(batch.timestamps.max())]
    return Held(min(times), max(times)) if times else None


async def since(
    consumer: AIOKafkaConsumer,
    kafka: KafkaSettings,
    topic: Topic,
    topics: Mapping[str, int],
    at_ms: int,
) -> AsyncIterator[tuple[int, list[ConsumerRecord]]]:
    """The partition and records of a topic that were sent from a time on, to its present end."""
    partitions = _partitions(kafka, topic, topics)
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, at_ms))
    starts = {p: ends[p] if (at := found.get(p)) is None else at.offset for p in partitions}
    async for fetched in between(consumer, starts, ends):
        yield fetched


async def between(
    consumer: AIOKafkaConsumer,
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> AsyncIterator[tuple[int, list[ConsumerRecord]]]:
    """All records of ``[start, end)`` of each partition, in the order of its offsets."""
    open_ = {p for p, end in ends.items() if starts[p] < end}
    for partition in open_:
        consumer.seek(partition, starts[partition])
    while open_:
        for partition, records in (await consumer.getmany(*open_, timeout_ms=_PATIENCE_MS)).items():
            inside = [record for record in records if record.offset < ends[partition]]
            if inside:
                yield partition.partition, inside
        # The position passes offsets without a record too: compacted, or marks of transactions.
        open_ = {p for p in open_ if await consumer.position(p) < ends[p]}


def _partitions(
    kafka: KafkaSettings, topic: Topic, topics: Mapping[str, int]
) -> list[TopicPartition]:
    name = kafka.topic(topic)
    return [TopicPartition(name, number) for number in range(topics[name])]
