"""What stage 1 tells stage 2 on the topic ``summaries``.

A :class:`Slot` is the cumulative summary of one pane of one model over the events of one
*block*: the source offsets ``[k·B, (k+1)·B)`` of one partition. Where a block ends is a
matter of offsets alone, so whoever reads a block again builds the same slots, and a slot
that has come further replaces one that has not: nothing is lost or counted twice.

Messages are msgpack by position, the first element telling the kind and its version.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from stream_monitor.errors import StreamMonitorError
from stream_monitor.joining.joiner import PaneKey, PaneLabels
from stream_monitor.windows.watermark import ModelProgress, PartitionProgress

_SLOT = 1
_PROGRESS = 2
_LABELS = 3


class BadSummaryMessageError(StreamMonitorError):
    """A message on ``summaries`` is damaged or of a version this worker does not know."""


@dataclass(frozen=True, slots=True, order=True)
class SlotKey:
    """Which slot: the model and its reference, the pane, and the block it was built from."""

    model: str
    reference_hash: str
    pane_ms: int  # start of the pane
    slide_ms: int  # its length
    partition: int
    block: int  # first offset // block size

    def encode(self) -> bytes:
        return _encoder.encode(
            (
                self.model,
                self.reference_hash,
                self.pane_ms,
                self.slide_ms,
                self.partition,
                self.block,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> SlotKey:
        return cls(*_key_decoder.decode(data))


@dataclass(frozen=True, slots=True)
class Slot:
    """A pane's summary over its block up to and including offset ``last``."""

    key: SlotKey
    last: int
    rows: int
    state: bytes

    def encode(self) -> bytes:
        return _encoder.encode((_SLOT, self.key.encode(), self.last, self.rows, self.state))


@dataclass(frozen=True, slots=True)
class LabelSlot:
    """What labels tell of a pane, from one partition of ``joins``."""

    partition: int
    labels: PaneLabels

    def encode(self) -> bytes:
        told = self.labels
        about = (_LABELS, self.partition, tuple(told.key), told.first, told.last)
        return _encoder.encode((*about, told.labelled, told.state))


Message = Slot | PartitionProgress | LabelSlot


def encode_progress(progress: PartitionProgress) -> bytes:
    """A partition's progress as bytes."""
    return _encoder.encode(
        (
            _PROGRESS,
            progress.partition,
            progress.partitions,
            progress.position,
            progress.caught_up,
            {name: (m.watermark_ms, m.idle) for name, m in progress.models.items()},
            progress.rested,
        )
    )


def decode_message(data: bytes) -> Message:
    """The message in ``data``.

    Raises:
        BadSummaryMessageError: it is neither a slot nor a progress of this version.
    """
    try:
        kind, *rest = _list_decoder.decode(data)
        if kind == _SLOT:
            key, last, rows, state = rest
            return Slot(SlotKey.decode(key), int(last), int(rows), bytes(state))
        if kind == _LABELS:
            partition, label_key, first, last, labelled, state = rest
            model, hash_, pane_ms, slide_ms = label_key
            pane = PaneKey(str(model), str(hash_), int(pane_ms), int(slide_ms))
            told = PaneLabels(pane, int(first), int(last), int(labelled), bytes(state))
            return LabelSlot(int(partition), told)
        if kind == _PROGRESS:
            partition, partitions, position, caught_up, models, rested = rest
            return PartitionProgress(
                partition=int(partition),
                partitions=int(partitions),
                position=int(position),
                caught_up=bool(caught_up),
                models={str(n): ModelProgress(int(w), bool(i)) for n, (w, i) in models.items()},
                rested=bool(rested),
            )
    except (msgspec.DecodeError, ValueError, TypeError, AttributeError) as exc:
        raise BadSummaryMessageError(f"a message on the summaries topic is damaged: {exc}") from exc
    raise BadSummaryMessageError(
        f"a message on the summaries topic is of kind {kind!r}, which this version does not know"
    )


_encoder = msgspec.msgpack.Encoder()
_list_decoder = msgspec.msgpack.Decoder(list)
_key_decoder = msgspec.msgpack.Decoder(tuple[str, str, int, int, int, int])
