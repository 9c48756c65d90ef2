"""A whole cluster as values: logs, commits and tables that crash where a test says.

It keeps what Kafka and a changelogged table promise and nothing more. What a reader sends is on
its way until it is delivered; before a reader commits, or tells how far it is, everything is. A
crash loses a suffix of what each log was to get, and the reader begins again at its partition's
committed offset. One that was taken for dead may go on beside its successor, but for commits. A
stage-2 reader that crashes begins again at its committed offset with its table as some prefix of
the writes it made since; what it published after that prefix may or may not have got out. It is
never two: one that was taken for dead writes nothing (``kafka/membership.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stream_monitor.config.settings import Settings
from stream_monitor.events.batch import RecordLike
from stream_monitor.joining.joiner import Joiner
from stream_monitor.pipeline.effects import (
    Delete,
    EvaluateEffect,
    LabelEffect,
    Publish,
    Put,
    SendDeadLetter,
    SendJoin,
    SendProgress,
    SendSlot,
    Settle,
    Stream,
    SummariseEffect,
)
from stream_monitor.pipeline.engine import (
    decoder,
    evaluator_config,
    joiner_config,
    label_reader,
    summariser_config,
)
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.messages import LabelSlot, Message, decode_message, encode_progress
from stream_monitor.pipeline.read_labels import LabelReader
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References
from stream_monitor.testing.wire import Wire


class FakeCluster:
    """All partitions and their readers: stage 1, readers of labels, joiners, one of stage 2.

    ``logs`` are the partitions of ``predictions``, ``label_logs`` those of ``labels``.
    """

    def __init__(
        self,
        settings: Settings,
        references: References,
        logs: Sequence[Sequence[RecordLike]],
        label_logs: Sequence[Sequence[RecordLike]] = (),
        joins: int = 0,
    ) -> None:
        self.settings = settings
        self.references = references
        self.logs = logs
        self.label_logs = label_logs
        self.join_logs: list[list[bytes]] = [[] for _ in range(joins)]
        self.now_ms = 0
        self.dead_letters: list[SendDeadLetter] = []
        self.published: list[Publish] = []
        self.summaries: list[bytes] = []
        self.committed = [0] * len(logs)
        self._readers = [self._reader(p) for p in range(len(logs))]
        self.labels_committed = [0] * len(label_logs)
        self._label_readers = [self._label_reader(p) for p in range(len(label_logs))]
        self.floors = [0] * joins
        self._joiners = [self._joiner(p) for p in range(joins)]
        self._wires = [Wire() for _ in logs]
        self._label_wires = [Wire() for _ in label_logs]
        self._join_wires = [Wire() for _ in range(joins)]
        self._known_floors = [0] * joins
        self._zombies: dict[int, Joiner] = {}
        self._zombie_readers: dict[int, tuple[Summariser, Wire]] = {}
        self._zombie_label_readers: dict[int, tuple[LabelReader, Wire]] = {}
        self._join_ends = [0] * joins  # what a joiner has to read before it hands on
        self._done: list[EvaluateEffect] = []  # by stage 2, in order, ever
        self.evaluator = Evaluator(evaluator_config(settings, references))
        self._at = 0
        self._durable = (0, 0)  # summaries offset, effects flushed before it was committed

    def position(self, partition: int) -> int:
        """The offset that stage 1 of a partition reads next."""
        reader = self._readers[partition]
        return self.committed[partition] if reader.position is None else reader.position

    def read(self, partition: int, count: int) -> None:
        """Stage 1 handles the next ``count`` records of a partition."""
        self._read(self._readers[partition], self._wires[partition], count)

    def flush(self, partition: int, *, caught_up: bool = False) -> None:
        """Stage 1 hands on what it holds, and when that is there, how far it is."""
        self._flush(self._readers[partition], self._wires[partition], caught_up=caught_up)

    def deliver(self, partition: int) -> None:
        """What the readers of a partition have sent is there."""
        for wires in (self._wires, self._label_wires):
            if partition < len(wires):
                wires[partition].deliver()

    def commit(self, partition: int) -> None:
        """Stage 1 commits: the start of its open block."""
        self._wires[partition].deliver()
        self.committed[partition] = self._readers[partition].block_start

    def crash_reader(self, partition: int, *kept: float) -> None:
        """Stage 1 of a partition is lost and begins again where it has committed."""
        self._wires[partition].lose(kept or [1.0])
        self._readers[partition] = self._reader(partition)

    def usurp_reader(self, partition: int) -> None:
        """Stage 1 of a partition begins again elsewhere, and the one before does not know it."""
        zombie = self._readers[partition], self._wires[partition]
        self._zombie_readers[partition] = zombie
        self._wires[partition] = Wire()
        self._readers[partition] = self._reader(partition)

    def zombie_reads(self, partition: int, count: int, caught_up: bool) -> None:
        """A reader of stage 1 that was taken for dead goes on."""
        if partition in self._zombie_readers:
            reader, wire = self._zombie_readers[partition]
            self._read(reader, wire, count)
            self._flush(reader, wire, caught_up=caught_up)
            wire.deliver()

    def read_labels(self, partition: int, count: int) -> None:
        """A reader of labels handles the next ``count`` records, and may commit them."""
        self._read_labels(self._label_readers[partition], self._label_wires[partition], count)

    def commit_labels(self, partition: int) -> None:
        """A reader of labels commits what it has told."""
        self._label_wires[partition].deliver()
        self.labels_committed[partition] = self._label_readers[partition].position or 0

    def crash_labels(self, partition: int, *kept: float) -> None:
        """A reader of labels is lost and begins again where it has committed."""
        self._label_wires[partition].lose(kept or [1.0])
        self._label_readers[partition] = self._label_reader(partition)

    def usurp_labels(self, partition: int) -> None:
        """A reader of labels begins again elsewhere, and the one before does not know it."""
        zombie = self._label_readers[partition], self._label_wires[partition]
        self._zombie_label_readers[partition] = zombie
        self._label_wires[partition] = Wire()
        self._label_readers[partition] = self._label_reader(partition)

    def zombie_reads_labels(self, partition: int, count: int) -> None:
        """A reader of labels that was taken for dead goes on."""
        if partition in self._zombie_label_readers:
            reader, wire = self._zombie_label_readers[partition]
            self._read_labels(reader, wire, count)
            wire.deliver()

    def join(self, partition: int, count: int) -> None:
        """A joiner handles the next ``count`` messages."""
        joiner = self._joiners[partition]
        for data in self.join_logs[partition][joiner.position : joiner.position + count]:
            joiner.handle(joiner.position, data)

    def flush_joins(self, partition: int) -> None:
        """A joiner hands on what it knows, and may commit its floor."""
        joiner = self._joiners[partition]
        if joiner.position < self._join_ends[partition]:
            return
        for labels in joiner.flush():
            data = LabelSlot(partition, labels).encode()
            self._join_wires[partition].send(self.summaries, data)
        self._known_floors[partition] = joiner.floor

    def commit_joins(self, partition: int) -> None:
        """A joiner commits its floor."""
        self._join_wires[partition].deliver()
        self.floors[partition] = self._known_floors[partition]

    def crash_joiner(self, partition: int, *kept: float) -> None:
        """A joiner is lost and begins again at its floor."""
        self._join_wires[partition].lose(kept or [1.0])
        self._zombies[partition] = self._joiners[partition]
        self._known_floors[partition] = self.floors[partition]
        self._joiners[partition] = self._joiner(partition)
        self._join_ends[partition] = len(self.join_logs[partition])

    def flush_zombie(self, partition: int) -> None:
        """A joiner that was believed lost says what it knew, after its successor has spoken."""
        zombie = self._zombies.pop(partition, None)
        for labels in [] if zombie is None else zombie.flush():
            self.summaries.append(LabelSlot(partition, labels).encode())

    def pump(self) -> None:
        """Everything that is there moves on, through all stages; a second passes."""
        self.now_ms += 1000
        for partition in range(len(self.label_logs)):
            self.read_labels(partition, 10)
        for partition in range(len(self.logs)):
            self.read(partition, 10)
            self.flush(partition)
        self._everything_arrives()
        for partition, joined in enumerate(self.join_logs):
            self.join(partition, len(joined))
            self.flush_joins(partition)
        self._everything_arrives()
        self.read_summaries(len(self.summaries))

    def read_summaries(self, count: int) -> None:
        """Stage 2 handles the next ``count`` messages."""
        for data in self.summaries[self._at : self._at + count]:
            self._at += 1
            message: Message = decode_message(data)
            self._perform(self.evaluator.handle(message, self.now_ms))

    def commit_evaluator(self) -> None:
        """Stage 2 flushes its writes and commits."""
        self._durable = (self._at, len(self._done))

    def crash_evaluator(self, kept: float) -> None:
        """Stage 2 is lost; of its writes since the last commit a share of ``kept`` survives."""
        at, flushed = self._durable
        settled = [i for i, effect in enumerate(self._done) if isinstance(effect, Settle)]
        flushed = max([flushed, *settled])
        alive = flushed + int((len(self._done) - flushed) * kept)
        self._done = self._done[:alive]
        table: dict[bytes, bytes] = {}
        for effect in self._done:
            match effect:
                case Put(key=key, value=value):
                    table[key] = value
                case Delete(key=key):
                    table.pop(key, None)
                case Publish() | Settle():
                    pass
        self.evaluator = Evaluator(evaluator_config(self.settings, self.references))
        self.evaluator.restore(table.items())
        self._at = at

    def finish(self) -> None:
        """Everything is read, nothing more comes, and the clock runs out."""
        for partition, log in enumerate(self.logs):
            self.read(partition, len(log))
            self.flush(partition)
        for partition, log in enumerate(self.label_logs):
            self.read_labels(partition, len(log))
        self.now_ms = 10**14
        for partition in range(len(self.logs)):
            self.flush(partition, caught_up=True)
        self._everything_arrives()
        for partition, joined in enumerate(self.join_logs):
            self.join(partition, len(joined))
            self.flush_joins(partition)
        self._everything_arrives()
        self.read_summaries(len(self.summaries))
        for _ in range(8):  # silence is confirmed, of the last flush and of those before
            self.now_ms += 10**9
            for partition in range(len(self.logs)):
                self.flush(partition, caught_up=True)
            self._everything_arrives()
            self.read_summaries(len(self.summaries))
        while self.evaluator.unrevised:
            self.now_ms += self.settings.labels.revise_interval_ms
            self._perform(self.evaluator.tick(self.now_ms))

    def documents(self, stream: Stream) -> dict[str, list[dict[str, Any]]]:
        """Everything ever published on a stream, by id, in order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for publish in self.published:
            if publish.stream is stream:
                found.setdefault(publish.id, []).append(dict(publish.document))
        return found

    def _reader(self, partition: int) -> Summariser:
        reader = Summariser(
            partition,
            len(self.logs),
            decoder(self.settings),
            summariser_config(self.settings, self.references, len(self.join_logs)),
        )
        reader.seek(self.committed[partition])
        return reader

    def _label_reader(self, partition: int) -> LabelReader:
        joins = len(self.join_logs)
        reader = label_reader(self.settings, self.references, partition, joins)
        reader.seek(self.labels_committed[partition])
        return reader

    def _joiner(self, partition: int) -> Joiner:
        config = joiner_config(self.settings, self.references)
        return Joiner(config, start=self.floors[partition])

    def _read(self, reader: Summariser, wire: Wire, count: int) -> None:
        start = reader.position or 0
        records = self.logs[reader.partition][start : start + count]
        self._send(wire, reader.handle(records, self.now_ms))

    def _flush(self, reader: Summariser, wire: Wire, *, caught_up: bool) -> None:
        effects = reader.flush(self.now_ms, caught_up=caught_up)
        self._send(wire, [e for e in effects if not isinstance(e, SendProgress)])
        wire.deliver()
        self._send(wire, [e for e in effects if isinstance(e, SendProgress)])

    def _read_labels(self, reader: LabelReader, wire: Wire, count: int) -> None:
        start = reader.position or 0
        self._send(wire, reader.handle(self.label_logs[reader.partition][start : start + count]))

    def _everything_arrives(self) -> None:
        for wire in (*self._label_wires, *self._wires, *self._join_wires):
            wire.deliver()

    def _send(self, wire: Wire, effects: Sequence[SummariseEffect | LabelEffect]) -> None:
        for effect in effects:
            match effect:
                case SendSlot(slot=slot):
                    wire.send(self.summaries, slot.encode())
                case SendProgress(progress=progress):
                    wire.send(self.summaries, encode_progress(progress))
                case SendJoin(partition=partition, message=message):
                    wire.send(self.join_logs[partition], message.encode())
                case SendDeadLetter():
                    self.dead_letters.append(effect)

    def _perform(self, effects: Sequence[EvaluateEffect]) -> None:
        for effect in effects:
            self._done.append(effect)
            if isinstance(effect, Publish):
                self.published.append(effect)
