"""Where a figure is going, and whether that can be said at all.

The windows, which must not overlap, are cut into 16 runs of equal number, whose means are less
noisy and less dependent than the windows. There is a trend if all of this holds:

- the means rise or fall by Kendall's test (p ≤ 0.01);
- the newer eight of them do so on their own, the same way (p ≤ 0.05): what has come to rest, as
  after a sudden change, is no trend any more;
- a straight line describes them better than the best single step.

Without one the forecast is the level of the newer half. A date is given only where a trend leads
to the limit within as long a time as the history itself is.

Windows that remember the one before say less than their number, so the interval is that of fewer
(``_width``). Dates and intervals are simulated in the tests, on AR(1) series with a coefficient of
up to 0.9 from window to window: at most 2 % get a date, at least 90 % of the intervals hold. Not so
of random walks, and a trend need not go on: a forecast is what would be if all went on as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from stream_monitor.config.duration import DAY, HOUR, MINUTE
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.trend import Slope, best_step, mann_kendall, theil_sen

#: Windows that a forecast needs: the widest of 20 deviations bounds 95 % of them.
FEWEST = 20
RUNS = 16
P_WHOLE = 0.01
P_NEWER = 0.05


class Reach(NamedTuple):
    """When the limit is reached: by the trend, and by the steepest and flattest that fit.

    To the day, of a history shorter than ten days to the hour, than ten hours to the minute:
    what is foreseen is not known any better. Rounded outwards, the date itself down.

    ``latest_ms`` is ``None`` where the flattest does not lead there within the horizon.
    """

    at_ms: int
    earliest_ms: int
    latest_ms: int | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a window that ends at ``at_ms``, half as far ahead as the history.

    ``lower`` and ``upper`` hold 95 % of windows if these deviate from the line as they did, and
    for a trend with a slope anywhere in its 95 % interval; a trend too weak to be told is not
    allowed for. ``slope`` is the change a day, ``None`` without a trend;
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
        older = values[: n // 2]
        half = _width(newer - middle, [older - np.median(older), newer - middle])
        low, high = _within(middle - half, bounds), _within(middle + half, bounds)
        return Forecast(at_ms, middle, low, high, None, p_value, n, limit)
    lines = [_Line.through(run_days, runs, each) for each in (slope.value, *slope[1:])]
    deviations = values - lines[0].at(days)
    half = _width(deviations, [deviations])
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
    unit = next(each for each in (DAY, HOUR, MINUTE) if 10 * each <= span_ms or each == MINUTE)
    dates = last_ms + trend, last_ms + min([*ways, trend]), last_ms + max(latest, trend)
    # Not beyond the horizon, nor before the last window, by being rounded.
    at, earliest = (max(last_ms, int(each // unit) * unit) for each in dates[:2])
    return Reach(at, earliest, None if latest > 2 * span_ms else -int(-dates[2] // unit) * unit)


def _width(deviations: FloatArray, parts: list[FloatArray]) -> float:
    """What a further window stays within of the level, with a chance of 95 %.

    The wider of two: what the deviations themselves tell without a distribution, the
    ⌈0.95 (n + 1)⌉-th smallest; and Student's interval of as many independent windows as say as
    much of a level as these do (Bayley and Hammersley 1946), which allows for the level's own
    error. ``parts`` are those that the memory is judged by, each about a level of its own.
    """
    n = deviations.size
    rank = min(int(np.ceil(0.95 * (n + 1))), n)
    memory = _memory(parts)
    independent = max(_FEWEST_INDEPENDENT, n * (1 - memory) / (1 + memory))
    variance = float(deviations @ deviations) / n / (1 - 1 / independent)
    student = float(stdtrit(independent - 1, 0.975))
    return max(
        float(np.sort(np.abs(deviations))[rank - 1]),
        student * float(np.sqrt(variance * (1 + 1 / independent))),
    )


def _memory(parts: list[FloatArray]) -> float:
    """How much of a deviation the next window keeps, within [0, 0.95].

    The lag-1 autocorrelation, less its bias for each level that was taken off (Kendall 1954).
    """
    variance = sum(float(part @ part) for part in parts)
    if variance == 0:
        return 0.0
    raw = sum(float(part[1:] @ part[:-1]) for part in parts) / variance
    n = sum(part.size for part in parts)
    return min(max(raw + len(parts) * (1 + 3 * raw) / n, 0.0), _MOST_MEMORY)


#: Of fewer no spread can be told; and a memory beyond is hardly told from a walk.
_FEWEST_INDEPENDENT = 3.0
_MOST_MEMORY = 0.95


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
