"""Stage 1: one source partition's records to the slots of its blocks.

The machine keeps one cumulative summary for each (model, reference, pane) of the block that
is being read and nothing else. All of it can be built again from the block's first offset,
so there is no state to save: the committed offset is the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream_monitor.events.batch import EventBatch, RecordLike
from stream_monitor.events.decode import Decoder
from stream_monitor.joining.messages import Source
from stream_monitor.joining.outbox import Outbox
from stream_monitor.joining.parts import prediction_part
from stream_monitor.pipeline.counts import Counts
from stream_monitor.pipeline.effects import (
    SendDeadLetter,
    SendJoin,
    SendProgress,
    SendSlot,
    SummariseEffect,
)
from stream_monitor.pipeline.messages import Slot, SlotKey
from stream_monitor.pipeline.open_panes import OpenPanes
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.slices import UNCUT, Slicing
from stream_monitor.windows.panes import WindowSpec
from stream_monitor.windows.watermark import ModelProgress, PartitionProgress


@dataclass(frozen=True, slots=True)
class SummariserConfig:
    """What a stage-1 machine must know.

    ``spec`` gives a model's windows, ``reference`` its current reference, ``slicing`` its
    slices. Predictions with an id are told to ``joins`` partitions (0: to none), in messages
    of about ``max_message_bytes`` at the most. Progress is said
    again after ``heartbeat_ms`` even if nothing has changed: who listens may be waiting for
    the clock. At most ``max_panes`` panes of a block are open at once and at most
    ``max_models`` models without a reference are followed; what comes beyond is dropped and
    counted.
    """

    spec: Callable[[str], WindowSpec]
    reference: Callable[[str], Reference | None]
    block_size: int
    idle_timeout_ms: int
    slicing: Callable[[str], Slicing] = lambda model: UNCUT
    joins: int = 0
    max_message_bytes: int = 2**20
    heartbeat_ms: int = 2000
    max_panes: int = 4096
    max_models: int = 1000


@dataclass(slots=True)
class _Seen:
    watermark_ms: int
    arrived_ms: int


class Summariser:
    """The stage-1 machine of one source partition.

    Feed it the partition's records in offset order with :meth:`handle`, call :meth:`flush`
    now and then, and :meth:`seek` when reading goes on from another offset.
    """

    def __init__(
        self,
        partition: int,
        partitions: int,
        decoder: Decoder,
        config: SummariserConfig,
        counts: Counts | None = None,
    ) -> None:
        self.counts = Counts() if counts is None else counts
        self.position: int | None = None  # the next offset, unknown before the first record
        self.partition = partition
        self._partitions = partitions
        self._decoder = decoder
        self._config = config
        self._open = OpenPanes(config.max_panes, config.slicing)
        self._block = 0
        self._seen: dict[str, _Seen] = {}
        self._strangers: set[str] = set()  # models without a reference
        self._told: PartitionProgress | None = None
        self._told_ms = 0
        self._began_ms: int | None = None  # the first flush since the seek
        self._outbox = Outbox(
            Source("predictions", partition), config.joins, config.max_message_bytes
        )

    @property
    def watermark_ms(self) -> int | None:
        """The largest event time read, of any model."""
        return max((seen.watermark_ms for seen in self._seen.values()), default=None)

    @property
    def block_start(self) -> int:
        """Where reading must begin again after a stop: the offset that may be committed."""
        return self._block * self._config.block_size

    def seek(self, offset: int | None) -> None:
        """Forget the open block; the next record is at ``offset`` or later (``None``: anywhere)."""
        self._open.clear()
        self._block = (offset or 0) // self._config.block_size
        self.position = offset
        self._told = None
        self._began_ms = None
        self._outbox.seek()

    def handle(self, records: Sequence[RecordLike], now_ms: int) -> list[SummariseEffect]:
        """Take records in; slots come out where a block is complete."""
        if self.position is not None and records and records[0].offset < self.position:
            fresh = [record for record in records if record.offset >= self.position]
            self.counts.dropped["repeated"] += len(records) - len(fresh)
            records = fresh
        if not records:
            return []
        decoded = self._decoder.decode(records)
        effects: list[SummariseEffect] = []
        self.counts.records += len(records)
        for rejected in decoded.rejected:
            self.counts.rejected[rejected.reason] += 1
            effects.append(SendDeadLetter(rejected))
        first, last = records[0].offset, records[-1].offset
        return effects + self.absorb(decoded.batches, first, last, now_ms)

    def absorb(
        self, batches: Sequence[EventBatch], first: int, last: int, now_ms: int
    ) -> list[SummariseEffect]:
        """Take in all events of the offsets ``first`` to ``last``, decoded already."""
        size = self._config.block_size
        if self.position is None:
            self._block = first // size
        self._outbox.start(first if self.position is None else self.position)
        self.position = last + 1
        # A block is left with its last offset and not with the next one's first: from then on
        # the source may be committed behind it.
        after = self.position // size
        if last // size == self._block:
            for batch in batches:
                self._take(batch, now_ms)
            return [*self._join(self.position), *self._enter(after)]
        # Batches of several models interleave: go block by block, not batch by batch.
        effects: list[SummariseEffect] = []
        cut: dict[int, list[EventBatch]] = {}
        for batch in batches:
            for block, part in batch.split(batch.offsets // size):
                cut.setdefault(block, []).append(part)
        for block in sorted(cut):
            effects += self._enter(block)
            for part in cut[block]:
                self._take(part, now_ms)
        return [*effects, *self._join(self.position), *self._enter(after)]

    def flush(self, now_ms: int, *, caught_up: bool) -> list[SummariseEffect]:
        """Say how far the partition is read; before that, the slots that stage 2 may then need.

        A slot is needed when its pane may be judged: the partition has come past the pane and
        the allowed lateness, or its model has fallen silent. Until then, or until its block
        ends, there is no use in sending it. ``caught_up``: everything that was in the
        partition a moment ago has been handled.
        """
        self._set_back(now_ms)
        progress = self._progress(now_ms, caught_up)
        effects: list[SummariseEffect] = list(self._send((self.position or 0) - 1, progress.models))
        effects += self._join(self.position, now=True)
        if progress != self._told or now_ms - self._told_ms >= self._config.heartbeat_ms:
            self._told, self._told_ms = progress, now_ms
            effects.append(SendProgress(progress))
        return effects

    def _set_back(self, now_ms: int) -> None:
        """A clock that was set back: what it noted as later than now was now."""
        self._began_ms = now_ms if self._began_ms is None else min(self._began_ms, now_ms)
        self._told_ms = min(self._told_ms, now_ms)
        for seen in self._seen.values():
            seen.arrived_ms = min(seen.arrived_ms, now_ms)

    def _take(self, batch: EventBatch, now_ms: int) -> None:
        model = batch.model
        reference = self._config.reference(model)
        if reference is not None:
            self._strangers.discard(model)
        elif model not in self._strangers:
            if len(self._strangers) >= self._config.max_models:
                self.counts.dropped["models"] += len(batch)
                return
            self._strangers.add(model)
        self.counts.events[model] += len(batch)
        self._tell(batch, reference)
        if reference is None:
            self.counts.without_reference[model] += len(batch)
        newest = int(batch.timestamps.max())
        seen = self._seen.get(model)
        if seen is not None:
            newest = max(newest, seen.watermark_ms)
        self._seen[model] = _Seen(newest, now_ms)
        slide = self._config.spec(model).slide_ms
        for index, part in batch.split(np.floor_divide(batch.timestamps, slide)):
            if not self._open.add(part, reference, index * slide):
                self.counts.dropped["open_panes"] += len(part)

    def _tell(self, batch: EventBatch, reference: Reference | None) -> None:
        """Keep for the joiners what a label may come for."""
        if not self._config.joins:
            return
        part = prediction_part(batch, reference, self._config.slicing(batch.model))
        told = 0 if part is None else len(part)
        self.counts.without_id[batch.model] += len(batch) - told
        if part is not None:
            self._outbox.add(part)

    def _join(
        self, end: int | None, *, now: bool = False, everywhere: bool = False
    ) -> list[SummariseEffect]:
        """What the joiners are told of the offsets below ``end``: when enough is held, or now."""
        if not self._config.joins or end is None or not (now or self._outbox.full):
            return []
        return [SendJoin(*told) for told in self._outbox.take(end, everywhere=everywhere)]

    def _enter(self, block: int) -> list[SummariseEffect]:
        """Leave the open block for ``block``, if it is another."""
        if block == self._block:
            return []
        end = (self._block + 1) * self._config.block_size - 1
        # Once a block is left the source may be committed behind it: no joiner may be left out.
        effects = [*self._send(end), *self._join(end + 1, now=True, everywhere=True)]
        self._open.clear()
        self._block = block
        return effects

    def _send(
        self, last: int, due: Mapping[str, ModelProgress] | None = None
    ) -> Iterator[SummariseEffect]:
        """The slots that have changed, all or those that are ``due``, up to offset ``last``."""

        def wanted(model: str, pane_ms: int) -> bool:
            if due is None:
                return True
            at, spec = due[model], self._config.spec(model)
            return at.idle or spec.due(pane_ms + spec.slide_ms, at.watermark_ms)

        for model, hash_, pane_ms, summary in self._open.changed(wanted):
            slide_ms = self._config.spec(model).slide_ms
            key = SlotKey(model, hash_, pane_ms, slide_ms, self.partition, self._block)
            yield SendSlot(Slot(key, last, summary.rows, summary.to_state()))

    def _progress(self, now_ms: int, caught_up: bool) -> PartitionProgress:
        timeout = self._config.idle_timeout_ms
        return PartitionProgress(
            partition=self.partition,
            partitions=self._partitions,
            position=self.position or 0,
            caught_up=caught_up,
            models={
                name: ModelProgress(
                    seen.watermark_ms, caught_up and now_ms - seen.arrived_ms >= timeout
                )
                for name, seen in self._seen.items()
            },
            rested=caught_up and now_ms - (self._began_ms or 0) >= timeout,
        )
