"""A model's predictions and labels, and a broker's topics to put them on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
import pyarrow as pa
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.model import Reference

MODEL = "credit-default"
FEATURES = ("amount", "income", "term")
ANSWERS = ("default", "repay")
START_MS = 1_704_067_200_000
STEP_MS = 100  # of event time from one prediction to the next: a million in 28 hours
LABEL_DELAY_MS = 3_600_000
PARTITIONS = 4
_CHUNK = 50_000
_QUIET = 2  # librdkafka's level: below it every closed connection is news

Keyed = tuple[bytes, bytes]  # a prediction's id, and a message


def reference() -> Reference:
    """Normal features, a score, a binary prediction and its truth; R = 5,000."""
    rng = np.random.default_rng(1)
    score = np.round(rng.random(20_000), 6)
    columns = {name: np.round(rng.normal(size=20_000), 6) for name in FEATURES}
    answers = np.where(score > 0.5, *ANSWERS)
    truth = np.where(score > rng.random(20_000), *ANSWERS)
    table = pa.table({**columns, "score": score, "prediction": answers, "label": truth})
    return build(MODEL, table, assign_roles(table), created_ms=0, source="benchmark")


def prediction_id(number: int) -> str:
    """The id of the prediction of this number, a UUID like any other."""
    return str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def predictions(numbers: range) -> Iterator[Keyed]:
    """Single JSON events in the order of their time."""
    encode = msgspec.json.Encoder().encode
    rng = np.random.default_rng(numbers.start)
    for start in range(numbers.start, numbers.stop, _CHUNK):
        n = min(_CHUNK, numbers.stop - start)
        values = np.round(rng.normal(size=(n, len(FEATURES))), 6).tolist()
        scores = np.round(rng.random(n), 6).tolist()
        for number, row, score in zip(range(start, start + n), values, scores, strict=True):
            id_ = prediction_id(number)
            event = {
                "model": MODEL,
                "prediction_id": id_,
                "timestamp": START_MS + number * STEP_MS,
                "features": dict(zip(FEATURES, row, strict=True)),
                "prediction": ANSWERS[score <= 0.5],
                "score": score,
            }
            yield id_.encode(), encode(event)


def labels(numbers: Iterable[int]) -> Iterator[Keyed]:
    """A single JSON message with the truth about each prediction."""
    encode = msgspec.json.Encoder().encode
    for number in numbers:
        id_ = prediction_id(number)
        label = {
            "model": MODEL,
            "prediction_id": id_,
            "ground_truth": ANSWERS[number % 3 == 0],
            "timestamp": START_MS + number * STEP_MS + LABEL_DELAY_MS,
        }
        yield id_.encode(), encode(label)


class Topics:
    """Puts messages on topics of one broker."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._producer = Producer(
            {"bootstrap.servers": bootstrap_servers, "linger.ms": 20, "log_level": _QUIET}
        )

    def put(self, topic: str, messages: Iterable[Keyed], *, keyed: bool = False) -> int:
        """Put messages on a topic, in turn on each partition or by their ids; their bytes."""
        size = 0
        for number, (id_, value) in enumerate(messages):
            place = {"key": id_} if keyed else {"partition": number % PARTITIONS}
            size += len(value)
            while True:
                try:
                    self._producer.produce(topic, value, **place)
                    break
                except BufferError:  # the producer's queue is full: let it send
                    self._producer.poll(0.1)
        if self._producer.flush(120):
            raise RuntimeError("the broker does not take messages")
        return size

    def ends(self, topic: str) -> dict[int, int]:
        """Where each partition ends."""
        asked = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": "ends"})
        try:
            return {
                partition: asked.get_watermark_offsets(TopicPartition(topic, partition), 10)[1]
                for partition in range(PARTITIONS)
            }
        finally:
            asked.close()

    def create(self, topic: str) -> str:
        """A new topic of this name."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": _QUIET})
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(20)
        return topic
