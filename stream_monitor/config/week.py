"""The week of a season: which stratum each of its hours and dates belongs to, as plain numbers.

A local day is midnight to midnight of UTC moved by the season's offset; a week begins on Monday.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from stream_monitor.config.duration import DAY, HOUR, MINUTE
from stream_monitor.config.season import DAYS, Context, SeasonSettings, context

HOURS = 168
"""Of a week."""
OTHER = "other"
"""The stratum of what no context fits."""

#: The first Monday after 1970-01-01, a Thursday, in hours.
_MONDAY = 4 * 24
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Week:
    """The strata of a season by number: ``names[stratum]``.

    A date's rank is ``dates[days since 1970]`` or else the last; an hour's is ``hours[0..167]``
    from Monday 0 h. The lower of the two ranks counts (what stands first in the configuration),
    and ``strata[rank]`` is the number of its name: contexts of one name are one stratum.
    """

    names: tuple[str, ...]
    hours: tuple[int, ...]
    dates: Mapping[int, int]
    strata: tuple[int, ...]
    offset_ms: int

    @property
    def boundaries(self) -> tuple[int, ...]:
        """The hours of the week, from Monday 0 h, at which a stratum may begin."""
        own = [self.strata[rank] for rank in self.hours]
        changes = {at for at in range(HOURS) if own[at] != own[at - 1]}
        return tuple(sorted(changes | (set(range(0, HOURS, 24)) if self.dates else set())))


@lru_cache(maxsize=64)
def week_of(season: SeasonSettings) -> Week:
    """The week of a season; without strata (``by: none``) it is one stratum without a name."""
    offset = season.utc_offset_minutes * MINUTE
    if season.by == "context":
        return _of_contexts([context(text) for text in season.contexts], offset)
    days, hours = DAYS, tuple(f"{hour:02}" for hour in range(24))
    names, of_hour = {
        "none": (("",), [0] * HOURS),
        "hour": (tuple(f"hour {hour}" for hour in hours), [at % 24 for at in range(HOURS)]),
        "weekday": (days, [at // 24 for at in range(HOURS)]),
        "hour_of_week": (tuple(f"{d} {h}" for d in days for h in hours), list(range(HOURS))),
    }[season.by]
    return Week(names, tuple(of_hour), {}, tuple(range(len(names))), offset)


def longest_slide_ms(season: SeasonSettings) -> int | None:
    """The longest pane that always lies in one stratum; every divisor of it does too.

    Panes are cut from 1970-01-01T00:00Z on, strata in local time. None: one stratum always.
    """
    week = week_of(season)
    if not week.boundaries:
        return None
    first = [(_MONDAY + at) * HOUR - week.offset_ms for at in week.boundaries]
    return math.gcd(7 * DAY, *first)


def _of_contexts(contexts: list[Context], offset_ms: int) -> Week:
    other = len(contexts)
    hours, dates = [other] * HOURS, {}
    for rank, one in reversed(list(enumerate(contexts))):
        if one.dates:
            for text in one.dates.split(","):
                dates[date.fromisoformat(text).toordinal() - _EPOCH] = rank
        else:
            for at in _hours(one):
                hours[at] = rank
    names = tuple(dict.fromkeys([*(one.name for one in contexts), OTHER]))
    strata = tuple(names.index(one.name) for one in contexts)
    return Week(names, tuple(hours), dates, (*strata, len(names) - 1), offset_ms)


def _hours(one: Context) -> list[int]:
    """The hours of the week of a context; a night belongs to the day on which it begins."""
    begin, end = map(int, one.hours.split("-")) if one.hours else (0, 24)
    length = (end - begin - 1) % 24 + 1
    return [(day * 24 + begin + i) % HOURS for day in _days(one.days) for i in range(length)]


def _days(text: str) -> list[int]:
    """The weekdays (Monday 0) of a text such as ``sat-mon,wed``; all seven of an empty one."""
    found: list[int] = []
    for part in text.split(",") if text else ["mon-sun"]:
        ends = part.split("-")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found += [(first + i) % 7 for i in range((last - first) % 7 + 1)]
    return found
