"""Which values of a numeric column its reference keeps."""

from __future__ import annotations

import zlib

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray


def drawn(values: FloatArray, sample_size: int, seed: int, name: str) -> IntArray | None:
    """The places of the finite values that are kept; ``None`` for all of them.

    All are kept if no more than ``sample_size`` of them are distinct, else ``sample_size`` of
    them, drawn uniformly without replacement. Equal arguments give equal places. Seeded by the
    name too, so that a column's sample does not hang on its neighbours.
    """
    if len(np.unique(values)) <= sample_size:
        return None
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    chosen: IntArray = random.choice(len(values), sample_size, replace=False, shuffle=False)
    return chosen.astype(np.int64)
