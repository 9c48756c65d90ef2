"""What stage 2 keeps in its table, as bytes: progress, slots, and what has been judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from stream_monitor.alerts.rule import AlertState
from stream_monitor.alerts.tracker import (
    AlertKey,
    AlertStates,
    states_from_dict,
    states_to_dict,
)
from stream_monitor.pipeline.effects import Delete, Put
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.messages import SlotKey, decode_message, encode_progress
from stream_monitor.pipeline.slots import StoredSlot
from stream_monitor.windows.watermark import PartitionProgress

_PROGRESS, _SLOT, _MODEL = b"p", b"s", b"m"
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Kept:
    """A source partition's progress."""

    progress: PartitionProgress


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot of a pane that a window may still need."""

    key: SlotKey
    stored: StoredSlot


@dataclass(frozen=True, slots=True)
class Judged:
    """What has been judged of a model: each lane's newest window end, and its alerts."""

    model: str
    ends: Mapping[str, int]
    alerts: dict[AlertKey, AlertState]


def put_progress(progress: PartitionProgress) -> Put:
    """Keep a source partition's progress."""
    return Put(_PROGRESS + str(progress.partition).encode(), encode_progress(progress))


def put_slot(key: SlotKey, stored: StoredSlot) -> Put:
    """Keep a slot."""
    return Put(_SLOT + key.encode(), stored.encode())


def delete_slot(key: SlotKey) -> Delete:
    """Forget a slot whose pane no window needs any more."""
    return Delete(_SLOT + key.encode())


def put_model(model: str, lanes: Mapping[str, Lane], alerts: AlertStates) -> Put:
    """Keep what has been judged of a model."""
    ends = {h: lane.last_end_ms for h, lane in lanes.items() if lane.last_end_ms is not None}
    document = {"ends": ends, "alerts": states_to_dict(alerts)}
    return Put(_MODEL + model.encode(), _encoder.encode(document))


def decode(key: bytes, value: bytes) -> Kept | KeptSlot | Judged:
    """What a key and value of the table say.

    Raises:
        ValueError: they are not of this version.
    """
    kind, rest = key[:1], key[1:]
    if kind == _SLOT:
        return KeptSlot(SlotKey.decode(rest), StoredSlot.decode(value))
    if kind == _MODEL:
        document = _decoder.decode(value)
        return Judged(
            rest.decode(),
            {str(h): int(end) for h, end in document["ends"].items()},
            states_from_dict(document["alerts"]),
        )
    message = decode_message(value)
    if kind == _PROGRESS and isinstance(message, PartitionProgress):
        return Kept(message)
    raise ValueError(f"the table holds a key of an unknown kind: {key[:40]!r}")
