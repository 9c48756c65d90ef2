"""One worker: both stages for the partitions the group gives it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from faust.types import TP

from stream_monitor.config.settings import Settings
from stream_monitor.errors import ConfigurationError
from stream_monitor.kafka.admin import STATE_TABLE, changelog, create_topics, topic_specs
from stream_monitor.kafka.app import AppSettings, create_app, run_app
from stream_monitor.kafka.clients import batch_bytes
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.joining import JoinStage, LabelStage
from stream_monitor.kafka.joins_place import check_joins
from stream_monitor.kafka.offsets import commit_blocks
from stream_monitor.kafka.owners import Owners
from stream_monitor.kafka.reach import reached
from stream_monitor.kafka.references import ReferenceFollower
from stream_monitor.kafka.sending import Sender
from stream_monitor.kafka.stage1 import Stage1
from stream_monitor.kafka.stage2 import Stage2
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.topics import batch_topic
from stream_monitor.kafka.transport import consumer_of, transport_of
from stream_monitor.kafka.view import WorkerView
from stream_monitor.kafka.web import Serves, Web
from stream_monitor.metrics.snapshot import Snapshot, WorkerState
from stream_monitor.pipeline.counts import Counts
from stream_monitor.pipeline.effects import Publish
from stream_monitor.reference.registry import References


class Stage(Protocol):
    """Machines of the partitions of one topic."""

    def seek(self, partition: int, offset: int) -> None: ...
    def revoke(self, partition: int) -> None: ...


class Worker:
    """A worker process on Kafka.

    ``create``: make topics that are missing. ``on_document`` is told every report and alert
    once the broker has it.
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
        self._view = WorkerView(now_ms())
        self._create = create
        self._beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
        kafka = settings.kafka
        Path(settings.worker.data_dir).mkdir(parents=True, exist_ok=True)
        self.app = create_app(
            AppSettings(
                bootstrap_servers=kafka.bootstrap_servers,
                group=kafka.topic_prefix + kafka.group,
                data_dir=Path(settings.worker.data_dir),
                commit_interval_s=settings.worker.commit_interval_ms / 1000,
                session_timeout_s=settings.worker.session_timeout_ms / 1000,
                topic_partitions=kafka.partitions,
                replication_factor=kafka.replication,
                create_topics=create,
                memory_store=memory_store,
                security=kafka.security,
            )
        )
        # Faust's own limit is 1 MB: a larger slot or dead letter would end the worker, always.
        self.app.conf.producer_max_request_size = kafka.max_message_bytes
        self.app.conf.producer_max_batch_size = batch_bytes(kafka)
        transport_of(self.app).listener = self
        transport_of(self.app).owned |= {kafka.topic("reports"), kafka.topic("alerts")}
        sender = Sender(self.app, kafka)
        self.owners = Owners(
            self.app,
            lambda: sender.partitions("summaries"),
            lambda: self._state() is WorkerState.RUNNING,
        )
        table = StateTable(self.app, STATE_TABLE, kafka.max_message_bytes)
        self._source = kafka.topic("predictions")
        self._stage1 = Stage1(settings, self.references, sender, self._view)
        self._labels = LabelStage(settings, self.references, sender, self._view)
        self._joins = JoinStage(settings, self.references, sender, self._view)
        self._stage2 = Stage2(settings, self.references, sender, table, self._view, on_document)
        self._stages: Mapping[str, Stage] = {
            self._source: self._stage1,
            kafka.topic("labels"): self._labels,
            kafka.topic("joins"): self._joins,
            kafka.topic("summaries"): self._stage2,
        }
        predictions = batch_topic(self.app, self._source, commit=commit_blocks(kafka.block_size))
        summaries = batch_topic(self.app, kafka.topic("summaries"))
        self.app.agent(predictions, name="stage1")(self._stage1.agent)
        self.app.agent(summaries, name="stage2")(self._stage2.agent)
        if settings.labels.join:
            labels = batch_topic(self.app, kafka.topic("labels"))
            joins = batch_topic(self.app, kafka.topic("joins"), commit=self._joins.committable)
            self.app.agent(labels, name="labels")(self._labels.agent)
            self.app.agent(joins, name="joins")(self._joins.agent)
            self.app.timer(settings.labels.emit_interval_ms / 1000)(self._flush_joins)
        self.app.timer(settings.worker.emit_interval_ms / 1000)(self._flush)

    @property
    def counts(self) -> Counts:
        """What stage 1 has done, as it is now; from the worker's own event loop."""
        return self._view.summarising

    def snapshot(self) -> Snapshot:
        """What the worker shows of itself, about a second old; from any thread."""
        return self._view.snapshot

    def complain(self, sentence: str) -> None:
        """Something beside the pipeline went wrong; /health tells people of it."""
        self._view.complain(sentence)

    def serve(
        self,
        server: Serves,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        """Have a server begin and end with the worker; to be called before :meth:`run`.

        What is ``beside`` runs while the worker does, once Kafka and its topics are there, until
        it is cancelled; if one ends by itself, so does the worker.
        """
        self.app.conf.web_enabled = True
        self.app.web = Web(self.app, server)
        self._beside = beside

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Work until ``stop``, SIGTERM or SIGINT; returns after the last commit.

        Raises:
            BrokerError: Kafka cannot be reached, or a topic cannot be made.
            ConfigurationError: a topic is missing and not to be made, or does not fit the others.
        """
        with _fewer_collections():
            await self._run(stop or asyncio.Event())

    async def _run(self, stop: asyncio.Event) -> None:
        tasks = [asyncio.create_task(self._watch())]
        tasks[0].add_done_callback(lambda task: stop.set())
        follower = ReferenceFollower(self.settings.kafka, self.references, self._view.complain)
        try:
            await self._topics()
            await follower.start()
            # Without references everything would be judged wrongly: better not at all.
            follower.on_end(stop.set)
            for run in self._beside:
                tasks.append(asyncio.create_task(run()))
                tasks[-1].add_done_callback(lambda task: stop.set())
            await run_app(self.app, stop)
        finally:
            try:
                await _end(tasks)
                self._refresh()
            finally:
                await follower.stop()

    async def _topics(self) -> None:
        """See that Kafka is there, and in it all topics as they have to be."""
        kafka = self.settings.kafka
        with _silent("aiokafka"):  # the error says it
            async with reached(kafka) as there:
                absent = [
                    spec.name for spec in topic_specs(self.settings) if spec.name not in there
                ]
                if absent and not self._create:
                    raise ConfigurationError(
                        f"these topics are missing: {', '.join(absent)}; make them with "
                        "`stream-monitor topics create`, or let the worker do it (--create-topics)"
                    )
                summaries, table = kafka.topic("summaries"), changelog(kafka)
                parts, kept = (there.get(t, kafka.partitions) for t in (summaries, table))
                if parts != kept:
                    raise ConfigurationError(
                        f"{summaries} has {parts} partitions and {table} {kept}, and both have to "
                        "have as many; delete the second, and set kafka.partitions to the first's"
                    )
                joins = there.get(kafka.topic("joins"))
                if joins is not None and self.settings.labels.join:
                    await check_joins(kafka, joins)
                if absent:
                    await create_topics(self.settings)

    # -- what the transport tells

    def on_assigned(self, partitions: frozenset[TP]) -> None:
        """Partitions were given to this worker."""
        self._view.rebalances += 1

    def on_revoked(self, partitions: frozenset[TP]) -> None:
        """Partitions were taken from it."""
        for tp in partitions:
            self._stages[tp.topic].revoke(tp.partition)

    def on_seek(self, partition: TP, offset: int) -> None:
        """A partition is read from here on."""
        self._stages[partition.topic].seek(partition.partition, offset)

    async def _flush(self) -> None:
        await self._stage1.flush(consumer_of(self.app).position_of)

    async def _flush_joins(self) -> None:
        await self._joins.flush(consumer_of(self.app).positions())

    async def _watch(self) -> None:
        while True:
            self._refresh()
            running = self._view.snapshot.state is WorkerState.RUNNING
            await asyncio.sleep(_REFRESH_S if running else _REFRESH_CHANGING_S)

    def _refresh(self) -> None:
        state = self._state()
        held = {} if state is WorkerState.STARTING else consumer_of(self.app).positions()
        if state is WorkerState.RUNNING:
            summaries = self.settings.kafka.topic("summaries")
            self._stage2.recover(tp.partition for tp in held if tp.topic == summaries)
        self._view.refresh(
            now_ms(),
            state,
            self._source,
            held,
            self._stage1.machines,
            list(self._stage2.machines.values()),
            self.references,
            self._joins.machines,
            self._joins.is_recovering,
        )

    def _state(self) -> WorkerState:
        if self.app.should_stop:
            return WorkerState.STOPPING
        if not self.app.started or self.app.consumer_generation_id <= 0:
            return WorkerState.STARTING
        if self.app.rebalancing or self.app.in_recovery:
            return WorkerState.RECOVERING
        return WorkerState.RUNNING


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel all and wait for them; raises what one has ended with, which only a bug does."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Look for reference cycles seldom: fetched events have none and are many.

    With Python's thresholds a quarter of a busy worker's time goes into looking.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """A library's log, off for a while."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


_REFRESH_S = 1.0
_REFRESH_CHANGING_S = 0.1  # while it starts, recovers or stops
