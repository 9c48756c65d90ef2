"""A table's column row by row: as numbers, or as places in a vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds_of

from stream_monitor.events.columns import text
from stream_monitor.reference.data import plain
from stream_monitor.reference.infer import is_text, number
from stream_monitor.statistics.arrays import FloatArray, IntArray


def places(column: pa.ChunkedArray, classes: Sequence[str], *, boolean: bool) -> IntArray:
    """Each row's place among the classes; ``len(classes)`` for any other, -1 for no class."""
    encoded = plain(column).combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    index: dict[str | None, int] = {name: i for i, name in enumerate(classes)} | {None: -1}
    texts = text(values, len(values), boolean=boolean).texts
    places = np.array([index.get(name, len(classes)) for name in texts] + [-1], dtype=np.int64)
    rows = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    found: IntArray = places[rows.astype(np.int64)]
    return found


def numbers(column: pa.ChunkedArray) -> FloatArray:
    """Each row's number, float64; NaN where there is none, or none that is finite."""
    column = plain(column)
    if is_text(column.type):
        spelt = [math.nan if cell is None else number(cell) for cell in column.to_pylist()]
        return np.array(spelt, dtype=np.float64)
    if not (kinds_of.is_integer(column.type) or kinds_of.is_floating(column.type)):
        return np.full(len(column), np.nan)
    values = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)
