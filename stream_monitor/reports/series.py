"""Figures of windows in the order of time, as they are drawn and forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from stream_monitor.reports.facts import Point, WindowFacts
from stream_monitor.reports.forecast import Forecast, forecast

#: Points that a line is drawn through at most.
MOST_POINTS = 160


class Dated(NamedTuple):
    """A figure of the window ``[start_ms, end_ms)``."""

    start_ms: int
    end_ms: int
    point: Point


def figure_series(windows: Iterable[WindowFacts], name: str) -> tuple[Dated, ...]:
    """One figure of the windows that have it."""
    found = ((window, window.figure(name)) for window in windows)
    return tuple(Dated(w.start_ms, w.end_ms, point) for w, point in found if point is not None)


def effect_series(windows: Iterable[WindowFacts], column: str) -> tuple[Dated, ...]:
    """The drift of one column; ``alarm`` where it is in alarm."""
    return tuple(
        Dated(w.start_ms, w.end_ms, Point(effect, alarm=column in w.first.drifted))
        for w in windows
        if w.first is not None and (effect := w.first.effects.get(column)) is not None
    )


def bad_series(windows: Iterable[WindowFacts], check: str, column: str) -> tuple[Dated, ...]:
    """The share of bad rows of a column by one check; 0 where there were none."""
    key = check, column
    return tuple(
        Dated(w.start_ms, w.end_ms, Point(w.first.bad.get(key, 0.0), alarm=key in w.first.broken))
        for w in windows
        if w.first is not None and w.rows
    )


def apart(series: Sequence[Dated]) -> list[Dated]:
    """Those that do not overlap, the newest one first of all; in the order of time."""
    kept: list[Dated] = []
    for each in reversed(series):
        if not kept or each.end_ms <= kept[-1].start_ms:
            kept.append(each)
    return kept[::-1]


def forecast_of(
    series: Sequence[Dated], limit: float | None, bounds: tuple[float, float]
) -> Forecast | None:
    """The forecast of a series from its windows that do not overlap."""
    found = apart(series)
    ends = np.array([each.end_ms for each in found], dtype=np.int64)
    values = np.array([each.point.value for each in found], dtype=np.float64)
    return forecast(ends, values, limit, bounds)


def thinned(series: Sequence[Dated], most: int = MOST_POINTS) -> tuple[list[Dated], int]:
    """At most ``most`` points, and how many windows each stands for.

    A point is the mean of neighbouring windows; its interval goes from their least to their
    greatest bound, and it is in alarm if one of them is.
    """
    each = -(-len(series) // most) if series else 1
    if each == 1:
        return list(series), 1
    groups = [series[at : at + each] for at in range(0, len(series), each)]
    return [_mean(group) for group in groups], each


def _mean(group: Sequence[Dated]) -> Dated:
    points = [one.point for one in group]
    lows = [point.lower for point in points if point.lower is not None]
    highs = [point.upper for point in points if point.upper is not None]
    last = points[-1]
    merged = last._replace(
        value=sum(point.value for point in points) / len(points),
        lower=min(lows, default=None),
        upper=max(highs, default=None),
        n=sum(point.n for point in points),
        alarm=any(point.alarm for point in points),
    )
    return Dated(group[0].start_ms, group[-1].end_ms, merged)
