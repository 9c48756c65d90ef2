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
from stream_monitor.pipeline.messages import Message, decode_message, encode_progress
from stream_monitor.pipeline.read_labels import LabelReader
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References
from stream_monitor.testing.join_partition import JoinPartition
from stream_monitor.testing.readers import Process, Readers
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
        self.now_ms = 0
        self.dead_letters: list[SendDeadLetter] = []
        self.published: list[Publish] = []
        self.summaries: list[bytes] = []
        self._joins = [JoinPartition(p, self.summaries, self._joiner) for p in range(joins)]
        self.join_logs = [each.log for each in self._joins]
        self.committed = [0] * len(logs)
        self._readers = Readers(len(logs), self._reader)
        self.labels_committed = [0] * len(label_logs)
        self._label_readers = Readers(len(label_logs), self._label_reader)
        self._done: list[EvaluateEffect] = []  # by stage 2, in order, ever
        self.evaluator = Evaluator(evaluator_config(settings, references))
        self._at = 0
        self._durable = (0, 0)  # summaries offset, effects flushed before it was committed

    def position(self, partition: int) -> int:
        """The offset that stage 1 of a partition reads next."""
        reader = self._readers[partition].reader
        return self.committed[partition] if reader.position is None else reader.position

    def read(self, partition: int, count: int) -> None:
        """Stage 1 handles the next ``count`` records of a partition."""
        self._read(self._readers[partition], count)

    def flush(self, partition: int, *, caught_up: bool = False) -> None:
        """Stage 1 hands on what it holds, and when that is there, how far it is."""
        self._flush(self._readers[partition], caught_up=caught_up)

    def deliver(self, partition: int) -> None:
        """What the readers of a partition have sent is there."""
        if partition < len(self.logs):
            self._readers[partition].wire.deliver()
        if partition < len(self.label_logs):
            self._label_readers[partition].wire.deliver()

    def commit(self, partition: int) -> None:
        """Stage 1 commits: the start of its open block."""
        process = self._readers[partition]
        process.wire.deliver()
        self.committed[partition] = process.reader.block_start

    def crash_reader(self, partition: int, *kept: float) -> None:
        """Stage 1 of a partition is lost and begins again where it has committed."""
        self._readers.crash(partition, *kept)

    def usurp_reader(self, partition: int) -> None:
        """Stage 1 of a partition begins again elsewhere, and the one before does not know it."""
        self._readers.usurp(partition)

    def zombie_reads(self, partition: int, count: int, caught_up: bool) -> None:
        """A reader of stage 1 that was taken for dead goes on."""
        zombie = self._readers.zombie(partition)
        if zombie is not None:
            self._read(zombie, count)
            self._flush(zombie, caught_up=caught_up)
            zombie.wire.deliver()

    def read_labels(self, partition: int, count: int) -> None:
        """A reader of labels handles the next ``count`` records, and may commit them."""
        self._read_labels(self._label_readers[partition], count)

    def commit_labels(self, partition: int) -> None:
        """A reader of labels commits what it has told."""
        process = self._label_readers[partition]
        process.wire.deliver()
        self.labels_committed[partition] = process.reader.position or 0

    def crash_labels(self, partition: int, *kept: float) -> None:
        """A reader of labels is lost and begins again where it has committed."""
        self._label_readers.crash(partition, *kept)

    def usurp_labels(self, partition: int) -> None:
        """A reader of labels begins again elsewhere, and the one before does not know it."""
        self._label_readers.usurp(partition)

    def zombie_reads_labels(self, partition: int, count: int) -> None:
        """A reader of labels that was taken for dead goes on."""
        zombie = self._label_readers.zombie(partition)
        if zombie is not None:
            self._read_labels(zombie, count)
            zombie.wire.deliver()

    def join(self, partition: int, count: int) -> None:
        """A joiner handles the next ``count`` messages."""
        self._joins[partition].join(count)

    def flush_joins(self, partition: int) -> None:
        """A joiner hands on what it knows, and may commit its floor."""
        self._joins[partition].flush()

    def commit_joins(self, partition: int) -> None:
        """A joiner commits its floor."""
        self._joins[partition].commit()

    def crash_joiner(self, partition: int, *kept: float) -> None:
        """A joiner is lost and begins again at its floor."""
        self._joins[partition].crash(*kept)

    def flush_zombie(self, partition: int) -> None:
        """A joiner that was believed lost says what it knew, after its successor has spoken."""
        self._joins[partition].flush_zombie()

    def pump(self) -> None:
        """Everything that is there moves on, through all stages; a second passes."""
        self.now_ms += 1000
        for partition in range(len(self.label_logs)):
            self.read_labels(partition, 10)
        for partition in range(len(self.logs)):
            self.read(partition, 10)
            self.flush(partition)
        self._everything_moves_on()

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
        self._everything_moves_on()
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

    def _joiner(self, floor: int) -> Joiner:
        return Joiner(joiner_config(self.settings, self.references), start=floor)

    def _read(self, process: Process[Summariser], count: int) -> None:
        reader = process.reader
        start = reader.position or 0
        records = self.logs[reader.partition][start : start + count]
        self._send(process.wire, reader.handle(records, self.now_ms))

    def _flush(self, process: Process[Summariser], *, caught_up: bool) -> None:
        effects = process.reader.flush(self.now_ms, caught_up=caught_up)
        self._send(process.wire, [e for e in effects if not isinstance(e, SendProgress)])
        process.wire.deliver()
        self._send(process.wire, [e for e in effects if isinstance(e, SendProgress)])

    def _read_labels(self, process: Process[LabelReader], count: int) -> None:
        reader = process.reader
        start = reader.position or 0
        records = self.label_logs[reader.partition][start : start + count]
        self._send(process.wire, reader.handle(records))

    def _everything_moves_on(self) -> None:
        self._everything_arrives()
        for joins in self._joins:
            joins.join(len(joins.log))
            joins.flush()
        self._everything_arrives()
        self.read_summaries(len(self.summaries))

    def _everything_arrives(self) -> None:
        self._label_readers.deliver()
        self._readers.deliver()
        for joins in self._joins:
            joins.wire.deliver()

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
