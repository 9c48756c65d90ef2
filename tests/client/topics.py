"""What a Kafka has of a topic, and what a worker reads of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import Message as Read

from stream_monitor.client.pack import Header, Message
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.kafka.embedded import EmbeddedBroker


def headers_of(message: Read) -> list[Header]:
    """A message's headers as a consumer reads them: pairs, each value of which is bytes here."""
    pairs = message.headers() or []
    assert isinstance(pairs, list)
    found: list[Header] = []
    for name, value in pairs:
        assert isinstance(value, bytes)
        found.append((name, value))
    return found


@contextmanager
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """A broker in this process that has the topics of the client."""
    with EmbeddedBroker() as broker:
        broker.touch("predictions", "labels")
        yield broker


def records(address: str, topic: str) -> list[Record]:
    """All records of a topic, partition by partition."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "test"})
    found: list[Record] = []
    for number in sorted(consumer.list_topics(topic, 20).topics[topic].partitions):
        part = TopicPartition(topic, number, 0)
        _, end = consumer.get_watermark_offsets(part, timeout=20)
        consumer.assign([part])
        offset = 0
        while offset < end:
            message = consumer.poll(20)
            assert message is not None
            assert message.error() is None
            at, time = message.offset(), message.timestamp()[1]
            assert at is not None
            headers = headers_of(message)
            found.append(Record(topic, number, at, time, message.value(), headers=headers))
            offset = at + 1
    consumer.close()
    return found


def messages(address: str, topic: str) -> list[Message]:
    """The same as they were sent, but for how many rows they hold."""
    found: list[Message] = []
    for record in records(address, topic):
        assert record.value is not None
        found.append(Message(record.value, 0, tuple(record.headers)))
    return found


def events(address: str, topic: str = "predictions") -> list[EventBatch]:
    """What a worker reads of the topic, which has to be readable."""
    decoded = Decoder(Limits()).decode(records(address, topic))
    assert decoded.rejected == ()
    return list(decoded.batches)


def labels(address: str, topic: str = "labels") -> dict[str, object]:
    """The truth by the prediction's id, as a worker reads it; each has to be there once."""
    decoded = LabelDecoder(Limits()).decode(records(address, topic))
    assert decoded.rejected == ()
    told = [
        (one, truth)
        for part in decoded.batches
        for one, truth in zip(part.prediction_ids, part.ground_truth, strict=True)
    ]
    found = dict(told)
    assert len(found) == len(told), "a label is there twice"
    return found
