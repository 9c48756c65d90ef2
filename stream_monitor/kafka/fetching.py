"""Seeks and fetches on the consumer's own thread, where their order is certain."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from aiokafka.consumer import fetcher
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from mode.threads import WorkerThread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP
    from mode.threads import ServiceThread

    from stream_monitor.kafka.consumer import Consumer
    from stream_monitor.kafka.transport import Transport

#: aiokafka keeps one fetch to a broker in flight. Faust lets it wait 1,500 ms for idle
#: partitions, and the busy ones on that broker wait with it; seeks do too.
_FETCH_MAX_WAIT_MS = 100

#: A stop may wait for three of these, and orchestrators kill after 30 s.
_COMMIT_TIMEOUT_S = 5.0


class _BatchedRecords(fetcher.PartitionRecords):
    """A fetched partition whose records come as aiokafka's parser made them.

    A ``ConsumerRecord`` costs 3 µs to make, more than to decode the event in it; what it adds
    (topic, partition, sizes) a batch knows or nobody asks. ``batched`` names the topics.
    """

    batched: frozenset[str] = frozenset()

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if tp.topic in self.batched else super()._consumer_record(tp, record)


def light_records(topics: frozenset[str]) -> None:
    """Read ``topics`` of this process without making a ``ConsumerRecord`` of each record."""
    _BatchedRecords.batched |= topics
    # aiokafka has no parameter for it; its minor version is pinned for this line's sake.
    vars(fetcher)["PartitionRecords"] = _BatchedRecords


class _Thread(WorkerThread):
    """A thread that cannot keep a process alive whose event loop has ended."""

    def __init__(self, service: ServiceThread, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True


class Seek(NamedTuple):
    """A partition is read from ``offset`` on; ``epoch`` numbers the seeks of this process."""

    epoch: int
    offset: int
    committed: int | None


class Fetched(NamedTuple):
    """Records of one fetch, and of each stream partition that was sought where it stands now.

    ``epochs`` names the seek that the records come after, ``positions`` the offset that is
    fetched next: every record below it is in this fetch, or was in one before.
    """

    records: Mapping[TP, list[Any]]
    epochs: Mapping[TP, int]
    positions: Mapping[TP, int]


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """aiokafka's thread; a fetch says which seek it comes after."""

    Worker = _Thread

    consumer: Consumer

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seeks: dict[TP, Seek] = {}
        self._epochs = itertools.count(1)
        self._turn = 0  # counts the seeks of all streams

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer: Any = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _FETCH_MAX_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start aiokafka's consumer, and hear what its group says of this worker."""
        await super().on_start()
        consumer: Any = self._ensure_consumer()
        cast("Transport", self.transport).membership.watch(consumer._coordinator)

    async def on_thread_stop(self) -> None:
        """Stop aiokafka's consumer; the thread ends also when the broker is gone."""
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            # aiokafka 0.14 cancels a fetch that is backing off and then lets this out. It
            # would end the thread unannounced, and the worker would wait for it for ever.
            self.log.warning("The broker is gone; the group was not told of leaving.")

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # aiokafka asks for ever; left to it, a stop would wait for a broker that is gone.
        try:
            return bool(await asyncio.wait_for(super()._commit(offsets), _COMMIT_TIMEOUT_S))
        except TimeoutError:
            self.log.warning("The broker did not answer a commit; the next one includes it.")
            return False

    async def fetch(self, active: set[TP], timeout: float, max_records: int) -> Fetched:
        fetched = await self.call_thread(self._fetch_stamped, active, timeout, max_records)
        return cast("Fetched", fetched)

    async def _fetch_stamped(self, active: set[TP], timeout: float, max_records: int) -> Fetched:
        consumer, turn = self._ensure_consumer(), self._turn
        fetched = await self._fetch_records(
            consumer, active, timeout=timeout, max_records=max_records
        )
        # No await since the records left aiokafka's buffer: the stamps are theirs.
        records = {ensure_TP(tp): rows for tp, rows in fetched.items()}
        if turn != self._turn:
            # Asked for before the streams were sought, answered after: nobody takes these now,
            # and aiokafka would go on behind them.
            for raw in consumer.assignment():
                rows = records.get(ensure_TP(raw))
                if rows:
                    consumer.seek(raw, rows[0].offset)
            return Fetched({}, {}, {})
        epochs = {tp: seek.epoch for tp, seek in list(self.seeks.items())}
        return Fetched(records, epochs, self._positions(consumer))

    def _positions(self, consumer: Any) -> dict[TP, int]:
        # Not by aiokafka's own method: it may wait, and then other records would be below.
        positions: dict[TP, int] = {}
        for raw in consumer.assignment():
            state = consumer._subscription.subscription.assignment.state_value(raw)
            if state.has_valid_position:
                positions[ensure_TP(raw)] = state.position
        return positions

    async def seek_streams(self) -> Mapping[TP, Seek]:
        """Seek every stream partition to what is committed; empty if a rebalance came first."""
        return cast("Mapping[TP, Seek]", await self.call_thread(self._seek_streams))

    async def _seek_streams(self) -> Mapping[TP, Seek]:
        consumer = self._ensure_consumer()
        generation = self.app.consumer_generation_id
        self._turn += 1
        seeks: dict[TP, Seek] = {}
        for raw in consumer.assignment():
            tp = ensure_TP(raw)
            if self.consumer.is_changelog(tp):
                continue
            offset = committed = await consumer.committed(raw)
            if offset is None:
                # Not aiokafka's position: a fetch that was under way when the partitions were
                # assigned may have moved it past records that nobody has taken.
                offset = (await consumer.beginning_offsets([raw]))[raw]
            if self.app.consumer_generation_id != generation:
                return {}
            consumer.seek(raw, offset)
            seeks[tp] = self.seeks[tp] = Seek(next(self._epochs), offset, committed)
        return seeks

    def seek(self, partition: TP, offset: int) -> None:
        """Seek one partition; its books open anew with the next record."""
        super().seek(partition, offset)
        tp = ensure_TP(partition)
        before = self.seeks.get(tp)
        if before is not None:
            self.seeks[tp] = Seek(next(self._epochs), offset, before.committed)
