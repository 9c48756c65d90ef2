"""Columns as numbers and back."""

from __future__ import annotations

import numpy as np

from stream_monitor.scenarios.generate.stream import Column
from stream_monitor.statistics.arrays import FloatArray


def numbers(column: Column) -> FloatArray:
    """The numbers of a column, NaN for what is none (float64, rows)."""
    if column.dtype != np.object_:
        return column.astype(np.float64)
    usable = [v if isinstance(v, int | float) else np.nan for v in column.tolist()]
    return np.array(usable, dtype=np.float64)


def like(column: Column, values: FloatArray) -> Column:
    """Numbers in the place of a column's own; whole ones stay whole, and what is none stays."""
    if column.dtype == np.int64:
        return np.rint(values).astype(np.int64)
    if column.dtype == np.bool_:
        return values >= 0.5
    if column.dtype != np.object_:
        return values
    mixed = column.copy()
    usable = np.isfinite(values)
    mixed[usable] = values[usable]
    return mixed
