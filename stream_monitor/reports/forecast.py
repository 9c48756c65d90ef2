"""Where a figure is going, and whether that can be said at all.

The windows, which must not overlap, are cut into 16 runs of equal number, whose means are less
noisy and less dependent than the windows. There is a trend if all of this holds:

- the means rise or fall by Kendall's test (p ≤ 0.01);
- the newer eight of them do so on their own, the same way (p ≤ 0.05): what has come to rest, as
  after a sudden change, is no trend any more;
- a straight line describes them better than the best single step.

Without one the forecast is the level of the newer half. A date is given only where a trend leads
to the limit within as long a time as the history itself is. Of stationary series at most 5 % get
one, also of autocorrelated ones (AR(1), coefficient up to 0.9 from window to window; simulated in
the tests). Not so of random walks, and a trend need not go on: a forecast is what would be if all
went on as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stream_monitor.config.duration import DAY, MINUTE
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.trend import Slope, best_step, mann_kendall, theil_sen

#: Windows that a forecast needs: the widest of 20 deviations bounds 95 % of them.
FEWEST = 20
RUNS = 16
P_WHOLE = 0.01
P_NEWER = 0.05


class Reach(NamedTuple):
    """When the limit is reached: by the trend, and by the steepest and flattest that fit.

    ``latest_ms`` is ``None`` where the flattest does not lead there within the horizon.
    """

    at_ms: int
    earliest_ms: int
    latest_ms: int | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a window that ends at ``at_ms``, half as far ahead as the history.

    ``lower`` and ``upper`` hold 95 % of windows if these deviate from the line as they did
    (exchangeably), and for a trend with a slope anywhere in its 95 % interval; a trend too weak to
    be told is not allowed for. ``slope`` is the change a day, ``None`` without a trend;
    ``p_value`` is Kendall's, of all windows, and ``n`` how many there were.
    """

    at_ms: int
    value: float
    lower: float
    upper: float
    slope: Slope | None
    p_value: float
    n: int
    limit: float | None = None
    reaches: Reach | None = None


def forecast(
    ends_ms: IntArray,
    values: FloatArray,
    limit: float | None = None,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Forecast | None:
    """The forecast of a figure of windows that do not overlap, in order; ``None`` below 20.

    ``ends_ms`` int64 (n,) ascending strictly, ``values`` float64 (n,), finite. ``bounds`` are those
    of the figure itself, such as 0 and 1 of a share.
    """
    n = values.size
    if n < FEWEST:
        return None
    last, span = int(ends_ms[-1]), int(ends_ms[-1] - ends_ms[0])
    days = (ends_ms - last) / DAY
    run_days = np.array([run.mean() for run in np.array_split(days, RUNS)])
    runs = np.array([run.mean() for run in np.array_split(values, RUNS)])
    _, p_value = mann_kendall(runs)
    slope = theil_sen(run_days, runs)
    ahead = span / 2 / DAY
    at_ms = last + span // 2
    if not _is_trend(run_days, runs, slope):
        newer = values[n // 2 :]
        middle = float(np.median(newer))
        half = _width(newer - middle)
        low, high = _within(middle - half, bounds), _within(middle + half, bounds)
        return Forecast(at_ms, middle, low, high, None, p_value, n, limit)
    lines = [_Line.through(run_days, runs, each) for each in (slope.value, *slope[1:])]
    half = _width(values - lines[0].at(days))
    there = [float(line.at(np.array(ahead))) for line in lines]
    return Forecast(
        at_ms,
        _within(there[0], bounds),
        _within(min(there) - half, bounds),
        _within(max(there) + half, bounds),
        slope,
        p_value,
        n,
        limit,
        None if limit is None else _reach(lines, limit, last, span),
    )


class _Line(NamedTuple):
    """value = level + slope · days since the last window."""

    level: float
    slope: float

    @classmethod
    def through(cls, days: FloatArray, values: FloatArray, slope: float) -> _Line:
        return cls(float(np.median(values - slope * days)), slope)

    def at(self, days: FloatArray) -> FloatArray:
        return np.asarray(self.level + self.slope * days)

    def days_to(self, limit: float) -> float:
        return (limit - self.level) / self.slope if self.slope else np.inf


def _is_trend(days: FloatArray, runs: FloatArray, slope: Slope) -> bool:
    newer = runs[RUNS // 2 :]
    (s, p), (s_newer, p_newer) = mann_kendall(runs), mann_kendall(newer)
    if p > P_WHOLE or p_newer > P_NEWER or s * s_newer <= 0:
        return False
    line = _Line.through(days, runs, slope.value)
    return float(np.abs(runs - line.at(days)).sum()) < best_step(runs)


def _reach(lines: list[_Line], limit: float, last_ms: int, span_ms: int) -> Reach | None:
    trend = lines[0].days_to(limit) * DAY
    if not 0 < trend <= span_ms:
        return None
    ways = [way * DAY for line in lines[1:] if (way := line.days_to(limit)) > 0]
    latest = max(ways) if len(ways) == len(lines) - 1 else np.inf
    return Reach(
        _minute(last_ms + trend),
        _minute(last_ms + min([*ways, trend])),
        None if latest > 2 * span_ms else _minute(last_ms + max(latest, trend)),
    )


def _minute(ms: float) -> int:
    """To the minute: what is foreseen is not known any better."""
    return round(ms / MINUTE) * MINUTE


def _width(deviations: FloatArray) -> float:
    """What 95 % of as many more deviations stay within: the ⌈0.95 (n + 1)⌉-th smallest."""
    rank = min(int(np.ceil(0.95 * (deviations.size + 1))), deviations.size)
    return float(np.sort(np.abs(deviations))[rank - 1])


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
