"""From a pane's start to the stratum of its season.

Local time is UTC moved by the season's offset, without summer time; ``//`` rounds down, so times
before 1970 are cut the same way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.season import SeasonSettings
from stream_monitor.config.week import HOURS, week_of
from stream_monitor.config.week import longest_slide_ms as longest_slide_ms

#: From 1970-01-01 0 h, a Thursday, back to Monday.
_THURSDAY = 3 * 24


def strata(season: SeasonSettings) -> tuple[str, ...]:
    """The names of all strata, in their order; one without a name for ``by: none``.

    ``hour 00`` to ``hour 23``, ``mon`` to ``sun``, ``mon 00`` to ``sun 23``, or the names of the
    contexts as they stand and ``other``.
    """
    return week_of(season).names


def stratum(season: SeasonSettings, time_ms: int) -> str:
    """The name of the stratum that a time lies in, ms since 1970 in UTC.

    >>> stratum(SeasonSettings(by="hour_of_week"), 0)
    'thu 00'
    """
    week = week_of(season)
    local = time_ms + week.offset_ms
    rank = week.hours[(local // HOUR + _THURSDAY) % HOURS]
    if week.dates:
        rank = min(rank, week.dates.get(local // DAY, rank))
    return week.names[week.strata[rank]]


def places(season: SeasonSettings, times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each time (int64, n) the place of its stratum among :func:`strata`, int64 (n,)."""
    week = week_of(season)
    local = times_ms + week.offset_ms
    ranks = np.array(week.hours, dtype=np.int64)[(local // HOUR + _THURSDAY) % HOURS]
    days = local // DAY
    for day, rank in week.dates.items():
        ranks[days == day] = np.minimum(ranks[days == day], rank)
    found: NDArray[np.int64] = np.array(week.strata, dtype=np.int64)[ranks]
    return found
