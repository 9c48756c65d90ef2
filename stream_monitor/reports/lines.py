"""A figure over time as a picture: its line, interval, estimate, limit, alarms and forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from stream_monitor.reports import words
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.scale import Scale, time_marks
from stream_monitor.reports.series import Dated, thinned
from stream_monitor.reports.svg import element, path, picture
from stream_monitor.reports.words import count, marks

WIDTH, HEIGHT = 360.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 20.0, 10.0, 24.0
#: Fewer points than this are shown as dots as well.
_DOTS = 40


def line_chart(
    title: str,
    name: str,
    series: Sequence[Dated],
    *,
    estimate: Sequence[Dated] = (),
    limit: float | None = None,
    forecast: Forecast | None = None,
    limit_name: str = "limit",
    bounds: tuple[float, float] = (-float("inf"), float("inf")),
    floor: float | None = None,
    period: tuple[int, int] | None = None,
) -> Markup:
    """The picture; ``series`` must not be empty. ``name`` says in which unit it is told, and
    ``floor`` a value that is always in sight.

    A forecast is drawn behind the last window. Of long series each point is the mean of several
    windows, which the title tells.
    """
    shown, each = thinned(series)
    promised, _ = thinned(estimate)
    begin, end = period or (shown[0].start_ms, shown[-1].end_ms)
    if forecast is not None:
        end = max(end, forecast.at_ms)
    values = [v for one in (*shown, *promised) for v in _extent(one)]
    values += [each for each in (limit, floor) if each is not None]
    values += [forecast.lower, forecast.upper] if forecast is not None else []
    y = Scale.of(min(values), max(values), HEIGHT - BOTTOM, TOP, bounds)
    x = Scale(begin, max(end, begin + 1), LEFT, WIDTH - RIGHT)
    said = title + (f"; each point is the mean of {count(each, 'window')}" if each > 1 else "")
    return picture(
        said,
        WIDTH,
        HEIGHT,
        *_axes(x, y, name, begin, end),
        *_forecast(x, y, shown, forecast),
        _band(x, y, shown),
        element("path", d=_line(x, y, promised), class_="estimate"),
        *_limit(y, limit),
        element("path", d=_line(x, y, shown), class_="line"),
        *_dots(x, y, shown),
        *_limit_name(y, limit, f"{limit_name} {words.limit(limit, name)}"),
    )


def _extent(one: Dated) -> tuple[float, ...]:
    point = one.point
    return tuple(v for v in (point.value, point.lower, point.upper) if v is not None)


def _axes(x: Scale, y: Scale, name: str, begin: int, end: int) -> Iterator[Markup]:
    there = y.marks()
    for mark, text in zip(there, marks(there, name), strict=True):
        at = y(mark)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid")
        yield element("text", text, x=LEFT - 5, y=at + 4, class_="mark right")
    for ms, text in time_marks(begin, end):
        yield element("text", text, x=x(ms), y=HEIGHT - 7, class_="mark middle")


def _line(x: Scale, y: Scale, shown: Sequence[Dated]) -> str:
    return path((x(each.end_ms), y(each.point.value)) for each in shown)


def _band(x: Scale, y: Scale, shown: Sequence[Dated]) -> Markup:
    whole = [
        (x(each.end_ms), y(each.point.lower), y(each.point.upper))
        for each in shown
        if each.point.lower is not None and each.point.upper is not None
    ]
    if len(whole) == 1:
        ((at, low, high),) = whole
        return element("line", x1=at, x2=at, y1=low, y2=high, class_="whisker")
    up = [(at, high) for at, _, high in whole]
    down = [(at, low) for at, low, _ in reversed(whole)]
    return element("path", d=path([*up, *down], closed=True), class_="band")


def _limit(y: Scale, limit: float | None) -> Iterator[Markup]:
    if limit is not None:
        at = y(limit)
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="limit")


def _limit_name(y: Scale, limit: float | None, text: str) -> Iterator[Markup]:
    """Over all lines, beside its own, on the side that has room."""
    if limit is not None:
        at = y(limit) + (12 if y(limit) < TOP + 14 else -4)
        yield element("text", text, x=WIDTH - RIGHT, y=at, class_="mark right limit-text")


def _dots(x: Scale, y: Scale, shown: Sequence[Dated]) -> Iterator[Markup]:
    few = len(shown) <= _DOTS
    for each in shown:
        if each.point.alarm or few:
            class_ = "dot alarm" if each.point.alarm else "dot"
            radius = 3.4 if each.point.alarm else 2.2
            place = {"cx": x(each.end_ms), "cy": y(each.point.value)}
            yield element("circle", **place, r=radius, class_=class_)


def _forecast(
    x: Scale, y: Scale, shown: Sequence[Dated], found: Forecast | None
) -> Iterator[Markup]:
    if found is None:
        return
    last = shown[-1].end_ms
    if found.slope is None:
        corners = [(last, found.lower), (last, found.upper)]
        line = [(last, found.value), (found.at_ms, found.value)]
    else:
        corners = [(last, shown[-1].point.value)]
        line = [(last, shown[-1].point.value), (found.at_ms, found.value)]
    corners += [(found.at_ms, found.upper), (found.at_ms, found.lower)]
    places = [(x(at), y(value)) for at, value in corners]
    yield element("path", d=path(places, closed=True), class_="forecast-band")
    yield element("path", d=path((x(at), y(v)) for at, v in line), class_="forecast")
    if found.reaches is not None and found.limit is not None and found.reaches.at_ms <= found.at_ms:
        yield element("circle", cx=x(found.reaches.at_ms), cy=y(found.limit), r=4, class_="reach")
