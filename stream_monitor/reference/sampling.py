"""The frozen sample of many values."""

from __future__ import annotations

import zlib

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.grid import Grid


def sampled(values: FloatArray, most: int, seed: int, name: str) -> Grid:
    """The values (float64, no NaN) that :func:`drawn` keeps."""
    kept = drawn(values, most, seed, name)
    return Grid.from_sample(values if kept is None else values[kept])


def drawn(values: FloatArray, most: int, seed: int, name: str) -> IntArray | None:
    """The places of the values that are kept; ``None`` for all of them.

    All are kept if no more than ``most`` of them are distinct, else ``most`` of them, drawn
    uniformly without replacement. Equal arguments give equal places. Seeded by the name too, so
    that a column's sample does not hang on its neighbours.
    """
    if len(np.unique(values)) <= most:
        return None
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    chosen: IntArray = random.choice(len(values), most, replace=False, shuffle=False)
    return chosen.astype(np.int64)
