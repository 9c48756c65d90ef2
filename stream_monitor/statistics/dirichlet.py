"""The Dirichlet-multinomial: how many of the next rows fall into each bin of a Pólya urn.

An urn that starts with a_b balls of colour b, to which each draw adds another ball of its colour,
gives n draws in the counts C with the chance

    n! / Π C_b! · Π a_b (a_b + 1) … (a_b + C_b − 1) / (A (A + 1) … (A + n − 1)),    A = Σ a_b

(Johnson, Kotz and Balakrishnan, Discrete Multivariate Distributions, 1997, ch. 40 and 35.13).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from stream_monitor.statistics.arrays import FloatArray

_SMALL = 16.0


def log_rising(start: FloatArray, times: FloatArray) -> FloatArray:
    """ln start (start + 1) … (start + times − 1) for start > 0, times ≥ 0, elementwise.

    Exactly 0 for times = 0. The difference of two ``gammaln`` loses all digits where start is
    large; from 16 on Stirling's series of the difference is used, whose terms are of the size of
    the result. The error is below 1e-12 of the result, or below 1e-12 where that is under 1.
    """
    start, times = np.broadcast_arrays(start, times)
    end = np.asarray(start + times)
    stirling = (start - 0.5) * np.log1p(times / start) + times * (np.log(end) - 1.0)
    logs = np.asarray(stirling + _tail(end) - _tail(start))
    small = start < _SMALL
    if small.any():
        logs[small] = special.gammaln(end[small]) - special.gammaln(start[small])
    return logs


def log_urn(counts: FloatArray, start: FloatArray) -> FloatArray:
    """ln of the chance of an order of draws with these ``counts`` over the last axis.

    It is the Dirichlet-multinomial without n! / Π C_b!, which cancels in a ratio of two of the
    same counts. ``start`` > 0 and ``counts`` ≥ 0 broadcast; counts up to 1e15 overflow nothing.
    """
    inside = log_rising(start, counts).sum(axis=-1)
    ended: FloatArray = inside - log_rising(start.sum(axis=-1), counts.sum(axis=-1))
    return ended


def _tail(x: FloatArray) -> FloatArray:
    """ln Γ(x) − (x − ½) ln x + x − ½ ln 2π to 1e-14 for x ≥ 16."""
    inverse = 1.0 / x
    square = inverse * inverse
    terms: FloatArray = inverse * (
        1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    )
    return terms
