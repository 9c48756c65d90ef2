"""The bytes of a reference: ``SMREF``, a version byte, then zlib-compressed msgpack.

What verdicts depend on is encoded once, canonically, as the *content*; its SHA-256 is the
reference's hash. Model name, source and time of creation stand beside it, for people.
Arrays are raw little-endian: the sorted points of a grid as the differences of their
order-preserving integer images, byte by byte (all first bytes, all second bytes, …), which
is what makes them compress.
"""

from __future__ import annotations

import hashlib
import zlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import DataError
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
    Task,
)
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.grid import Grid

VERSION = 1
MAGIC = b"SMREF"
#: No reference is larger than this when unpacked; a small file cannot fill the memory.
MAX_UNPACKED = 1 << 30

_SIGN = np.uint64(1 << 63)


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


class FileWire(msgspec.Struct, array_like=True, frozen=True):
    model: str
    source: str
    created_ms: int
    hash: str
    content: bytes


def content_hash(
    columns: tuple[ReferenceColumn, ...],
    rows: int,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
) -> str:
    """16 hex digits of all that verdicts depend on; the model's name and the source do not."""
    return _digest(_content(columns, rows, task, classes, positive))


def encode(reference: Reference) -> bytes:
    """The bytes of a reference; :func:`decode` gives an equal one."""
    content = _content(
        reference.columns, reference.rows, reference.task, reference.classes, reference.positive
    )
    wire = FileWire(
        reference.model, reference.source, reference.created_ms, _digest(content), content
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
        if _digest(file.content) != file.hash:
            raise _damaged("its hash does not match its content")
        content = msgspec.msgpack.decode(file.content, type=ContentWire)
        return Reference(
            model=file.model,
            columns=tuple(_column(wire) for wire in content.columns),
            rows=content.rows,
            task=content.task,
            classes=content.classes,
            positive=content.positive,
            source=file.source,
            created_ms=file.created_ms,
            hash=file.hash,
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


def _wire(column: ReferenceColumn) -> NumericWire | CategoricalWire:
    if isinstance(column, NumericColumn):
        return NumericWire(
            role=column.role,
            name=column.name,
            points=pack_points(column.grid.points),
            counts=_pack_counts(column.grid.counts),
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
        counts=_pack_counts(column.counts),
        other=column.other,
        rows=column.rows,
        missing=column.missing,
    )


def _column(wire: NumericWire | CategoricalWire) -> ReferenceColumn:
    if isinstance(wire, NumericWire):
        return NumericColumn(
            role=wire.role,
            name=wire.name,
            grid=Grid(unpack_points(wire.points), _unpack_counts(wire.counts)),
            rows=wire.rows,
            missing=wire.missing,
            minimum=wire.minimum,
            maximum=wire.maximum,
            mean=wire.mean,
            sd=wire.sd,
        )
    counts = _unpack_counts(wire.counts)
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


def pack_points(points: FloatArray) -> bytes:
    """Ascending floats, bit for bit, in a form that compresses; 8 bytes each."""
    bits = points.astype("<f8").view("<u8")
    # Ascending floats have ascending images: flip all bits of a negative, else the sign.
    images = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    images[1:] -= images[:-1].copy()
    return _shuffle(images)


def unpack_points(data: bytes) -> FloatArray:
    """Inverse of :func:`pack_points`."""
    images = np.cumsum(_unshuffle(data, "<u8"), dtype=np.uint64)
    bits = np.where(images & _SIGN, images ^ _SIGN, ~images)
    return bits.astype("<u8").view("<f8").astype(np.float64)


def _pack_counts(counts: IntArray) -> bytes:
    return _shuffle(counts.astype("<i8"))


def _unpack_counts(data: bytes) -> IntArray:
    counts = _unshuffle(data, "<i8").astype(np.int64)
    counts.flags.writeable = False
    return counts


def _shuffle(values: NDArray[np.generic]) -> bytes:
    return values.view(np.uint8).reshape(-1, 8).T.tobytes()


def _unshuffle(data: bytes, kind: str) -> NDArray[np.generic]:
    if len(data) % 8:
        raise ValueError("an array has the wrong length")
    planes = np.frombuffer(data, dtype=np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(kind)


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
