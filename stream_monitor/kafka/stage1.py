"""Stage 1 on Kafka: records in; slots, progress and dead letters out.

There is no state to keep: where the source is committed, at a block's start, is the state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import faust
from faust.types import TP

from stream_monitor.config.settings import Settings
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.dead_letters import set_aside
from stream_monitor.kafka.joining import send_join
from stream_monitor.kafka.offsets import Position
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.sending import Sender
from stream_monitor.kafka.view import WorkerView
from stream_monitor.pipeline.effects import (
    SendDeadLetter,
    SendJoin,
    SendProgress,
    SendSlot,
    SummariseEffect,
)
from stream_monitor.pipeline.engine import decoder, summariser_config
from stream_monitor.pipeline.messages import Slot, encode_progress
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References


class Stage1:
    """The summarisers of the source partitions this worker holds."""

    def __init__(
        self, settings: Settings, references: References, sender: Sender, view: WorkerView
    ) -> None:
        self.machines: dict[int, Summariser] = {}
        self._settings = settings
        self._references = references
        self._sender = sender
        self._view = view
        self._topic = settings.kafka.topic("predictions")
        # Of each partition at the last flush: where it was read to, and where it ended.
        self._before: dict[int, tuple[int, int]] = {}
        # A machine's slots are queued before the progress that speaks of them.
        self._lock = asyncio.Lock()

    def seek(self, partition: int, offset: int) -> None:
        """The partition is read from ``offset``, a block's start, from now on."""
        self._machine(partition).seek(offset)

    def revoke(self, partition: int) -> None:
        """The partition is another worker's."""
        self.machines.pop(partition, None)
        self._before.pop(partition, None)

    async def agent(self, stream: faust.StreamT[Batch]) -> None:
        """What Faust runs over the batches of ``predictions``."""
        async for batch in stream:
            with self._view.timing("summarise"):
                async with self._lock:
                    machine = self._machine(batch.partition.partition)
                    effects = machine.handle(batch.records, now_ms())
                    await self._send(batch.partition, effects)
            self._view.summarised(batch.records[-1].timestamp, now_ms())

    async def flush(self, position: Callable[[TP], Position | None]) -> None:
        """Hand on what the machines hold; ``position`` says where a partition stands now.

        Progress goes out only when the broker has every slot that it speaks of: who hears
        that a partition has been read so far may rely on having the slots.
        """
        async with self._lock:
            with self._view.timing("emit"):
                told: list[tuple[TP, SendProgress]] = []
                for partition, machine in list(self.machines.items()):
                    tp = TP(self._topic, partition)
                    at = position(tp)
                    if at is None or at.highwater is None:
                        continue
                    caught_up = self._caught_up(machine, at.processed, at.highwater)
                    effects = machine.flush(now_ms(), caught_up=caught_up)
                    await self._send(tp, (e for e in effects if not isinstance(e, SendProgress)))
                    told += [(tp, e) for e in effects if isinstance(e, SendProgress)]
                if told:
                    await self._sender.flush()
                    for tp, progress in told:
                        await self._send(tp, [progress])

    def _machine(self, partition: int) -> Summariser:
        machine = self.machines.get(partition)
        if machine is None:
            machine = self.machines[partition] = Summariser(
                partition,
                self._sender.partitions("predictions"),
                decoder(self._settings),
                summariser_config(
                    self._settings, self._references, self._sender.partitions("joins")
                ),
                self._view.summarising,
            )
        return machine

    def _caught_up(self, machine: Summariser, processed: int, end: int) -> bool:
        """Whether all that was there at the last flush has been handled.

        A partition that stood still since then must have nothing unread now: when a burst comes
        to a silent topic, the partitions whose turn it is not yet are not to be called silent.
        """
        position = max(processed, machine.position or 0)
        before = self._before.get(machine.partition)
        self._before[machine.partition] = (position, end)
        if before is None:
            return False
        was, ended = before
        return position >= ended and (position > was or position >= end)

    async def _send(self, source: TP, effects: Iterable[SummariseEffect]) -> None:
        for effect in effects:
            match effect:
                case SendSlot(slot=slot):
                    await self._hand_on(slot)
                case SendProgress(progress=progress):
                    value = encode_progress(progress)
                    for partition in range(self._sender.partitions("summaries")):
                        await self._sender.send("summaries", None, value, partition=partition)
                case SendDeadLetter(rejected=rejected):
                    await set_aside(self._sender, source, rejected)
                case SendJoin():
                    await send_join(self._sender, effect, self._view)

    async def _hand_on(self, slot: Slot) -> None:
        key, value = slot.key.model.encode(), slot.encode()
        if self._sender.fits(key, value):
            await self._sender.send("summaries", key, value)
            return
        self._view.summarising.dropped["slot_too_large"] += slot.rows
        self._view.complain(
            f"a summary of {slot.key.model} is {len(value):,} bytes, more than "
            "kafka.max_message_bytes, and is dropped; build the reference with a smaller "
            "--sample-size or raise the limit"
        )
