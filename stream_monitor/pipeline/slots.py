"""The slots of a pane, as stage 2 keeps them: one a block, the furthest one wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from stream_monitor.pipeline.messages import Slot
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.model import ModelSummary

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, bytes, int, int])


@dataclass(frozen=True, slots=True)
class StoredSlot:
    """A block's share of a pane, up to offset ``last``.

    Once the pane has been judged the share is frozen; what still comes is late: ``late_rows``
    of it, up to offset ``late_last`` (-1: nothing).
    """

    last: int
    rows: int
    state: bytes
    late_last: int = -1
    late_rows: int = 0

    def encode(self) -> bytes:
        return _encoder.encode((self.last, self.rows, self.state, self.late_last, self.late_rows))

    @classmethod
    def decode(cls, data: bytes) -> StoredSlot:
        return cls(*_decoder.decode(data))


@dataclass(slots=True)
class Pane:
    """All blocks' shares of one pane, by (source partition, block)."""

    slots: dict[tuple[int, int], StoredSlot] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(slot.rows for slot in self.slots.values())

    @property
    def late_rows(self) -> int:
        return sum(slot.late_rows for slot in self.slots.values())

    def replace(self, slot: Slot, *, frozen: bool) -> tuple[StoredSlot, int] | None:
        """Take a slot in: what to keep for it, and how many rows more it makes late.

        ``None`` when the slot says less than what is held. One that says just as much is
        kept again: after a crash the copy held here may be the only one.
        """
        at = (slot.key.partition, slot.key.block)
        held = self.slots.get(at)
        late = 0
        if not frozen:
            if held is not None and slot.last < held.last:
                return None
            kept = StoredSlot(slot.last, slot.rows, slot.state)
        else:
            held = held or StoredSlot(-1, 0, b"")
            if slot.last < max(held.last, held.late_last):
                return None
            late_rows = slot.rows - held.rows
            late = late_rows - held.late_rows
            kept = replace(held, late_last=slot.last, late_rows=late_rows) if late_rows else held
        self.slots[at] = kept
        return kept, late

    def summary(self, reference: Reference | None) -> ModelSummary:
        """The pane as one summary, whatever order its slots came in."""
        total = ModelSummary.empty(reference)
        for _, slot in sorted(self.slots.items()):
            if slot.state:
                total = total.merge(ModelSummary.from_state(slot.state, reference))
        return total


Panes = Mapping[int, Pane]
