"""The two-sided Page–Hinkley test over whole arrays, equal to the one-by-one loop."""

from __future__ import annotations

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
class PageHinkleyState:
    """``count`` values since the last alarm, their ``total``, and the two sums, both ≥ 0."""

    count: int = 0
    total: float = 0.0
    upper: float = 0.0
    lower: float = 0.0


@dataclass(frozen=True, slots=True)
class PageHinkley:
    """The two-sided Page–Hinkley test (Page, Biometrika 41, 1954; Hinkley, Biometrika 58, 1971).

    With m the mean of all values since the last alarm, this one included:
    upper ← max(0, upper + (x − m) − delta), lower ← max(0, lower − (x − m) − delta); an alarm
    where either is > ``threshold`` and at least ``min_samples`` values came since the last one.
    An alarm starts everything again, the mean too. ``delta`` ≥ 0 and ``threshold`` > 0 are in the
    units of the values. The running mean learns a slow drift away: prefer CUSUM where the
    in-control mean is known.

    Unlike river's, which sees rises only (river issue 810), it sees both directions, and forgets
    nothing. With a ``grid`` > 0 the mean is rounded to its multiples: where ``grid`` is a power of
    2, and the values and ``delta`` are multiples of it, all sums are exact, so that the state is
    bit for bit the same however the values are split. ValueError on parameters outside their range.
    """

    delta: float = 0.005
    threshold: float = 50.0
    min_samples: int = 30
    grid: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(
            above={"threshold": self.threshold}, least={"delta": self.delta, "grid": self.grid}
        )
        if self.min_samples < 1:
            raise ValueError(f"min_samples is {self.min_samples}: give at least 1")

    def update(
        self, state: PageHinkleyState, values: FloatArray
    ) -> tuple[PageHinkleyState, IntArray]:
        """The state after ``values``, and the ascending indices in them where an alarm fired.

        ``values``: float64 (n,), n ≥ 0, ValueError unless within ±1e100. Time is linear in n while
        alarms are at least ``min_samples`` apart, as they are. ``count`` and ``total`` are bit for
        bit those of the loop, and of any split into batches; the sums are within
        4e-9 · (delta + the greatest |x − m|) of it: a mean is no dyadic fraction.

        >>> machine = PageHinkley(delta=0.0, threshold=3.0, min_samples=1)
        >>> state, alarms = machine.update(PageHinkleyState(), np.array([0.0, 0.0, 0.0, 4.0, 4.0]))
        >>> (state.count, alarms.tolist())
        (0, [4])
        """
        checked_values(values)
        alarms: list[int] = []
        at = 0
        while at < values.size:
            state, seen, direction = self.until(state, values[at:])
            at += seen
            if direction:
                alarms.append(at - 1)
        return state, np.array(alarms, dtype=np.int64)

    def until(
        self, state: PageHinkleyState, values: FloatArray
    ) -> tuple[PageHinkleyState, int, int]:
        """Up to the first alarm: the state after it, how many values that took, its direction.

        The direction is 1 for a rise, -1 for a fall, and 0 where all values were seen without an
        alarm. ``values`` are those that ``checked_values`` lets through.
        """
        at, size = 0, FIRST_CHUNK
        while at < values.size:
            part = values[at : at + size]
            totals = np.cumsum(np.concatenate(([state.total], part)))[1:]
            counts = np.arange(state.count + 1, state.count + part.size + 1)
            means = totals / counts
            if self.grid:
                means = np.rint(means / self.grid) * self.grid
            away = part - means
            upper = reflected(state.upper, away - self.delta)
            lower = reflected(state.lower, -away - self.delta)
            fired = (upper > self.threshold) | (lower > self.threshold)
            fired &= counts >= self.min_samples
            first = int(np.argmax(fired))
            if fired[first]:
                direction = 1 if upper[first] > self.threshold else -1
                return PageHinkleyState(), at + first + 1, direction
            state = PageHinkleyState(
                int(counts[-1]), float(totals[-1]), float(upper[-1]), float(lower[-1])
            )
            at, size = at + part.size, min(2 * size, LARGEST_CHUNK)
        return state, values.size, 0
