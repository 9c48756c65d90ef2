"""How fast a consumer that only decodes can be: bare aiokafka, plain Faust, Faust in batches.

Each ``run_*`` reads a topic that already holds ``rows`` events, decodes every value with
msgspec, and returns events a second from the first record seen to the last. Run each in a
process of its own: Faust leaves threads and module state behind.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

import faust
import msgspec
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_monitor.kafka.app import AppSettings, broker_settings, create_app, run_app
from stream_monitor.kafka.topics import batch_topic

if TYPE_CHECKING:
    from pathlib import Path

    from faust.types import StreamT

FEATURES = 10


def event(rng: random.Random, number: int) -> bytes:
    """A prediction event as JSON, about 460 bytes with ten numeric features."""
    return msgspec.json.encode(
        {
            "id": str(uuid.UUID(int=rng.getrandbits(128))),
            "model": "credit-default",
            "version": "2026-11-01",
            "timestamp": 1_790_000_000_000 + number,
            "features": {f"feature_{i:02d}": rng.gauss(0.0, 1.0) for i in range(FEATURES)},
            "prediction": rng.random(),
        }
    )


def fill_topic(bootstrap_servers: str, rows: int, partitions: int = 4) -> str:
    """A new topic holding ``rows`` events, spread evenly; its name."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(20)
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 20})
    rng = random.Random(1)
    events = [event(rng, number) for number in range(min(rows, 10_000))]
    for number in range(rows):
        while True:
            try:
                producer.produce(name, events[number % len(events)], partition=number % partitions)
                break
            except BufferError:  # the producer's queue is full: let it send
                producer.poll(0.1)
    producer.flush(60)
    return name


class _Clock:
    """Events a second between the first and the last of ``rows`` events."""

    def __init__(self, rows: int) -> None:
        self._left = rows
        self._rows = rows
        self._started = 0.0
        self.rate = 0.0
        self.stop = asyncio.Event()

    def start(self) -> None:
        if not self._started:
            self._started = time.perf_counter()

    def count(self, rows: int) -> None:
        self._left -= rows
        if self._left <= 0 and not self.stop.is_set():
            self.rate = self._rows / (time.perf_counter() - self._started)
            self.stop.set()


def run_bare_client(bootstrap_servers: str, topic: str, rows: int) -> float:
    """aiokafka's ``getmany`` and a decode, with the fetch settings of a worker."""

    async def run() -> float:
        settings = broker_settings()
        clock = _Clock(rows)
        decode = msgspec.json.Decoder().decode
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap_servers,
            group_id=f"bare-{uuid.uuid4().hex[:8]}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=settings["consumer_max_fetch_size"],
        )
        await consumer.start()
        try:
            while not clock.stop.is_set():
                fetched = await consumer.getmany(
                    timeout_ms=1000, max_records=settings["broker_max_poll_records"]
                )
                for records in fetched.values():
                    clock.start()
                    for record in records:
                        decode(record.value or b"")
                    clock.count(len(records))
        finally:
            await consumer.stop()
        return clock.rate

    return asyncio.run(run())


def run_plain_faust(bootstrap_servers: str, topic: str, rows: int, data_dir: Path) -> float:
    """A Faust agent as its documentation has it: one event at a time, Faust's own transport."""

    async def run() -> float:
        clock = _Clock(rows)
        decode = msgspec.json.Decoder().decode
        app = faust.App(
            f"plain-{uuid.uuid4().hex[:8]}",
            broker=f"kafka://{bootstrap_servers}",
            datadir=data_dir,
            store="memory://",
            web_enabled=False,
            topic_disable_leader=True,
            autodiscover=False,
        )

        async def consume(stream: StreamT[Any]) -> None:
            async for value in stream:
                clock.start()
                decode(value)
                clock.count(1)

        source = app.topic(topic, value_type=bytes, value_serializer="raw", key_type=bytes)
        app.agent(source, name="consume")(consume)
        await run_app(app, clock.stop)
        return clock.rate

    return asyncio.run(run())


def run_batched_faust(bootstrap_servers: str, topic: str, rows: int, data_dir: Path) -> float:
    """The same agent on this project's transport: a batch at a time."""

    async def run() -> float:
        clock = _Clock(rows)
        decode = msgspec.json.Decoder().decode
        group = f"batched-{uuid.uuid4().hex[:8]}"
        app = create_app(AppSettings(bootstrap_servers, group, data_dir, memory_store=True))

        async def consume(stream: StreamT[Any]) -> None:
            async for batch in stream:
                clock.start()
                for record in batch.records:
                    decode(record.value)
                clock.count(len(batch))

        app.agent(batch_topic(app, topic), name="consume")(consume)
        await run_app(app, clock.stop)
        return clock.rate

    return asyncio.run(run())
