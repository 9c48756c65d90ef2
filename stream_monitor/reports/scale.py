"""Axes: from values and times to places on a picture, and the marks that people can read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_monitor.alerts.times import rfc3339
from stream_monitor.config.duration import DAY, HOUR, MINUTE, SECOND


@dataclass(frozen=True, slots=True)
class Scale:
    """Values in ``[low, high]`` onto ``[start, end]``; ``low`` < ``high``."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(
        cls, low: float, high: float, start: float, end: float, bounds: tuple[float, float]
    ) -> Scale:
        """A scale with a little room beyond the values, but for what is out of ``bounds``."""
        # A hundredth up and down is no mountain, however flat the rest is.
        lacks = max(0.0, _LEAST * max(abs(low), abs(high)) - (high - low)) / 2
        low, high = low - lacks, high + lacks
        room = 0.08 * (high - low) or 1.0
        found = max(low - room, bounds[0]), min(high + room, bounds[1])
        if not found[0] < found[1]:  # a constant at a bound
            found = found[0] - room, found[1] + room
        return cls(*found, start, end)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, -0.5), 1.5) * (self.end - self.start)

    def marks(self, about: int = 4) -> list[float]:
        """Round values within the scale, about so many.

        >>> Scale(0.0, 1.0, 0, 1).marks()
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        """
        raw = (self.high - self.low) / (about + 1)
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(each * size for each in (1, 2, 5, 10) if each * size >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        digits = 1 - math.floor(math.log10(step))  # so that 3 · 0.2 is 0.6
        return [round(each * step, digits) for each in range(first, min(last, first + 12) + 1)]


def time_marks(begin_ms: int, end_ms: int, about: int = 4) -> list[tuple[int, str]]:
    """Round times in UTC with short texts, at most ``about`` of them.

    >>> time_marks(0, 3 * HOUR)
    [(0, '00:00'), (3600000, '01:00'), (7200000, '02:00'), (10800000, '03:00')]
    """
    span = max(1, end_ms - begin_ms)
    step = next((each for each in _STEPS if span // each < about), span)
    first = -(-begin_ms // step) * step
    precise = max(span, 3 * DAY) if step >= DAY else span  # midnights are told by their days
    return [(at, short(at, precise)) for at in range(first, end_ms + 1, step)][:about]


def short(ms: int, span_ms: int) -> str:
    """A time as precise as a period of ``span_ms`` needs.

    >>> short(1_767_225_600_000, DAY), short(1_767_225_600_000, 30 * DAY)
    ('00:00', '01-01')
    """
    text = rfc3339(ms - ms % 1000)
    if span_ms <= 10 * MINUTE:
        return text[11:19]
    if span_ms <= 2 * DAY:
        return text[11:16]
    return text[5:10] if span_ms <= 700 * DAY else text[:7]


#: The least that an axis spans, as a share of its values.
_LEAST = 0.04
_STEPS = (
    *(each * SECOND for each in (1, 5, 15)),
    *(each * MINUTE for each in (1, 5, 15, 30)),
    *(each * HOUR for each in (1, 2, 3, 6, 12)),
    *(each * DAY for each in (1, 2, 7, 14, 30, 60, 120, 360, 720)),
)
