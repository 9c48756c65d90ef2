"""What the detector remembers of all panes so far, and its bytes."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray

_HEAD = struct.Struct("<16s16sBqq")
_KNOWS_LAST, _KNOWS_SINCE = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Of one family's F columns: read-only arrays.

    ``counts``: int64 (F, K), of all panes so far, alarms or not. ``recent``: float64 (F, A, K),
    the histograms of the newest panes. ``log_m``: float64 (F, Q), ln of the Shiryaev–Roberts
    statistics; -inf at the start and after an alarm.
    """

    counts: IntArray
    recent: FloatArray
    log_m: FloatArray

    def arrays(self) -> tuple[IntArray | FloatArray, ...]:
        return self.counts, self.recent, self.log_m

    def frozen(self) -> Remembered:
        """The same, made read-only."""
        for array in self.arrays():
            array.flags.writeable = False
        return self


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Immutable; equal if it goes on equal.

    ``last_ms``: the start of the newest pane. ``since_ms``: the start of the pane of the last
    alarm, after which the evidence began again; None before the first alarm.
    """

    last_ms: int | None
    since_ms: int | None
    families: tuple[Remembered, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and dump(self, b"") == dump(other, b"")

    def __hash__(self) -> int:
        return hash(dump(self, b""))


def dump(state: State, fingerprint: bytes) -> bytes:
    """16 bytes of fingerprint, 16 of a digest of the rest, the times, the arrays' bytes."""
    body = b"".join(
        array.astype(array.dtype.newbyteorder("<")).tobytes()
        for family in state.families
        for array in family.arrays()
    )
    flags = _KNOWS_LAST * (state.last_ms is not None) + _KNOWS_SINCE * (state.since_ms is not None)
    times = (flags, state.last_ms or 0, state.since_ms or 0)
    tail = _HEAD.pack(b"", b"", *times)[32:] + body
    return fingerprint.ljust(16, b"\0") + hashlib.sha256(tail).digest()[:16] + tail


def load(data: bytes, fingerprint: bytes, like: Iterable[Remembered]) -> State:
    """The inverse of :func:`dump`, for arrays with the shapes of ``like``.

    ValueError for bytes of another fingerprint, or that are damaged.
    """
    if data[:16] != fingerprint:
        raise ValueError("the state is of another reference or configuration: start anew")
    if len(data) < _HEAD.size or data[16:32] != hashlib.sha256(data[32:]).digest()[:16]:
        raise ValueError("the state is damaged: start anew")
    _, _, flags, last_ms, since_ms = _HEAD.unpack_from(data)
    at = _HEAD.size
    families: list[Remembered] = []
    for family in like:
        counts = np.frombuffer(data, "<i8", family.counts.size, at).astype(np.int64)
        at += counts.nbytes
        recent = np.frombuffer(data, "<f8", family.recent.size, at).astype(np.float64)
        at += recent.nbytes
        log_m = np.frombuffer(data, "<f8", family.log_m.size, at).astype(np.float64)
        at += log_m.nbytes
        families.append(
            Remembered(
                counts.reshape(family.counts.shape),
                recent.reshape(family.recent.shape),
                log_m.reshape(family.log_m.shape),
            ).frozen()
        )
    return State(
        last_ms if flags & _KNOWS_LAST else None,
        since_ms if flags & _KNOWS_SINCE else None,
        tuple(families),
    )
