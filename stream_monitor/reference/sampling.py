"""The frozen sample of many values."""

from __future__ import annotations

import zlib

import numpy as np

from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.grid import Grid


def sampled(values: FloatArray, most: int, seed: int, name: str) -> Grid:
    """All values (float64, no NaN) if at most ``most`` of them are distinct, else ``most`` of them.

    They are drawn uniformly without replacement. Seeded by the name too, so that a column's
    sample does not hang on its neighbours.
    """
    grid = Grid.from_sample(values)
    if grid.size <= most:
        return grid
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return Grid.from_sample(random.choice(values, most, replace=False, shuffle=False))
