"""What labels gave a reference, as bytes: a classifier's baseline, a regression's residuals."""

from __future__ import annotations

import msgspec
import numpy as np

from stream_monitor.reference.calibration import Baseline, Calibration
from stream_monitor.reference.packing import pack_counts, pack_points, unpack_counts, unpack_points
from stream_monitor.statistics.grid import Grid


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


def pack_baseline(baseline: Baseline | None) -> bytes:
    """Canonical bytes; none for no baseline."""
    if baseline is None:
        return b""
    found = baseline.calibration
    confusion = pack_counts(baseline.confusion.reshape(-1))
    if found is None:
        return msgspec.msgpack.encode(BaselineWire(confusion, None))
    starts, counts = pack_counts(found.starts), pack_counts(found.counts.reshape(-1))
    calibration = CalibrationWire(found.grid, found.positive, starts, counts)
    return msgspec.msgpack.encode(BaselineWire(confusion, calibration))


def unpack_baseline(data: bytes, classes: int) -> Baseline | None:
    """Inverse of :func:`pack_baseline`; ValueError or a msgspec error for what does not fit."""
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


def pack_residuals(residuals: Grid | None) -> bytes:
    """Canonical bytes; none for no residuals."""
    if residuals is None:
        return b""
    points, counts = pack_points(residuals.points), pack_counts(residuals.counts)
    return msgspec.msgpack.encode(ResidualsWire(points, counts))


def unpack_residuals(data: bytes) -> Grid | None:
    """Inverse of :func:`pack_residuals`; ValueError or a msgspec error for what does not fit."""
    if not data:
        return None
    wire = msgspec.msgpack.decode(data, type=ResidualsWire)
    grid = Grid(unpack_points(wire.points), unpack_counts(wire.counts))
    if not grid.total or not np.isfinite(grid.points).all():
        raise ValueError("the residuals are none, or not finite")
    return grid
