"""The bytes of what stage 2 keeps in its table (``items.py``): how it is put, deleted and read."""

from __future__ import annotations

import msgspec

from stream_monitor.alerts.episode import episodes_from_list, episodes_to_list
from stream_monitor.alerts.tracker import states_from_dict, states_to_dict
from stream_monitor.pipeline.effects import Delete, Put
from stream_monitor.pipeline.items import (
    Item,
    Judged,
    Kept,
    KeptBlocks,
    KeptEntry,
    KeptRecord,
    KeptRetired,
    KeptSlot,
    KeptTraffic,
    KeptWatching,
    PaneRef,
)
from stream_monitor.pipeline.ledger import LabelEntry, PaneTraffic
from stream_monitor.pipeline.messages import SlotKey, decode_message, encode_progress
from stream_monitor.pipeline.records import WindowRecord
from stream_monitor.pipeline.slots import StoredSlot
from stream_monitor.windows.watermark import PartitionProgress

_PROGRESS, _SLOT, _MODEL = b"p", b"s", b"m"
_TRAFFIC, _ENTRY, _RECORD, _RETIRED, _WATCHING = b"t", b"l", b"w", b"c", b"e"
_BLOCKS = b"b"
_json = msgspec.json.Encoder()
_from_json = msgspec.json.Decoder()
_pack = msgspec.msgpack.Encoder()


def put_progress(progress: PartitionProgress) -> Put:
    """Keep a source partition's progress."""
    return Put(_PROGRESS + str(progress.partition).encode(), encode_progress(progress))


def put_blocks(size: int) -> Put:
    """Keep the size of the blocks that slots are named by."""
    return Put(_BLOCKS, str(size).encode())


def put_slot(key: SlotKey, stored: StoredSlot) -> Put:
    """Keep a slot."""
    return Put(_SLOT + key.encode(), stored.encode())


def delete_slot(key: SlotKey) -> Delete:
    """Forget a slot whose pane no window needs any more."""
    return Delete(_SLOT + key.encode())


def put_traffic(pane: PaneRef, traffic: PaneTraffic) -> Put:
    """Keep the events of a judged pane."""
    return Put(_traffic_key(pane), _pack.encode(tuple(traffic)))


def delete_traffic(pane: PaneRef) -> Delete:
    """Forget the events of a pane that has left."""
    return Delete(_traffic_key(pane))


def put_entry(pane: PaneRef, partition: int, entry: LabelEntry) -> Put:
    """Keep what later labels tell of a pane."""
    return Put(_entry_key(pane, partition), entry.encode())


def delete_entry(pane: PaneRef, partition: int) -> Delete:
    """Forget the labels of a pane that has left."""
    return Delete(_entry_key(pane, partition))


def put_record(model: str, reference_hash: str, record: WindowRecord) -> Put:
    """Keep what a window's last report said."""
    return Put(_record_key(model, reference_hash, record.end_ms), record.encode())


def delete_record(model: str, reference_hash: str, end_ms: int) -> Delete:
    """Forget a window that no label can change any more."""
    return Delete(_record_key(model, reference_hash, end_ms))


def put_retired(kept: KeptRetired) -> Put:
    """Keep the sum of the panes that have left."""
    return Put(
        _RETIRED + _pack.encode((kept.model, kept.reference_hash)),
        _pack.encode(
            _Retired(kept.before_ms, kept.state, kept.degradation, kept.comparing, kept.began_ms)
        ),
    )


def put_watching(model: str, reference_hash: str, end_ms: int, place: int, kept: bytes) -> Put:
    """Keep a lane's evidence after a window."""
    return Put(
        _WATCHING + _pack.encode((model, reference_hash, place)), _pack.encode((end_ms, kept))
    )


def delete_lane(model: str, reference_hash: str) -> list[Delete]:
    """Forget a lane's sum and evidence with the lane."""
    return [
        Delete(_RETIRED + _pack.encode((model, reference_hash))),
        *(Delete(_WATCHING + _pack.encode((model, reference_hash, place))) for place in (0, 1)),
    ]


def put_model(judged: Judged) -> Put:
    """Keep what has been judged of a model."""
    document = {
        "ends": dict(judged.ends),
        "alerts": states_to_dict(judged.alerts),
        "base": states_to_dict(judged.base),
        "episodes": episodes_to_list(judged.episodes),
        "windows": judged.windows,
        "left_ms": judged.left_ms,
    }
    return Put(_MODEL + judged.model.encode(), _json.encode(document))


def decode(key: bytes, value: bytes) -> Item:
    """What a key and value of the table say.

    Raises:
        ValueError: they are not of this version.
    """
    kind, rest = key[:1], key[1:]
    if kind == _BLOCKS:
        return KeptBlocks(int(value))
    if kind == _SLOT:
        return KeptSlot(SlotKey.decode(rest), StoredSlot.decode(value))
    if kind == _TRAFFIC:
        return KeptTraffic(
            PaneRef(*_pane_decoder.decode(rest)), PaneTraffic(*_traffic_decoder.decode(value))
        )
    if kind == _ENTRY:
        partition, pane = _entry_key_decoder.decode(rest)
        return KeptEntry(PaneRef(*pane), partition, LabelEntry.decode(value))
    if kind == _RECORD:
        model, hash_, _ = _record_decoder.decode(rest)
        return KeptRecord(model, hash_, WindowRecord.decode(value))
    if kind == _RETIRED:
        model, hash_ = _lane_decoder.decode(rest)
        of = _retired_decoder.decode(value)
        return KeptRetired(
            model, hash_, of.before_ms, of.state, of.degradation, of.comparing, of.began_ms
        )
    if kind == _WATCHING:
        model, hash_, place = _record_decoder.decode(rest)
        end_ms, kept = _watching_decoder.decode(value)
        return KeptWatching(model, hash_, place, end_ms, kept)
    if kind == _MODEL:
        document = _from_json.decode(value)
        return Judged(
            rest.decode(),
            {str(h): int(end) for h, end in document["ends"].items()},
            states_from_dict(document["alerts"]),
            states_from_dict(document["base"]),
            episodes_from_list(document["episodes"]),
            int(document["windows"]),
            document.get("left_ms"),
        )
    message = decode_message(value)
    if kind == _PROGRESS and isinstance(message, PartitionProgress):
        return Kept(message)
    raise ValueError(f"the table holds a key of an unknown kind: {key[:40]!r}")


def _traffic_key(pane: PaneRef) -> bytes:
    return _TRAFFIC + _pack.encode(_words(pane))


def _entry_key(pane: PaneRef, partition: int) -> bytes:
    return _ENTRY + _pack.encode((partition, _words(pane)))


def _words(pane: PaneRef) -> tuple[str, str, int, int]:
    return pane.model, pane.reference_hash, pane.pane_ms, pane.slide_ms


def _record_key(model: str, reference_hash: str, end_ms: int) -> bytes:
    return _RECORD + _pack.encode((model, reference_hash, end_ms))


class _Retired(msgspec.Struct, array_like=True):
    before_ms: int
    state: bytes
    degradation: bytes
    comparing: bytes
    began_ms: int | None


_pane_decoder = msgspec.msgpack.Decoder(tuple[str, str, int, int])
_traffic_decoder = msgspec.msgpack.Decoder(tuple[int, int, bytes])
_entry_key_decoder = msgspec.msgpack.Decoder(tuple[int, tuple[str, str, int, int]])
_record_decoder = msgspec.msgpack.Decoder(tuple[str, str, int])
_lane_decoder = msgspec.msgpack.Decoder(tuple[str, str])
_watching_decoder = msgspec.msgpack.Decoder(tuple[int, bytes])
_retired_decoder = msgspec.msgpack.Decoder(_Retired)
