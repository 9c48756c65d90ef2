"""The bytes of a reference: ``SMREF``, a version byte, then zlib-compressed msgpack.

What verdicts depend on is encoded once, canonically, as the *content* and, where they are there,
the *baseline* of a classifier's labels or the *residuals* of a regression, the formulas of
*derived* columns and, with a season, the *strata*; the SHA-256 of all is the reference's hash.
Model name, source, time of creation and what it has replaced stand beside them, for people.
"""

from __future__ import annotations

import hashlib
import zlib

import msgspec
import numpy as np

from stream_monitor.errors import DataError
from stream_monitor.reference.calibration import Baseline, Calibration
from stream_monitor.reference.derived import Derived
from stream_monitor.reference.derived_codec import pack_derived, unpack_derived
from stream_monitor.reference.model import (
    CategoricalColumn,
    Former,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.reference.packing import pack_counts, pack_points, unpack_counts, unpack_points
from stream_monitor.reference.strata import Strata
from stream_monitor.reference.strata_bytes import pack_strata, unpack_strata
from stream_monitor.statistics.grid import Grid

VERSION = 3
MAGIC = b"SMREF"
#: No reference is larger than this when unpacked; a small file cannot fill the memory.
MAX_UNPACKED = 1 << 30


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


class ContentWire(msgspec.Struct, array_like=True, frozen=True):
    columns: tuple[NumericWire | CategoricalWire, ...]
    rows: int
    task: Task
    classes: tuple[str, ...]
    positive: str | None


class BaselineWire(msgspec.Struct, array_like=True, frozen=True):
    confusion: bytes
    calibration: CalibrationWire | None


class CalibrationWire(msgspec.Struct, array_like=True, frozen=True):
    grid: int
    positive: int | None
    starts: bytes
    counts: bytes


class ResidualsWire(msgspec.Struct, array_like=True, frozen=True):
    points: bytes
    counts: bytes


class FileWire(msgspec.Struct, array_like=True, frozen=True):
    model: str
    source: str
    created_ms: int
    hash: str
    content: bytes
    baseline: bytes  # empty without labels
    residuals: bytes  # the same
    derived: bytes  # empty without derived columns
    strata: bytes  # empty without a season
    former: tuple[Former, ...] = ()  # left out by programs that do not know it


def content_hash(
    columns: tuple[ReferenceColumn, ...],
    rows: int,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
    baseline: Baseline | None = None,
    residuals: Grid | None = None,
    derived: Derived | None = None,
    strata: Strata | None = None,
) -> str:
    """16 hex digits of all that verdicts depend on; the model's name and the source do not."""
    content = _content(columns, rows, task, classes, positive)
    parts = (
        _packed_baseline(baseline),
        _packed_residuals(residuals),
        pack_derived(derived),
        pack_strata(strata),
    )
    return _digest(content + b"".join(parts))


def encode(reference: Reference) -> bytes:
    """The bytes of a reference; :func:`decode` gives an equal one."""
    content = _content(
        reference.columns, reference.rows, reference.task, reference.classes, reference.positive
    )
    baseline = _packed_baseline(reference.baseline)
    residuals = _packed_residuals(reference.residuals)
    derived = pack_derived(reference.derived)
    strata = pack_strata(reference.strata)
    wire = FileWire(
        model=reference.model,
        source=reference.source,
        created_ms=reference.created_ms,
        hash=_digest(content + baseline + residuals + derived + strata),
        content=content,
        baseline=baseline,
        residuals=residuals,
        derived=derived,
        strata=strata,
        former=reference.former,
    )
    packed = zlib.compress(msgspec.msgpack.encode(wire), 6)
    return MAGIC + bytes((VERSION,)) + packed


def decode(data: bytes) -> Reference:
    """The reference of its bytes.

    Raises :class:`DataError` for bytes that are no reference, are of a version this program
    does not know, or are damaged (the hash does not match the content).
    """
    head = len(MAGIC)
    if data[:head] != MAGIC or len(data) == head:
        raise DataError("This is not a reference: it does not begin as one.")
    if data[head] != VERSION:
        raise DataError(
            f"The reference has format version {data[head]} and this program reads version "
            f"{VERSION}: build it again, or use the program that wrote it."
        )
    try:
        file = msgspec.msgpack.decode(_unpacked(data[head + 1 :]), type=FileWire)
        parts = (file.baseline, file.residuals, file.derived, file.strata)
        if _digest(file.content + b"".join(parts)) != file.hash:
            raise _damaged("its hash does not match its content")
        content = msgspec.msgpack.decode(file.content, type=ContentWire)
        columns = tuple(_column(wire) for wire in content.columns)
        return Reference(
            model=file.model,
            columns=columns,
            rows=content.rows,
            task=content.task,
            classes=content.classes,
            positive=content.positive,
            source=file.source,
            created_ms=file.created_ms,
            hash=file.hash,
            baseline=_baseline(file.baseline, len(content.classes)),
            strata=unpack_strata(file.strata, columns),
            residuals=_residuals(file.residuals),
            derived=unpack_derived(file.derived, columns),
            former=file.former,
        )
    except (zlib.error, msgspec.MsgspecError, ValueError) as error:
        raise _damaged(str(error)) from error


def _content(
    columns: tuple[ReferenceColumn, ...],
    rows: int,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
) -> bytes:
    wires = tuple(_wire(column) for column in columns)
    return msgspec.msgpack.encode(ContentWire(wires, rows, task, classes, positive))


def _packed_baseline(baseline: Baseline | None) -> bytes:
    if baseline is None:
        return b""
    found = baseline.calibration
    confusion = pack_counts(baseline.confusion.reshape(-1))
    if found is None:
        return msgspec.msgpack.encode(BaselineWire(confusion, None))
    starts, counts = pack_counts(found.starts), pack_counts(found.counts.reshape(-1))
    calibration = CalibrationWire(found.grid, found.positive, starts, counts)
    return msgspec.msgpack.encode(BaselineWire(confusion, calibration))


def _baseline(data: bytes, classes: int) -> Baseline | None:
    if not data:
        return None
    wire = msgspec.msgpack.decode(data, type=BaselineWire)
    side = classes + 1
    confusion = unpack_counts(wire.confusion).reshape(side, side)
    if wire.calibration is None:
        return Baseline(confusion, None)
    grid, positive = wire.calibration.grid, wire.calibration.positive
    starts = unpack_counts(wire.calibration.starts)
    counts = unpack_counts(wire.calibration.counts).reshape(side, len(starts), side)
    if not starts.size or starts[0] or starts[-1] >= grid or (np.diff(starts) < 1).any():
        raise ValueError("the bins of the calibration are out of order")
    if positive is not None and not 0 <= positive < classes:
        raise ValueError("the positive class is none of the classes")
    return Baseline(confusion, Calibration(grid, positive, starts, counts))


def _packed_residuals(residuals: Grid | None) -> bytes:
    if residuals is None:
        return b""
    points, counts = pack_points(residuals.points), pack_counts(residuals.counts)
    return msgspec.msgpack.encode(ResidualsWire(points, counts))


def _residuals(data: bytes) -> Grid | None:
    if not data:
        return None
    wire = msgspec.msgpack.decode(data, type=ResidualsWire)
    grid = Grid(unpack_points(wire.points), unpack_counts(wire.counts))
    if not grid.total or not np.isfinite(grid.points).all():
        raise ValueError("the residuals are none, or not finite")
    return grid


def _wire(column: ReferenceColumn) -> NumericWire | CategoricalWire:
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


def _column(wire: NumericWire | CategoricalWire) -> ReferenceColumn:
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


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(data, MAX_UNPACKED)
    if not unpacker.eof or unpacker.unused_data:
        raise _damaged("it is cut off or has something after its end")
    return body


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _damaged(why: str) -> DataError:
    return DataError(f"The reference is damaged ({why}): get it again or build it again.")
