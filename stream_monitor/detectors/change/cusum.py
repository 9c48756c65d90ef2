"""Page's two-sided CUSUM over whole arrays, equal to the one-by-one loop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stream_monitor.detectors.change.reflected import (
    FIRST_CHUNK,
    LARGEST_CHUNK,
    check_numbers,
    checked_values,
    reflected,
)
from stream_monitor.statistics.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class CusumState:
    """Where the two sums stand; both are ≥ 0 and start at 0."""

    upper: float = 0.0
    lower: float = 0.0


@dataclass(frozen=True, slots=True)
class Cusum:
    """The two-sided CUSUM of Page (Biometrika 41, 1954).

    upper ← max(0, upper + (x − mean) − k), lower ← max(0, lower − (x − mean) − k); an alarm
    where either is ≥ h, after which both start again at 0. ``mean`` is the in-control mean, ``k``
    ≥ 0 the allowance and ``h`` > 0 the threshold, all in the units of the values; see ``design``
    for k and h from a run length. The values may be rows, or means or counts of panes.
    For a stream of 0 and 1 with mean 0 and k > 0 the lower sum stays 0: the CUSUM is one-sided.

    ValueError on parameters outside their range.
    """

    mean: float
    k: float
    h: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise ValueError(f"mean is {self.mean}: give a finite number")
        check_numbers(above={"h": self.h}, least={"k": self.k})

    def update(self, state: CusumState, values: FloatArray) -> tuple[CusumState, IntArray]:
        """The state after ``values``, and the ascending indices in them where an alarm fired.

        ``values``: float64 (n,), n ≥ 0, ValueError unless within ±1e100. Time is linear in n,
        whatever the number of alarms. Where the sums are exact (integers, dyadic fractions) the
        state is bit for bit that of the loop, and of any split into batches. Otherwise it is off by
        at most 2e-9 · (h + k): without an alarm no value is further than h + k from the mean, and
        no prefix sum is longer than 4,096.

        >>> machine = Cusum(mean=0.0, k=0.5, h=4.0)
        >>> state, alarms = machine.update(CusumState(), np.array([0.0, 2.0, 2.0, 2.0, -1.0]))
        >>> (state, alarms.tolist())
        (CusumState(upper=0.0, lower=0.5), [3])
        """
        checked_values(values)
        alarms: list[int] = []
        at, size = 0, FIRST_CHUNK
        # What overflows lies behind a value that alarms, and is looked at anew from there.
        with np.errstate(over="ignore", invalid="ignore"):
            while at < values.size:
                away = values[at : at + size] - self.mean
                upper = reflected(state.upper, away - self.k)
                lower = reflected(state.lower, -away - self.k)
                fired = (upper >= self.h) | (lower >= self.h)
                first = int(np.argmax(fired))
                if fired[first]:
                    alarms.append(at + first)
                    state, at, size = CusumState(), at + first + 1, FIRST_CHUNK
                else:
                    state = CusumState(float(upper[-1]), float(lower[-1]))
                    at, size = at + away.size, min(2 * size, LARGEST_CHUNK)
        return state, np.array(alarms, dtype=np.int64)
