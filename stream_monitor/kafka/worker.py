"""The shell around the two machines: Faust's agents, table and timers.

Stage 1 has no table: where its source is committed is its state. Stage 2 keeps a Faust table
on RocksDB, and is made anew from it whenever its partition is assigned or sought.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import faust
import msgspec
from faust.types import TP

from stream_monitor.config.settings import Settings, Topic
from stream_monitor.kafka.admin import create_topics
from stream_monitor.kafka.app import WorkerSettings, create_app, run_app
from stream_monitor.kafka.offsets import commit_blocks
from stream_monitor.kafka.references import ReferenceFollower
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.topics import batch_topic
from stream_monitor.kafka.transport import consumer_of, transport_of
from stream_monitor.kafka.view import WorkerView
from stream_monitor.metrics.snapshot import WorkerState
from stream_monitor.pipeline.effects import (
    Delete,
    EvaluateEffect,
    Publish,
    Put,
    SendDeadLetter,
    SendProgress,
    SendSlot,
    SummariseEffect,
)
from stream_monitor.pipeline.engine import decoder, evaluator_config, summariser_config
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.messages import (
    BadSummaryMessageError,
    decode_message,
    encode_progress,
)
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References


def now_ms() -> int:
    """The clock, for what is asked of it by value."""
    return time.time_ns() // 1_000_000


class Worker:
    """One worker process: both stages for the partitions it is given.

    ``on_document`` is told every report and alert once the broker has it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        create: bool = True,
        memory_store: bool = False,
        on_document: Callable[[Publish], None] = lambda publish: None,
    ) -> None:
        self.settings = settings
        self.references = References()
        self.view = WorkerView(now_ms())
        self._create = create
        self._on_document = on_document
        self._summarisers: dict[int, Summariser] = {}
        self._highwaters: dict[int, int] = {}
        self._evaluators: dict[int, Evaluator] = {}
        self._stage1 = asyncio.Lock()  # slots of a machine go out before its progress
        kafka = settings.kafka
        self.app = create_app(
            WorkerSettings(
                bootstrap_servers=kafka.bootstrap_servers,
                group=kafka.topic_prefix + kafka.group,
                data_dir=Path(settings.worker.data_dir),
                topic_prefix=kafka.topic_prefix,
                block_size=kafka.block_size,
                commit_interval_s=settings.worker.commit_interval_ms / 1000,
                session_timeout_s=settings.worker.session_timeout_ms / 1000,
                topic_partitions=kafka.partitions,
                replication_factor=kafka.replication,
                create_topics=create,
                memory_store=memory_store,
            )
        )
        self._declare()

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Work until ``stop``, SIGTERM or SIGINT; returns after the last commit.

        Raises:
            BrokerError: Kafka cannot be reached, or a topic cannot be made.
        """
        if self._create:
            await create_topics(self.settings.kafka)
        follower = ReferenceFollower(self.settings.kafka, self.references, self.view.complain)
        await follower.start()
        watching = asyncio.create_task(self._watch())
        try:
            await run_app(self.app, stop)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await follower.stop()

    def _declare(self) -> None:
        kafka = self.settings.kafka
        app = self.app
        transport_of(app).listener = self
        predictions = batch_topic(
            app, kafka.topic("predictions"), commit=commit_blocks(kafka.block_size)
        )
        summaries = batch_topic(app, kafka.topic("summaries"))
        self._table = StateTable(app, "state", kafka.max_message_bytes)
        app.agent(predictions, name="stage1")(self._summarise)
        app.agent(summaries, name="stage2")(self._evaluate)
        app.timer(self.settings.worker.emit_interval_ms / 1000)(self._flush)

    # -- what the transport tells

    def on_assigned(self, partitions: Iterable[TP]) -> None:
        self.view.rebalances += 1

    def on_revoked(self, partitions: Iterable[TP]) -> None:
        for tp in partitions:
            self._machines(tp).pop(tp.partition, None)

    def on_seek(self, partition: TP, offset: int) -> None:
        if partition.topic == self.settings.kafka.topic("predictions"):
            self._summariser(partition.partition).seek(offset)
        else:
            self._evaluators.pop(partition.partition, None)

    def _machines(self, tp: TP) -> dict[int, Any]:
        stage1 = tp.topic == self.settings.kafka.topic("predictions")
        return self._summarisers if stage1 else self._evaluators

    def _summariser(self, partition: int) -> Summariser:
        machine = self._summarisers.get(partition)
        if machine is None:
            partitions = self._partitions("predictions")
            machine = self._summarisers[partition] = Summariser(
                partition,
                partitions,
                decoder(self.settings),
                summariser_config(self.settings, self.references),
                self.view.summarising,
            )
        return machine

    def _evaluator(self, partition: int) -> Evaluator:
        machine = self._evaluators.get(partition)
        if machine is None:
            config = evaluator_config(self.settings, self.references)
            machine = Evaluator(config, self.view.evaluating)
            machine.restore(self._table.items(partition))
            self._evaluators[partition] = machine
        return machine

    def _partitions(self, topic: Topic) -> int:
        name = self.settings.kafka.topic(topic)
        return self.app.consumer.topic_partitions(name) or self.settings.kafka.partitions

    # -- stage 1

    async def _summarise(self, stream: faust.StreamT[Batch]) -> None:
        async for batch in stream:
            with self.view.timing("summarise"):
                async with self._stage1:
                    machine = self._summariser(batch.partition.partition)
                    await self._send(machine.handle(batch.records, now_ms()))

    async def _flush(self) -> None:
        """Hand on what stage 1 holds; progress only after the slots it speaks of are safe."""
        async with self._stage1:
            with self.view.timing("emit"):
                positions = consumer_of(self.app).positions()
                told: list[SummariseEffect] = []
                for partition, machine in list(self._summarisers.items()):
                    tp = TP(self.settings.kafka.topic("predictions"), partition)
                    at = positions.get(tp)
                    if at is None or at.highwater is None:
                        continue
                    # Caught up: all that was there at the last flush has been handled.
                    caught_up = (machine.position or at.processed) >= self._highwaters.get(
                        partition, at.highwater
                    )
                    self._highwaters[partition] = at.highwater
                    effects = machine.flush(now_ms(), caught_up=caught_up)
                    await self._send(each for each in effects if not isinstance(each, SendProgress))
                    told += [each for each in effects if isinstance(each, SendProgress)]
                if told:
                    await self.app.producer.flush()
                    await self._send(told)

    async def _send(self, effects: Iterable[SummariseEffect]) -> None:
        for effect in effects:
            match effect:
                case SendSlot(slot=slot):
                    key = slot.key.model.encode()
                    await self._produce("summaries", key, slot.encode())
                case SendProgress(progress=progress):
                    value = encode_progress(progress)
                    for partition in range(self._partitions("summaries")):
                        await self._produce("summaries", None, value, partition)
                case SendDeadLetter(rejected=rejected):
                    record = rejected.record
                    headers = [
                        ("reason", rejected.reason.value.encode()),
                        ("sentence", rejected.sentence.encode()),
                        ("topic", record.topic.encode()),
                        ("partition", str(record.partition).encode()),
                        ("offset", str(record.offset).encode()),
                    ]
                    # The same record is set aside under the same key whenever it is read again.
                    key = f"{record.topic}/{record.partition}/{record.offset}".encode()
                    await self._produce("dead_letters", key, record.value, headers=headers)

    async def _produce(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> Any:
        return await self.app.producer.send(
            self.settings.kafka.topic(topic),
            key,
            value,
            partition,
            None,
            headers,
        )

    # -- stage 2

    async def _evaluate(self, stream: faust.StreamT[Batch]) -> None:
        async for batch in stream:
            with self.view.timing("evaluate"):
                for record in batch.records:
                    try:
                        message = decode_message(record.value or b"")
                    except BadSummaryMessageError as exc:
                        self.view.complain(str(exc))
                        continue
                    machine = self._evaluator(batch.partition.partition)
                    await self._perform(
                        batch.partition.partition, machine.handle(message, now_ms())
                    )

    async def _perform(self, partition: int, effects: Iterable[EvaluateEffect]) -> None:
        for effect in effects:
            match effect:
                case Put(key=key, value=value):
                    self._table.put(partition, key, value)
                case Delete(key=key):
                    self._table.delete(partition, key)
                case Publish():
                    sent = await self._produce(
                        effect.stream.value,
                        effect.model.encode(),
                        msgspec.json.encode(effect.document),
                        headers=[("id", effect.id.encode())],
                    )
                    await sent
                    self.view.published(effect)
                    self._on_document(effect)

    # -- what others see

    async def _watch(self) -> None:
        while True:
            self.view.refresh(
                now_ms(),
                self._state(),
                self.settings.kafka.topic("predictions"),
                consumer_of(self.app).positions(),
                self._summarisers,
                self._evaluators.values(),
                self.references,
            )
            await asyncio.sleep(1.0)

    def _state(self) -> WorkerState:
        if self.app.should_stop:
            return WorkerState.STOPPING
        if not self.app.started or self.app.consumer_generation_id <= 0:
            return WorkerState.STARTING
        if self.app.rebalancing or self.app.in_recovery:
            return WorkerState.RECOVERING
        return WorkerState.RUNNING
