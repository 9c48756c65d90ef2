"""Figures as tables: what stands in a row, and which rows are in alarm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stream_monitor.reports import words
from stream_monitor.reports.facts import Point
from stream_monitor.reports.figures import ERROR, ESTIMATED, FigureStory
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.period import Period

#: Checks that have a line.
CHECKS = 40


class Table(NamedTuple):
    """``rows`` have a cell for each of ``heads``; the first of a row is what it is about.

    ``note`` is what the table leaves out, or empty; ``alarms`` are the rows that are in alarm.
    """

    title: str
    heads: list[str]
    rows: list[list[str]]
    note: str = ""
    alarms: frozenset[int] = frozenset()


def performance_table(period: Period) -> Table:
    """Every figure of performance."""
    return _figures("Every figure", "figure", period.performance)


def latency_table(period: Period) -> Table:
    """Quantiles and mean."""
    return _figures("Every figure", "latency", period.latency)


def estimates_table(period: Period) -> Table:
    """What is estimated from the scores, and how far it was off where labels have come."""
    off = {each.name.removeprefix(ERROR): each for each in period.errors}
    heads = ["figure", "estimated in the newest window", "95 % interval"]
    if off:
        heads += ["off by, where labels came", "95 % interval of that"]
    rows = []
    for each in period.estimates:
        bare = each.name.removeprefix(ESTIMATED)
        row = [words.figure_name(bare), *_told(each)]
        if off:
            row += _told(off[bare]) if bare in off else ["–", "–"]
        rows.append(row)
    return Table("Estimated from the scores", heads, rows)


def quality_table(period: Period) -> Table:
    """The checks of columns that found bad rows."""
    shown = period.bad[:CHECKS]
    rows = [
        [
            words.column_name(one.column),
            words.check(one.check),
            words.number(one.now, one.check),
            words.number(one.worst, one.check),
            words.moment(one.worst_ms),
            f"{one.in_alarm:,}",
        ]
        for one in shown
    ]
    more = len(period.bad) - len(shown)
    return Table(
        "Bad values by column",
        ["column", "bad values", "newest window", "most", "in the window to", "windows in alarm"],
        rows,
        f"{words.count(more, 'more check')} that found something not shown." if more else "",
        frozenset(at for at, one in enumerate(shown) if one.is_broken),
    )


def forecast_table(period: Period) -> Table:
    """Every forecast that there is: of the main figures, then of the columns that moved most."""
    rows = [
        _forecast(words.figure_name(one.name), one.name, one.newest.point, one.forecast)
        for one in period.forecast
        if one.forecast is not None
    ]
    rows += [
        _forecast(
            f"drift of {words.column_name(one.story.column)}", "", one.series[-1].point, found
        )
        for one in period.pictured
        if (found := one.forecast) is not None
    ]
    heads = ["figure", "newest", "expected", "95 % interval", "on", "trend", "limit"]
    return Table("What is expected", heads, rows)


def _figures(title: str, head: str, stories: Sequence[FigureStory]) -> Table:
    has_limit = any(one.limit is not None for one in stories)
    has_interval = any(one.newest.point.lower is not None for one in stories)
    heads = [head, "newest window", "95 % interval", "worst", "in the window to", "limit"]
    kept = [True, True, has_interval, True, True, has_limit]
    rows = [
        [
            words.figure_name(one.name),
            *_told(one),
            words.number(one.worst.point.value, one.name),
            words.moment(one.worst.end_ms),
            words.limit(one.limit, one.name),
        ]
        for one in stories
    ]
    return Table(
        title,
        _only(heads, kept),
        [_only(row, kept) for row in rows],
        alarms=frozenset(at for at, one in enumerate(stories) if one.newest.point.alarm),
    )


def _only(cells: list[str], kept: list[bool]) -> list[str]:
    return [cell for cell, is_kept in zip(cells, kept, strict=True) if is_kept]


def _told(one: FigureStory) -> list[str]:
    """The newest value and its interval."""
    point = one.newest.point
    return [
        words.number(point.value, one.name),
        words.interval(point.lower, point.upper, one.name),
    ]


def _forecast(title: str, name: str, now: Point, found: Forecast) -> list[str]:
    trend, limit = "none found", "–"
    if found.slope is not None:
        pace = words.number(abs(found.slope.value), name)
        sign = "+" if found.slope.value > 0 else "−"
        trend = f"{sign}{pace} a day ({words.chance(found.p_value)})"
    if found.limit is not None:
        limit = words.limit(found.limit, name)
        is_beyond = now.value < found.limit if now.below else now.value > found.limit
        limit += ": beyond it now" if is_beyond else ": not foreseen"
    if found.reaches is not None:
        late = found.reaches.latest_ms
        limit = (
            f"reaches {words.limit(found.limit, name)} on {words.moment(found.reaches.at_ms)} "
            f"({words.moment(found.reaches.earliest_ms)} to "
            f"{'much later' if late is None else words.moment(late)})"
        )
    return [
        title,
        words.number(now.value, name),
        words.number(found.value, name),
        words.interval(found.lower, found.upper, name),
        words.moment(found.at_ms),
        trend,
        limit,
    ]
