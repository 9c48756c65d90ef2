"""The population stability index on fixed bins, with its null distribution.

PSI = Σ (q_b - p_b) · ln(q_b / p_b) is the symmetrised Kullback–Leibler divergence. Under the null
it is, to first order, (1/n + 1/m) · χ² with k - 1 degrees of freedom (Yurdakul, "Statistical
Properties of Population Stability Index", 2018, ch. 3). Fixed limits such as 0.1 ignore n and m.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from stream_monitor.statistics.binned import smoothed_shares
from stream_monitor.statistics.sizes import checked_level, effective_size

if TYPE_CHECKING:
    from stream_monitor.statistics.arrays import IntArray


def psi(reference_counts: IntArray, window_counts: IntArray) -> float:
    """The PSI of two count vectors (k,) over the same bins, ≥ 0, in nats.

    Cells are smoothed by ``binned.smoothed_shares``. Symmetric in its arguments. Raises
    ValueError on unlike shapes and on a sample without rows.
    """
    if reference_counts.shape != window_counts.shape:
        raise ValueError(f"unlike bins: {reference_counts.shape} and {window_counts.shape}")
    p, q = smoothed_shares(reference_counts), smoothed_shares(window_counts)
    return float(((q - p) * np.log(q / p)).sum())


def psi_null_bias(k: int, n: int, m: int) -> float:
    """The mean of PSI when nothing has changed: (k - 1)(1/n + 1/m)."""
    return (k - 1) / effective_size(n, m)


def psi_threshold(alpha: float, k: int, n: int, m: int) -> float:
    """The PSI that a null window exceeds with probability ``alpha``; inf with a single bin."""
    if k < 2:
        return math.inf
    return float(special.chdtri(k - 1, checked_level(alpha))) / effective_size(n, m)


def psi_p_value(value: float, k: int, n: int, m: int) -> float:
    """P(PSI ≥ value) under the null, by the same χ² law; 1 with a single bin."""
    if k < 2:
        return 1.0
    return float(special.chdtrc(k - 1, value * effective_size(n, m)))
