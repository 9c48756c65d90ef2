"""Faust's aiokafka transport with books that are right for batches.

What Faust 0.15.3 does, and what is done here instead:

- Its gap bookkeeping lists the last offset of a batch twice, so commits crawl, and its
  ``_read_offset`` can drop records after a seek back. Here each partition keeps
  :class:`PartitionOffsets`, and a seek opens new books.
- It resumes partitions before it seeks, and clears stream queues after: a batch fetched in
  between is delivered twice or lost. Here stream partitions stay shut until both are done.
- ``Producer.flush`` gives up after 100 ms of silence and forgets failed sends, so a commit
  may pass a changelog write that never arrived. Here flush waits for every send, and after
  a failed one nothing is committed and the worker crashes.
- A rebalance throws acknowledged offsets away before the last commit. Here after it.
- An agent that raises has its message acknowledged and committed, and is restarted behind it.
  Here commits stop first, and the worker crashes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from stream_monitor.kafka.fetching import ConsumerThread, Fetched, Seek
from stream_monitor.kafka.offsets import PartitionOffsets, Position, commit_processed
from stream_monitor.kafka.scheduler import Batch, BatchScheduler
from stream_monitor.kafka.tracking import TrackedMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from faust.tables.manager import TableManager
    from faust.types.transports import TPorTopicSet

    from stream_monitor.kafka.producer import Producer
    from stream_monitor.kafka.transport import Transport

_IDLE_S = 0.02  # how often to look again while no partition may be read


class _ReadOffsets(defaultdict[TP, int | None]):
    """Faust's guard against re-reading, left to the changelogs only."""

    def __init__(self, is_changelog: Callable[[TP], bool]) -> None:
        super().__init__(lambda: None)
        self._is_changelog = is_changelog

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        if self._is_changelog(tp):
            super().__setitem__(tp, offset)


class Consumer(driver.Consumer):
    """Faust's consumer with one set of books a stream partition; see the module's words."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._books: dict[TP, PartitionOffsets] = {}
        self._held: frozenset[TP] = frozenset()
        self._sought = False  # the seek after this assignment is done
        self._opened = False  # and streams run
        self._halted = False
        self._commit_lock = asyncio.Lock()
        super().__init__(*args, **kwargs)
        self._ours = cast("Transport", self.transport)
        self.scheduler = BatchScheduler(self._ours.batched, self._ours.max_batch_rows)
        self._read_offset = _ReadOffsets(self.is_changelog)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- what others ask

    def positions(self) -> dict[TP, Position]:
        """Processed, committed and highwater of every stream partition held."""
        each = ((tp, self.position_of(tp)) for tp in list(self._books))
        return {tp: at for tp, at in each if at is not None}

    def position_of(self, tp: TP) -> Position | None:
        """Those of one partition as they are now; ``None`` if it is not held or not sought."""
        books = self._books.get(tp)
        if books is None or tp not in self._held:
            return None
        return Position(books.read, books.committed, self._thread.highwater(tp))

    async def on_task_error(self, exc: BaseException) -> None:
        """An agent raised."""
        await self._halt(exc)

    async def _halt(self, reason: BaseException) -> None:
        """Commit and deliver nothing from now on, and crash the worker."""
        self._halted = True
        self.stop_flow()
        self.app.flow_control.suspend()
        await self.app.crash(reason)

    async def wait_empty(self) -> None:
        """Wait for what is at work; after a crash for nothing, as it may never be done."""
        if not self._halted and not self.app.crashed:
            await super().wait_empty()

    def is_changelog(self, tp: TP) -> bool:
        return tp.topic in cast("TableManager", self.app.tables)._changelogs

    def is_open(self, tp: TP, books: PartitionOffsets) -> bool:
        """Whether ``books`` are those of the partition's latest seek."""
        return self._books.get(tp) is books

    def forget(self, message: TrackedMessage) -> None:
        self._unacked_messages.discard(message)

    # -- reading

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One fetch's records: batches, plain records and changelog records, in turn."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        generation = self.app.consumer_generation_id
        active = {tp for tp in self._active_partitions if self._opened or self.is_changelog(tp)}
        if not active:  # an empty set would mean "all" to aiokafka
            await self.sleep(_IDLE_S)
            return
        fetched = await self._thread.fetch(
            active, timeout, self.app.conf.broker_max_poll_records or 0
        )
        for tp, item in self.scheduler.iterate(fetched.records):
            # What is dropped here is read again: a seek follows whatever stops the flow.
            if self.should_stop or not self.flow_active:
                return
            if self.is_changelog(tp):
                if generation != self.app.consumer_generation_id:
                    return
                if tp in self._active_partitions or tp in self._buffered_partitions:
                    yield tp, self._to_message(tp, item)
                continue
            message = self._tracked(tp, fetched.epochs.get(tp), item)
            if message is not None:
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                yield tp, message
        self._reach(fetched)

    def _reach(self, fetched: Fetched) -> None:
        """All records of a fetch are in the books; what follows them in the log is none."""
        for tp, position in fetched.positions.items():
            books = self._books.get(tp)
            if self._opened and books is not None and books.epoch == fetched.epochs.get(tp):
                books.reach(position)

    def _tracked(self, tp: TP, epoch: int | None, item: Any) -> TrackedMessage | None:
        if not self._opened:
            return None
        seek = self._thread.seeks.get(tp)
        if seek is None or seek.epoch != epoch:
            return None  # fetched before the partition's latest seek
        books = self._open_books(tp, seek)
        return TrackedMessage(
            self, books, tp, item, item.records[-1] if isinstance(item, Batch) else item
        )

    def _open_books(self, tp: TP, seek: Seek) -> PartitionOffsets:
        books = self._books.get(tp)
        if books is None or books.epoch != seek.epoch:
            books = self._books[tp] = PartitionOffsets(seek.epoch, seek.offset, seek.committed)
            if self._ours.listener is not None:
                self._ours.listener.on_seek(tp, seek.offset)
        return books

    async def perform_seek(self) -> None:
        """Read every stream partition from its committed offset; tell the listener."""
        seeks = await self._thread.seek_streams()
        for tp, seek in seeks.items():
            self._open_books(tp, seek)
        self._sought = True

    def stop_flow(self) -> None:
        """Shut the stream partitions with the flow."""
        self._sought = self._opened = False
        super().stop_flow()

    def resume_flow(self) -> None:
        """Open the stream partitions, if they were sought; before that it is for changelogs."""
        super().resume_flow()
        self._opened = self._sought and not self._halted

    # -- rebalances

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is at work, commit it, then close the books."""
        await super().on_partitions_revoked(revoked)
        self._sought = self._opened = False
        for tp in revoked:
            self._books.pop(tp, None)
            self._thread.seeks.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the listener what was lost and gained, then let Faust recover tables."""
        held = frozenset(tp for tp in assigned if not self.is_changelog(tp))
        lost, gained = self._held - held, held - self._held
        self._held = held
        listener = self._ours.listener
        if listener is not None and lost:
            listener.on_revoked(lost)
        if listener is not None and gained:
            listener.on_assigned(gained)
        await super().on_partitions_assigned(assigned, generation_id)

    # -- commits

    async def commit(
        self, topics: TPorTopicSet | None = None, start_new_transaction: bool = True
    ) -> bool:
        """Commit what may be committed; waits for a commit under way and then does its own."""
        async with self._commit_lock:
            if self._halted:
                return False
            return bool(await self.force_commit(topics, start_new_transaction))

    def _filter_tps_with_pending_acks(self, topics: TPorTopicSet | None = None) -> Iterator[TP]:
        self._acked.clear()  # Faust's own lists; nothing reads them here
        self._acked_index.clear()
        return (
            tp
            for tp in list(self._books)
            if (topics is None or tp in topics or tp.topic in topics)
            and self.app.topics.acks_enabled_for(tp.topic)
        )

    def _new_offset(self, tp: TP) -> int | None:
        books = self._books.get(tp)
        if books is None:
            return None
        policy = self._ours.policies.get(tp.topic, commit_processed)
        return books.committable(policy, tp.partition)

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no books here."""

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Faust has flushed the producer right before.
        failure = cast("Producer", self.app.producer).failure
        if failure is not None:
            await self._halt(failure)
            return False
        books = {tp: self._books[tp] for tp in offsets if tp in self._books}
        live = {tp: offset for tp, offset in offsets.items() if tp in books}
        done = bool(await super()._commit(live))
        if done:
            for tp, offset in live.items():
                books[tp].committed = offset
        return done

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock warnings read books that are not kept here; lag is a metric."""
