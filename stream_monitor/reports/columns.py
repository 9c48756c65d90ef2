"""Each column over the period: how far it drifted, and what was wrong with its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from stream_monitor.reports.facts import First
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.history import History, Shape
from stream_monitor.reports.series import Dated, bad_series, effect_series, forecast_of

#: Columns with a picture of their own, and columns with a line.
PICTURED = 12
LISTED = 40


@dataclass(frozen=True, slots=True)
class ColumnStory:
    """One column. ``now`` is its drift in the newest window that measured it.

    ``largest`` is the greatest of the windows in alarm, of all if there are none, and
    ``largest_ms`` the end of its window;
    ``in_alarm`` of ``measured`` windows were in alarm; ``is_drifted``: the newest one is.
    """

    column: str
    now: float
    largest: float
    largest_ms: int
    in_alarm: int
    measured: int
    is_drifted: bool

    @property
    def rank(self) -> tuple[bool, bool, float, str]:
        """Sorts what to look at first to the front."""
        return (not self.is_drifted, not self.in_alarm, -self.largest, self.column)


class Pictured(NamedTuple):
    """A column with all that is drawn of it; ``shape`` is at its strongest if that is over."""

    story: ColumnStory
    shape: Shape | None
    is_newest: bool
    series: tuple[Dated, ...]
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class BadStory:
    """One check of one column: the share of bad rows now and at its worst."""

    check: str
    column: str
    now: float
    worst: float
    worst_ms: int
    in_alarm: int
    is_broken: bool

    @property
    def rank(self) -> tuple[bool, bool, float, str, str]:
        return (not self.is_broken, not self.in_alarm, -self.worst, self.column, self.check)


def column_stories(history: History) -> list[ColumnStory]:
    """All columns whose drift was measured, what to look at first first."""
    now: dict[str, tuple[float, bool]] = {}
    largest: dict[str, tuple[bool, float, int]] = {}
    alarms: Counter[str] = Counter()
    measured: Counter[str] = Counter()
    for end_ms, first in _firsts(history):
        for column, effect in first.effects.items():
            measured[column] += 1
            alarms[column] += column in first.drifted
            now[column] = effect, column in first.drifted
            found = column in first.drifted, effect, end_ms
            largest[column] = max(largest.get(column, found), found)
    stories = [
        ColumnStory(c, now[c][0], *largest[c][1:], alarms[c], measured[c], now[c][1]) for c in now
    ]
    return sorted(stories, key=lambda story: story.rank)


def pictured(history: History, stories: list[ColumnStory]) -> list[Pictured]:
    """The first dozen columns with their distributions and trends."""
    return [_pictured(history, story) for story in stories[:PICTURED]]


def bad_stories(history: History) -> list[BadStory]:
    """Every check of a column that found bad rows, what to look at first first."""
    worst: dict[tuple[str, str], tuple[float, int]] = {}
    alarms: Counter[tuple[str, str]] = Counter()
    last: First | None = None
    for end_ms, first in _firsts(history):
        alarms.update(first.broken)
        last = first
        for key, share in first.bad.items():
            worst[key] = max(worst.get(key, (-1.0, 0)), (share, end_ms))
    stories = [
        BadStory(
            *key,
            0.0 if last is None else last.bad.get(key, 0.0),
            *worst[key],
            alarms[key],
            last is not None and key in last.broken,
        )
        for key in worst
    ]
    return sorted(stories, key=lambda story: story.rank)


def bad_of(history: History, story: BadStory) -> tuple[Dated, ...]:
    """The shares of a check over the period."""
    return bad_series(history.windows, story.check, story.column)


def shares_of(counts: Mapping[str, Any], which: str) -> list[float]:
    """The shares of the bins of ``counts`` or ``reference``; zeros where there are no rows."""
    found = [int(each) for each in counts[which]]
    total = sum(found)
    return [each / total if total else 0.0 for each in found]


def _pictured(history: History, story: ColumnStory) -> Pictured:
    newest, strongest = history.newest.get(story.column), history.strongest.get(story.column)
    is_over = story.in_alarm > 0 and not story.is_drifted
    shape = strongest if is_over else newest
    series = effect_series(history.windows, story.column)
    limit = history.settings.drift.min_effect
    return Pictured(
        story,
        shape,
        shape is newest,
        series,
        forecast_of(series, limit, bounds=(0.0, float("inf"))),
    )


def _firsts(history: History) -> list[tuple[int, First]]:
    return [(w.end_ms, w.first) for w in history.windows if w.first is not None]
