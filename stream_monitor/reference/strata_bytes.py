"""The strata of a reference as bytes: a column's counts as the steps between their places."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from stream_monitor.config.season import By, SeasonSettings
from stream_monitor.reference.model import NumericColumn, ReferenceColumn
from stream_monitor.reference.packing import pack_counts, unpack_counts
from stream_monitor.reference.strata import Strata, StratumCounts


class CountsWire(msgspec.Struct, array_like=True, frozen=True):
    """``steps``: from one count to the next, over all strata laid end to end, the first from 0."""

    column: str
    size: int
    steps: bytes
    counts: bytes


class StrataWire(msgspec.Struct, array_like=True, frozen=True):
    by: By
    utc_offset_minutes: int
    contexts: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[CountsWire, ...]


def pack_strata(strata: Strata | None) -> bytes:
    """Canonical bytes; none for no strata."""
    if strata is None:
        return b""
    season = strata.season
    return msgspec.msgpack.encode(
        StrataWire(
            season.by,
            season.utc_offset_minutes,
            season.contexts,
            strata.names,
            strata.rows,
            tuple(_packed(column, of) for column, of in strata.by_column.items()),
        )
    )


def unpack_strata(data: bytes, columns: Sequence[ReferenceColumn]) -> Strata | None:
    """Inverse of :func:`pack_strata`; ValueError or a msgspec error for what does not fit."""
    if not data:
        return None
    wire = msgspec.msgpack.decode(data, type=StrataWire)
    season = SeasonSettings(
        by=wire.by, utc_offset_minutes=wire.utc_offset_minutes, contexts=wire.contexts
    )
    sizes = {column.id: _size(column) for column in columns}
    if len(wire.rows) != len(wire.names):
        raise ValueError("there are not as many rows as strata")
    if any(one.size != sizes.get(one.column) for one in wire.columns):
        raise ValueError("the strata are of other columns")
    s = len(wire.names)
    return Strata(
        season, wire.names, wire.rows, {one.column: _unpacked(one, s) for one in wire.columns}
    )


def _size(column: ReferenceColumn) -> int:
    if isinstance(column, NumericColumn):
        return column.grid.size
    return len(column.categories) + 1


def _packed(column: str, of: StratumCounts) -> CountsWire:
    steps = pack_counts(np.diff(of.cells, prepend=0))
    return CountsWire(column, of.size, steps, pack_counts(of.counts))


def _unpacked(wire: CountsWire, s: int) -> StratumCounts:
    cells = np.cumsum(unpack_counts(wire.steps))
    if cells.size and (not 0 <= cells.min() <= cells.max() < s * wire.size):
        raise ValueError("a count is of no stratum")
    starts = cells.searchsorted(np.arange(s + 1, dtype=np.int64) * wire.size).astype(np.int64)
    counts = unpack_counts(wire.counts)
    return StratumCounts(wire.size, starts, cells % max(wire.size, 1), counts)
