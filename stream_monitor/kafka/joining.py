"""Labels on Kafka: read from ``labels``, told to ``joins``, joined there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import faust
from faust.types import TP

from stream_monitor.config.settings import Settings
from stream_monitor.joining.joiner import Joiner, PaneLabels
from stream_monitor.kafka.dead_letters import set_aside
from stream_monitor.kafka.offsets import Position
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.sending import Sender
from stream_monitor.kafka.view import WorkerView
from stream_monitor.pipeline.effects import SendDeadLetter, SendJoin
from stream_monitor.pipeline.engine import joiner_config, label_reader
from stream_monitor.pipeline.messages import LabelSlot
from stream_monitor.pipeline.read_labels import LabelReader
from stream_monitor.reference.registry import References


async def send_join(sender: Sender, told: SendJoin, view: WorkerView) -> None:
    """Tell a partition of ``joins``; what is too large for Kafka is dropped and counted."""
    value = told.message.encode()
    if sender.fits(None, value):
        await sender.send("joins", None, value, partition=told.partition)
        return
    rows = sum(len(part) for part in told.message.parts)
    view.joining.dropped["join_too_large"] += rows
    view.complain(
        f"{rows:,} rows of one message are {len(value):,} bytes on their way to their labels, "
        "more than kafka.max_message_bytes, and are dropped; send fewer rows a message"
    )


class LabelStage:
    """The readers of the ``labels`` partitions this worker holds.

    There is no state to keep: what is committed has been told to the joiners.
    """

    def __init__(
        self, settings: Settings, references: References, sender: Sender, view: WorkerView
    ) -> None:
        self.machines: dict[int, LabelReader] = {}
        self._settings = settings
        self._references = references
        self._sender = sender
        self._view = view

    def seek(self, partition: int, offset: int) -> None:
        """The partition is read from ``offset`` from now on."""
        self._machine(partition).seek(offset)

    def revoke(self, partition: int) -> None:
        """The partition is another worker's."""
        self.machines.pop(partition, None)

    async def agent(self, stream: faust.StreamT[Batch]) -> None:
        """What Faust runs over the batches of ``labels``."""
        async for batch in stream:
            with self._view.timing("labels"):
                machine = self._machine(batch.partition.partition)
                for effect in machine.handle(batch.records):
                    match effect:
                        case SendJoin():
                            await send_join(self._sender, effect, self._view)
                        case SendDeadLetter(rejected=rejected):
                            await set_aside(self._sender, batch.partition, rejected)

    def _machine(self, partition: int) -> LabelReader:
        machine = self.machines.get(partition)
        if machine is None:
            machine = self.machines[partition] = label_reader(
                self._settings,
                self._references,
                partition,
                self._sender.partitions("joins"),
                self._view.labels,
            )
        return machine


class JoinStage:
    """The joiners of the ``joins`` partitions this worker holds.

    Their state is the log from their floor on. It is committed only when everything that was
    known of what lies below it has been sent, and so is acknowledged before the commit.
    """

    def __init__(
        self, settings: Settings, references: References, sender: Sender, view: WorkerView
    ) -> None:
        self.machines: dict[int, Joiner] = {}
        self._config = joiner_config(settings, references)
        self._topic = settings.kafka.topic("joins")
        self._sender = sender
        self._view = view
        self._floors: dict[int, int] = {}
        self._ends: dict[int, int] = {}  # where the log ended when reading it began
        self._lock = asyncio.Lock()
        self._at_work = asyncio.Lock()  # no joiner reads on while its panes are summed up
        self._rest_until = 0.0

    def seek(self, partition: int, offset: int) -> None:
        """The partition is read from ``offset``, a floor, from now on."""
        partitions = self._sender.partitions("joins")
        self.machines[partition] = Joiner(
            self._config, self._view.joining, offset, partition, partitions
        )
        self._floors.pop(partition, None)
        self._ends.pop(partition, None)

    def revoke(self, partition: int) -> None:
        """The partition is another worker's."""
        for kept in (self.machines, self._floors, self._ends):
            kept.pop(partition, None)

    def committable(self, partition: int, processed: int) -> int:
        """The commit policy: what a successor need not read."""
        return min(processed, self._floors.get(partition, 0))

    def is_recovering(self, partition: int) -> bool:
        """Whether the joiner has not yet read what was there when it began."""
        machine, end = self.machines.get(partition), self._ends.get(partition)
        return machine is None or end is None or machine.position < end

    async def agent(self, stream: faust.StreamT[Batch]) -> None:
        """What Faust runs over the batches of ``joins``."""
        async for batch in stream:
            # Before there is anything to wait for: a seek meanwhile makes another machine.
            machine = self.machines.get(batch.partition.partition)
            async with self._at_work:
                with self._view.timing("join"):
                    turn = _Turn()
                    for record in batch.records:
                        if machine is not None and record.offset >= machine.position:
                            machine.handle(record.offset, record.value or b"")
                            await turn.give()
                self._complain()

    async def flush(self, positions: Mapping[TP, Position]) -> None:
        """Hand on what is known now of panes whose labels have changed.

        A pane costs the same for one label as for a thousand. So after a flush of many panes
        nothing is done for thrice the time it took, whoever calls.
        """
        async with self._lock:
            if time.perf_counter() < self._rest_until:
                return
            took = 0.0
            with self._view.timing("join_emit"):
                for partition, machine in list(self.machines.items()):
                    at = positions.get(TP(self._topic, partition))
                    if at is None or at.highwater is None:
                        continue
                    if self.machines.get(partition) is not machine:
                        continue  # meanwhile it was taken away, or is read anew
                    self._ends.setdefault(partition, at.highwater)
                    if not self.is_recovering(partition):  # else not all is known of a pane yet
                        took += await self._flush(partition, machine)
                self._complain()
            self._rest_until = time.perf_counter() + _RESTS * took

    async def _flush(self, partition: int, machine: Joiner) -> float:
        """Hand on what one joiner knows; the seconds of work, without those of others."""
        async with self._at_work:
            turn = _Turn()
            for labels in machine.flush():
                await self._hand_on(partition, labels)
                await turn.give()
            if self.machines.get(partition) is machine:
                self._floors[partition] = machine.floor
            return turn.worked()

    async def _hand_on(self, partition: int, labels: PaneLabels) -> None:
        key, value = labels.key.model.encode(), LabelSlot(partition, labels).encode()
        if self._sender.fits(key, value):
            await self._sender.send("summaries", key, value)
            return
        self._view.joining.dropped["slot_too_large"] += labels.labelled
        self._view.complain(
            f"what labels tell of a pane of {labels.key.model} is {len(value):,} bytes, more than "
            "kafka.max_message_bytes, and is dropped; configure fewer slices or raise the limit"
        )

    def _complain(self) -> None:
        for sentence in list(self._view.joining.errors):
            self._view.complain(sentence)
            del self._view.joining.errors[sentence]


class _Turn:
    """Long work in pieces: now and then others get their turn."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._worked = 0.0

    def worked(self) -> float:
        """Seconds of work, without those that were others'."""
        return self._worked + time.perf_counter() - self._since

    async def give(self) -> None:
        """Let others work, if it is time."""
        piece = time.perf_counter() - self._since
        if piece >= _PIECE_S:
            await asyncio.sleep(0)
            self._worked += piece
            self._since = time.perf_counter()


#: Others may take as long for a batch of theirs: with shorter pieces they would have it all.
_PIECE_S = 0.03

#: After a flush, how many times as long as it took there is none.
_RESTS = 3
