"""The pictures of a page, each with its title and a line below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from stream_monitor.reports import words
from stream_monitor.reports.columns import BadStory, Pictured, bad_of
from stream_monitor.reports.figures import ESTIMATED, FigureStory, bounds_of
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.history import History
from stream_monitor.reports.lines import line_chart
from stream_monitor.reports.period import Period
from stream_monitor.reports.series import Dated, thinned
from stream_monitor.reports.shapes import distribution_chart
from stream_monitor.reports.strips import Track

#: Checks with a picture, and classes of a confusion matrix that are shown.
CHECKS_PICTURED = 4
CLASSES = 12
_INFINITE = float("inf")


class Card(NamedTuple):
    """``value`` is the newest window's; ``tone`` is ``alarm`` where that is in alarm."""

    title: str
    value: str
    note: str
    pictures: tuple[Markup, ...]
    tone: str = ""


def column_card(found: Pictured, track: Track, matters: float) -> Card:
    """A column: distributions over each other, and its drift over time.

    ``matters`` is the smallest effect that does.
    """
    one, name = found.story, words.column_name(found.story.column)
    note = (
        f"In alarm in {one.in_alarm:,} of {words.count(one.measured, 'window')}; at most "
        f"{words.number(one.largest)}, in the window to {words.moment(one.largest_ms)}"
    )
    pictures = []
    if found.shape is not None:
        when = "newest window" if found.is_newest else "window in which it had drifted most"
        at = words.moment(found.shape.end_ms)
        note += f". Drawn: the {when}, to {at}"
        pictures.append(
            distribution_chart(f"{name}: the reference and the window to {at}", found.shape.counts)
        )
    if len(found.series) > 1:
        pictures.append(
            line_chart(
                f"{name}: drift over time",
                "",
                found.series,
                forecast=found.forecast if _goes(found.forecast) else None,
                limit=matters,
                limit_name="matters from",
                bounds=(0.0, _INFINITE),
                floor=0.0,
                period=(track.begin_ms, track.end_ms),
            )
        )
    note += _thinning(found.series)
    drift = f"drift {words.number(one.now)}"
    return Card(name, drift, note + ".", tuple(pictures), "alarm" if one.is_drifted else "")


def figure_cards(stories: Sequence[FigureStory], track: Track) -> list[Card]:
    """Figures with interval, estimate, limit and forecast."""
    return [_figure_card(each, track) for each in stories]


def coverage_cards(period: Period, track: Track) -> list[Card]:
    """The labelled share; and the estimates where no window has the figure itself."""
    told = {each.name for each in period.performance}
    alone = [e for e in period.estimates if e.name.removeprefix(ESTIMATED) not in told]
    return figure_cards([*period.coverage, *alone[:CHECKS_PICTURED]], track)


def quality_cards(period: Period, track: Track) -> list[Card]:
    """The score, and the checks that found most."""
    bad = [_bad_card(period.history, each, track) for each in period.bad[:CHECKS_PICTURED]]
    return [*bad, *figure_cards(period.quality, track)]


def latency_cards(period: Period, track: Track) -> list[Card]:
    """The greatest quantile, and the median."""
    quantiles = [each for each in period.latency if words.quantile(each.name) is not None]
    shown = quantiles[::-1][:1] + quantiles[:1] if len(quantiles) > 1 else quantiles
    return figure_cards(shown, track)


def confusion(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The confusion matrix of the newest window with labels; ``None`` for many classes."""
    counts = [list(row) for row in found.get("counts", ())]
    classes = [words.cut(str(each)) for each in found.get("classes", ())]
    if not counts or not 2 < len(classes) <= CLASSES:
        return None
    others = sum(counts[-1]) + sum(row[-1] for row in counts)
    if not others:  # nothing outside the reference's classes
        classes, counts = classes[:-1], [row[:-1] for row in counts[:-1]]
    total = sum(map(sum, counts))
    return {"classes": classes, "counts": counts, "total": total} if total else None


def _figure_card(one: FigureStory, track: Track) -> Card:
    name = words.figure_name(one.name)
    point = one.newest.point
    note = f"In the window to {words.moment(one.newest.end_ms)}"
    if point.lower is not None or point.upper is not None:
        note += f", 95 %: {words.interval(point.lower, point.upper, one.name)}"
    worst = one.worst
    if worst.point.value != point.value:
        note += f"; worst {words.number(worst.point.value, one.name)}, {words.moment(worst.end_ms)}"
    if one.estimate:
        note += ". Dashed: estimated from the scores"
    note += _thinning(one.series)
    chart = line_chart(
        f"{name} over time",
        one.name,
        one.series,
        estimate=one.estimate,
        limit=one.limit,
        forecast=one.forecast if _goes(one.forecast) else None,
        bounds=bounds_of(one.name),
        period=(track.begin_ms, track.end_ms),
    )
    value = words.number(point.value, one.name)
    return Card(name, value, note + ".", (chart,), "alarm" if point.alarm else "")


def _bad_card(history: History, one: BadStory, track: Track) -> Card:
    name = f"{words.column_name(one.column)}: {words.check(one.check)}"
    now, worst = (words.number(share, one.check) for share in (one.now, one.worst))
    series = bad_of(history, one)
    note = f"At most {worst}, in the window to {words.moment(one.worst_ms)}{_thinning(series)}."
    chart = line_chart(
        f"{name} over time",
        one.check,
        series,
        bounds=(0.0, 1.0),
        floor=0.0,
        period=(track.begin_ms, track.end_ms),
    )
    return Card(name, now, note, (chart,), "alarm" if one.is_broken else "")


def _thinning(series: Sequence[Dated]) -> str:
    _, each = thinned(series)
    return f". A point is the mean of {each:,} windows" if each > 1 else ""


def _goes(found: Forecast | None) -> bool:
    """Whether a forecast is worth a line in a picture: only a trend is."""
    return found is not None and found.slope is not None
