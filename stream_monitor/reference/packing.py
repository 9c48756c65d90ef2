"""Arrays as bytes that compress: raw little-endian, all first bytes, all second bytes, and so on.

The sorted points of a grid go as the differences of their order-preserving integer images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream_monitor.statistics.arrays import FloatArray, IntArray, read_only

_SIGN = np.uint64(1 << 63)


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


def pack_counts(counts: IntArray) -> bytes:
    """Integers, int64 (n,), in a form that compresses; 8 bytes each."""
    return _shuffle(counts.astype("<i8"))


def unpack_counts(data: bytes) -> IntArray:
    """Inverse of :func:`pack_counts`, read-only; ValueError for a wrong length."""
    return read_only(_unshuffle(data, "<i8").astype(np.int64))


def _shuffle(values: NDArray[np.generic]) -> bytes:
    return values.view(np.uint8).reshape(-1, 8).T.tobytes()


def _unshuffle(data: bytes, kind: str) -> NDArray[np.generic]:
    if len(data) % 8:
        raise ValueError("an array has the wrong length")
    planes = np.frombuffer(data, dtype=np.uint8).reshape(8, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(kind)
