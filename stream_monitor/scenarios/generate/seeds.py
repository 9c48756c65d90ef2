"""Random numbers for one purpose each, so that none depends on what else is drawn."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """The generator of a purpose, named by some words; the same for the same words and seed."""
    return np.random.default_rng([seed, zlib.crc32("\0".join(purpose).encode())])
