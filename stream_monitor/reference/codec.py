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

from stream_monitor.errors import DataError
from stream_monitor.reference.calibration import Baseline
from stream_monitor.reference.column_codec import ColumnWire, pack_column, unpack_column
from stream_monitor.reference.derived import Derived
from stream_monitor.reference.derived_codec import pack_derived, unpack_derived
from stream_monitor.reference.model import Former, Reference, ReferenceColumn, Task
from stream_monitor.reference.strata import Strata
from stream_monitor.reference.strata_bytes import pack_strata, unpack_strata
from stream_monitor.reference.truth_codec import (
    pack_baseline,
    pack_residuals,
    unpack_baseline,
    unpack_residuals,
)
from stream_monitor.statistics.grid import Grid

VERSION = 3
MAGIC = b"SMREF"
#: No reference is larger than this when unpacked; a small file cannot fill the memory.
MAX_UNPACKED = 1 << 30


class ContentWire(msgspec.Struct, array_like=True, frozen=True):
    columns: tuple[ColumnWire, ...]
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
        pack_baseline(baseline),
        pack_residuals(residuals),
        pack_derived(derived),
        pack_strata(strata),
    )
    return _digest(content + b"".join(parts))


def encode(reference: Reference) -> bytes:
    """The bytes of a reference; :func:`decode` gives an equal one."""
    content = _content(
        reference.columns, reference.rows, reference.task, reference.classes, reference.positive
    )
    baseline = pack_baseline(reference.baseline)
    residuals = pack_residuals(reference.residuals)
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
        columns = tuple(unpack_column(wire) for wire in content.columns)
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
            baseline=unpack_baseline(file.baseline, len(content.classes)),
            strata=unpack_strata(file.strata, columns),
            residuals=unpack_residuals(file.residuals),
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
    wires = tuple(pack_column(column) for column in columns)
    return msgspec.msgpack.encode(ContentWire(wires, rows, task, classes, positive))


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
