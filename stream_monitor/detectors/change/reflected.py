"""The parts that CUSUM and Page–Hinkley share."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from stream_monitor.statistics.arrays import FloatArray

FIRST_CHUNK = 64
"""Values looked at in one go after a start or an alarm; doubled while no alarm comes."""

LARGEST_CHUNK = 4096
"""The longest prefix sum, which bounds its rounding error."""


LARGEST_VALUE = 1e100
"""Beyond it sums and squares would overflow, and a state that is NaN never alarms again."""


def reflected(start: float, steps: FloatArray) -> FloatArray:
    """S after every step of S ← max(0, S + step), from S = ``start`` ≥ 0.

    ``steps``: float64 (n,); so is the result. With C the cumulative sum started at ``start`` it is
    C − min(prefix minimum of C, 0): Lindley's recursion as Skorokhod's reflection. It equals the
    loop bit for bit wherever the sums of the steps are exact (integers, dyadic fractions).
    """
    sums = np.cumsum(np.concatenate(([start], steps)))[1:]
    floor = np.minimum(np.minimum.accumulate(sums), 0.0)
    return sums - floor


def checked_values(values: FloatArray) -> FloatArray:
    """The values as they came; ValueError unless float64 (n,), finite and within ±1e100."""
    if values.ndim != 1 or values.dtype != np.float64:
        raise ValueError(
            f"a change detector takes float64 in one dimension, "
            f"not {values.dtype} of shape {values.shape}"
        )
    usable = np.abs(values) <= LARGEST_VALUE
    if not usable.all():
        at = int(np.argmin(usable))
        raise ValueError(
            f"value {at} is {values[at]}: a change detector takes finite numbers up to "
            f"{LARGEST_VALUE:g}, count the others as quality facts before"
        )
    return values


def check_numbers(*, above: Mapping[str, float], least: Mapping[str, float]) -> None:
    """ValueError unless all are finite, those of ``above`` > 0 and those of ``least`` ≥ 0."""
    for name, value in above.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}: give a finite number above 0")
    for name, value in least.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}: give a finite number of at least 0")
