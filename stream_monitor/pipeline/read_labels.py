"""One partition of ``labels``: ground truth to the joiners, whatever key it came under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stream_monitor.events.batch import RecordLike
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.joining.messages import Source
from stream_monitor.joining.outbox import Outbox
from stream_monitor.joining.parts import label_part
from stream_monitor.pipeline.effects import LabelEffect, SendDeadLetter, SendJoin
from stream_monitor.reference.model import Reference

#: Stands for models beyond those that are counted by name: anybody may send any name.
OTHER = "(other)"
_MOST_MODELS = 1_000


@dataclass(slots=True)
class LabelCounts:
    """What label readers have done, one or several that share it; only ever grows."""

    records: int = 0
    labels: Counter[str] = field(default_factory=Counter)  # by model
    rejected: Counter[str] = field(default_factory=Counter)  # by reason

    def count(self, model: str, labels: int) -> None:
        """Labels of a model; a name beyond the limit is counted as :data:`OTHER`."""
        known = model in self.labels or len(self.labels) < _MOST_MODELS
        self.labels[model if known else OTHER] += labels


class LabelReader:
    """The machine of one partition of ``labels``; it keeps nothing between two calls.

    Feed it records in offset order. ``reference`` gives a model's current reference,
    ``joins`` is the number of partitions that labels are told to.
    """

    def __init__(
        self,
        partition: int,
        decoder: LabelDecoder,
        reference: Callable[[str], Reference | None],
        joins: int,
        max_message_bytes: int,
        counts: LabelCounts | None = None,
    ) -> None:
        self.counts = LabelCounts() if counts is None else counts
        self.position: int | None = None  # the next offset, unknown before the first record
        self.partition = partition
        self._decoder = decoder
        self._reference = reference
        self._outbox = Outbox(Source("labels", partition), joins, max_message_bytes)

    def seek(self, offset: int | None) -> None:
        """The next record is at ``offset`` or later (``None``: anywhere)."""
        self.position = offset
        self._outbox.seek()

    def handle(self, records: Sequence[RecordLike]) -> list[LabelEffect]:
        """Take records in: what the joiners are told of them, and dead letters."""
        if self.position is not None:
            records = [record for record in records if record.offset >= self.position]
        if not records:
            return []
        self._outbox.start(records[0].offset if self.position is None else self.position)
        self.position = records[-1].offset + 1
        decoded = self._decoder.decode(records)
        self.counts.records += len(records)
        effects: list[LabelEffect] = []
        for rejected in decoded.rejected:
            self.counts.rejected[rejected.reason] += 1
            effects.append(SendDeadLetter(rejected))
        for batch in decoded.batches:
            self.counts.count(batch.model, len(batch))
            self._outbox.add(label_part(batch, self._reference(batch.model)))
        return [*effects, *(SendJoin(*told) for told in self._outbox.take(self.position))]
