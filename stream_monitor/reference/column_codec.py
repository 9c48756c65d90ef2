"""The columns of a reference as they are written."""

from __future__ import annotations

import msgspec

from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    ReferenceColumn,
    Role,
)
from stream_monitor.reference.packing import pack_counts, pack_points, unpack_counts, unpack_points
from stream_monitor.statistics.grid import Grid


class NumericWire(msgspec.Struct, array_like=True, frozen=True, tag="n"):
    role: Role
    name: str
    points: bytes
    counts: bytes
    rows: int
    missing: float
    minimum: float
    maximum: float
    mean: float
    sd: float


class CategoricalWire(msgspec.Struct, array_like=True, frozen=True, tag="c"):
    role: Role
    name: str
    kind: Kind
    categories: tuple[str, ...]
    counts: bytes
    other: int
    rows: int
    missing: float


ColumnWire = NumericWire | CategoricalWire


def pack_column(column: ReferenceColumn) -> ColumnWire:
    """What a column is written as."""
    if isinstance(column, NumericColumn):
        return NumericWire(
            role=column.role,
            name=column.name,
            points=pack_points(column.grid.points),
            counts=pack_counts(column.grid.counts),
            rows=column.rows,
            missing=column.missing,
            minimum=column.minimum,
            maximum=column.maximum,
            mean=column.mean,
            sd=column.sd,
        )
    return CategoricalWire(
        role=column.role,
        name=column.name,
        kind=column.kind,
        categories=column.categories,
        counts=pack_counts(column.counts),
        other=column.other,
        rows=column.rows,
        missing=column.missing,
    )


def unpack_column(wire: ColumnWire) -> ReferenceColumn:
    """Inverse of :func:`pack_column`; ValueError for counts that do not fit."""
    if isinstance(wire, NumericWire):
        return NumericColumn(
            role=wire.role,
            name=wire.name,
            grid=Grid(unpack_points(wire.points), unpack_counts(wire.counts)),
            rows=wire.rows,
            missing=wire.missing,
            minimum=wire.minimum,
            maximum=wire.maximum,
            mean=wire.mean,
            sd=wire.sd,
        )
    counts = unpack_counts(wire.counts)
    if len(counts) != len(wire.categories):
        raise ValueError("there are not as many counts as categories")
    return CategoricalColumn(
        role=wire.role,
        name=wire.name,
        kind=wire.kind,
        categories=wire.categories,
        counts=counts,
        other=wire.other,
        rows=wire.rows,
        missing=wire.missing,
    )
