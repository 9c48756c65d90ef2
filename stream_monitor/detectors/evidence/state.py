"""What the detector remembers of all panes so far, and its bytes."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream_monitor.detectors.evidence.tracks import Tracks
from stream_monitor.statistics.arrays import FloatArray, IntArray

_HEAD = struct.Struct("<16s16sBqqI")
_NAME = struct.Struct("<I")
_KNOWS_LAST, _KNOWS_SINCE = 1, 2

Shapes = Sequence[tuple[int, ...]]
"""Of the counts of a stratum's parts."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Immutable; equal if it goes on equal.

    ``last_ms``: the start of the newest pane. ``since_ms``: the start of the pane of the last
    alarm, after which the evidence began again; None before the first alarm. ``tracks``: a group's
    each. ``urns``: by stratum, of those that had a pane, the counts of each part in all its panes,
    alarms or not, int64 (rows, K), read-only.
    """

    last_ms: int | None
    since_ms: int | None
    tracks: tuple[Tracks, ...]
    urns: Mapping[str, tuple[IntArray, ...]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and dump(self, b"") == dump(other, b"")

    def __hash__(self) -> int:
        return hash(dump(self, b""))


def dump(state: State, fingerprint: bytes) -> bytes:
    """16 bytes of fingerprint, 16 of a digest of the rest, the times, the tracks, the strata.

    Each stratum, in the order of the names, is its name and its counts in the narrowest integers
    that hold them: they are most of a state with many strata.
    """
    flags = _KNOWS_LAST * (state.last_ms is not None) + _KNOWS_SINCE * (state.since_ms is not None)
    times = (flags, state.last_ms or 0, state.since_ms or 0, len(state.urns))
    parts = [_HEAD.pack(b"", b"", *times)[32:]]
    for tracks in state.tracks:
        parts += [
            array.astype(array.dtype.newbyteorder("<")).tobytes() for array in tracks.arrays()
        ]
    for name, urns in sorted(state.urns.items()):
        text = name.encode()
        parts += [_NAME.pack(len(text)), text]
        for counts in urns:
            width = next(w for w in (1, 2, 4, 8) if int(counts.max()) >> (8 * w - (w == 8)) == 0)
            parts += [bytes([width]), counts.astype(f"<u{width}").tobytes()]
    tail = b"".join(parts)
    return fingerprint.ljust(16, b"\0") + hashlib.sha256(tail).digest()[:16] + tail


def load(
    data: bytes, fingerprint: bytes, like: Sequence[Tracks], shapes: Mapping[str, Shapes]
) -> State:
    """The inverse of :func:`dump`, for tracks with the shapes of ``like``, and strata's counts.

    ValueError for bytes of another fingerprint, or that are damaged.
    """
    if data[:16] != fingerprint:
        raise ValueError("the state is of another reference or configuration: start anew")
    if len(data) < _HEAD.size or data[16:32] != hashlib.sha256(data[32:]).digest()[:16]:
        raise ValueError("the state is damaged: start anew")
    _, _, flags, last_ms, since_ms, strata = _HEAD.unpack_from(data)
    reader = _Reader(data, _HEAD.size)
    tracks = tuple(
        Tracks(
            reader.floats(each.recent.shape),
            reader.floats(each.log_m.shape),
            reader.floats(each.cusum.shape),
            reader.integers(each.began.shape, "<i8"),
        ).frozen()
        for each in like
    )
    urns: dict[str, tuple[IntArray, ...]] = {}
    for _ in range(strata):
        (length,) = _NAME.unpack(reader.take(_NAME.size))
        name = reader.take(length).decode()
        urns[name] = tuple(
            reader.integers(shape, f"<u{reader.take(1)[0]}") for shape in shapes[name]
        )
    return State(
        last_ms if flags & _KNOWS_LAST else None,
        since_ms if flags & _KNOWS_SINCE else None,
        tracks,
        urns,
    )


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def floats(self, shape: tuple[int, ...]) -> FloatArray:
        size = 8 * int(np.prod(shape))
        return np.frombuffer(self.take(size), "<f8").astype(np.float64).reshape(shape)

    def integers(self, shape: tuple[int, ...], kind: str) -> IntArray:
        """Read-only."""
        size = np.dtype(kind).itemsize * int(np.prod(shape))
        array = np.frombuffer(self.take(size), kind).astype(np.int64).reshape(shape)
        array.flags.writeable = False
        return array
