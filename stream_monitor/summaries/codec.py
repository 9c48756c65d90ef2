"""The bytes of a summary's state: a version byte, a checksum, and msgpack.

Layout: 1 byte version, 4 bytes CRC-32 of the rest (little-endian), the rest in msgpack.
Integer arrays go as raw little-endian bytes of the smallest unsigned type that holds
their largest entry; sparse ones as the gaps between ascending indices and the entries.
Whatever is damaged or of another version raises :class:`DataError`, never a wrong summary.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import lru_cache
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import DataError
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.exact_sum import ExactSum

IntArray = NDArray[np.int64]
Wire = TypeVar("Wire", bound=msgspec.Struct)

VERSION = 4
_HEAD = 5
_TYPES = {size: np.dtype(f"<u{size}") for size in (1, 2, 4, 8)}


class SparseWire(msgspec.Struct, array_like=True, frozen=True):
    """The entries of an array that are not zero: how many, index gaps, values."""

    n: int
    steps: bytes
    values: bytes


def seal(wire: msgspec.Struct) -> bytes:
    """The state bytes of a wire struct."""
    body = msgspec.msgpack.encode(wire)
    return bytes((VERSION,)) + zlib.crc32(body).to_bytes(4, "little") + body


def unseal(data: bytes, kind: type[Wire]) -> Wire:
    """The wire struct of state bytes; inverse of :func:`seal`."""
    if len(data) <= _HEAD:
        raise damaged("it is too short")
    if data[0] != VERSION:
        raise DataError(
            f"The state of a summary has version {data[0]} and this program reads version "
            f"{VERSION}: rebuild the state with this program, or run the one that wrote it."
        )
    body = memoryview(data)[_HEAD:]
    if zlib.crc32(body) != int.from_bytes(data[1:_HEAD], "little"):
        raise damaged("its checksum does not match")
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise damaged(str(error)) from error


def damaged(why: str) -> DataError:
    """The error of a state that cannot be read."""
    return DataError(f"The state of a summary is damaged ({why}): discard and rebuild it.")


def unpack_sum(data: bytes) -> ExactSum:
    """Inverse of :meth:`ExactSum.to_bytes`."""
    try:
        return ExactSum.from_bytes(data)
    except ValueError as error:
        raise damaged(str(error)) from error


def pack_ints(values: IntArray) -> bytes:
    """Non-negative integers in the smallest unsigned type that holds the largest."""
    largest = int(values.max()) if len(values) else 0
    size = 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8
    return values.astype(_TYPES[size]).tobytes()


def unpack_ints(data: bytes, n: int) -> IntArray:
    """``n`` integers as int64; inverse of :func:`pack_ints`."""
    if n <= 0:
        if n or data:
            raise damaged("an array has the wrong length")
        return np.zeros(0, dtype=np.int64)
    kind = _TYPES.get(len(data) // n)
    if kind is None or len(data) % n:
        raise damaged("an array has the wrong length")
    values = np.frombuffer(data, dtype=kind).astype(np.int64)
    if kind.itemsize == 8 and values.min() < 0:
        raise damaged("a count does not fit")
    return values


def pack_sparse(values: IntArray) -> SparseWire:
    """The non-zero entries of a one-dimensional array of non-negative integers."""
    indices = (values != 0).nonzero()[0]  # three times as fast as flatnonzero of integers
    steps = indices.copy()
    steps[1:] -= indices[:-1]
    return SparseWire(len(indices), pack_ints(steps), pack_ints(values[indices]))


def unpack_sparse(wire: SparseWire, size: int) -> IntArray:
    """The read-only array of ``size`` entries; inverse of :func:`pack_sparse`."""
    dense = np.zeros(size, dtype=np.int64)
    if wire.n:
        steps = unpack_ints(wire.steps, wire.n)
        indices = np.cumsum(steps)
        if (wire.n > 1 and steps[1:].min() < 1) or indices[-1] >= size:
            raise damaged("the indices of a sparse array are out of order or out of range")
        dense[indices] = unpack_ints(wire.values, wire.n)
    return read_only(dense)


def minus(values: IntArray, others: IntArray) -> IntArray:
    """``values − others``, read-only; what was never added cannot be taken away."""
    left = values - others
    if left.size and left.min() < 0:
        raise ValueError("a summary that was never added cannot be subtracted")
    return read_only(left)


def at_least_zero(count: int) -> int:
    """The count itself; a negative one is a subtraction of what was never added."""
    if count < 0:
        raise ValueError("a summary that was never added cannot be subtracted")
    return count


@lru_cache(maxsize=4096)
def fingerprint(*parts: str) -> str:
    """16 hex digits of a sequence of texts (BLAKE2b, each text with its length)."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()
