"""The report as one HTML file: no script, nothing fetched, and all names escaped."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from stream_monitor.alerts.names import NAMED
from stream_monitor.reports import cards, tables, words
from stream_monitor.reports.cards import Card
from stream_monitor.reports.columns import LISTED, PICTURED
from stream_monitor.reports.episodes import Episode
from stream_monitor.reports.figures import PICTURED as FIGURES_PICTURED
from stream_monitor.reports.forecast import FEWEST
from stream_monitor.reports.history import History
from stream_monitor.reports.overview import gravest, what
from stream_monitor.reports.period import Period, summarise
from stream_monitor.reports.strips import Track, drift_strips, episode_strip, window_strip
from stream_monitor.reports.tables import Table
from stream_monitor.reports.versions import slice_tables, version_tables

#: Alerts that are listed; of more the open ones first.
EPISODES = 30
SECTIONS = {
    "recommendations": "What to do",
    "timeline": "Alerts",
    "drift": "Drift of each column",
    "performance": "Performance",
    "coverage": "Estimates and labels",
    "quality": "Data quality",
    "latency": "Latency",
    "versions": "Versions and slices",
    "forecast": "Forecast",
    "overview": "What this was made of",
}


def render(history: History) -> str:
    """The page of a history: one HTML document; the same history gives the same bytes."""
    period = summarise(history)
    track = Track.of(history.windows) if history.windows else None
    listed = period.columns[:LISTED]
    return _template().render(
        period=period,
        history=history,
        overview=period.overview,
        sections=SECTIONS,
        track=track,
        episodes=_episodes(period, track),
        more_episodes=max(0, len(history.episodes) - EPISODES),
        columns=listed,
        more_columns=len(period.columns) - len(listed),
        pictured=PICTURED,
        drawn=_drawn(period, track) if track else None,
        tables=_tables(period),
        fewest=FEWEST,
        versions=version_tables(history.cumulative.told),
        slices=slice_tables(history.cumulative.told),
        confusion=cards.confusion(history.confusion),
        references=[_reference(history, hash_) for hash_ in _hashes(history)],
    )


def _tables(period: Period) -> dict[str, Table]:
    return {
        "performance": tables.performance_table(period),
        "estimates": tables.estimates_table(period),
        "quality": tables.quality_table(period),
        "latency": tables.latency_table(period),
        "forecast": tables.forecast_table(period),
    }


class _Drawn(NamedTuple):
    """The pictures of a page; without any window there are none."""

    windows: Markup
    strips: dict[str, Markup]
    columns: list[Card]
    figures: list[Card]
    coverage: list[Card]
    quality: list[Card]
    latency: list[Card]


def _drawn(period: Period, track: Track) -> _Drawn:
    windows, matters = period.history.windows, period.history.settings.drift.min_effect
    return _Drawn(
        windows=window_strip(windows, track),
        strips=drift_strips(windows, period.columns[:LISTED], track),
        columns=[cards.column_card(each, track, matters) for each in period.pictured],
        figures=cards.figure_cards(period.performance[:FIGURES_PICTURED], track),
        coverage=cards.coverage_cards(period, track),
        quality=cards.quality_cards(period, track),
        latency=cards.latency_cards(period, track),
    )


def _episodes(period: Period, track: Track | None) -> list[dict[str, Any]]:
    """Open alerts first, the gravest on top, then those that are over, the newest on top."""
    told = period.overview
    past = sorted((*told.over, *told.withdrawn), key=lambda each: -(each.end_ms or 0))
    return [_episode(each, track) for each in [*gravest(told.open), *past][:EPISODES]]


def _episode(each: Episode, track: Track | None) -> dict[str, Any]:
    ends_ms = each.end_ms or each.last.window_end_ms
    if each.is_open and track is not None:
        ends_ms = track.end_ms
    kind = "withdrawn" if each.is_withdrawn else each.told.severity
    return {
        "title": what(each),
        "kind": kind,
        "is_open": each.is_open,
        "since_ms": each.since_ms,
        "end_ms": each.end_ms,
        "lasted": words.lasted(ends_ms - each.since_ms),
        "starts": len(each.starts),
        "summary": each.last.summary if each.is_withdrawn else each.told.summary,
        "strip": episode_strip(what(each), each.since_ms, each.end_ms, kind, track)
        if track
        else "",
    }


def _hashes(history: History) -> list[str]:
    """The references in the order in which they were used, the newest five."""
    return list(dict.fromkeys(w.reference_hash for w in history.windows))[-NAMED:]


def _reference(history: History, hash_: str) -> dict[str, Any]:
    windows = [w for w in history.windows if w.reference_hash == hash_]
    return {
        "hash": hash_,
        "facts": history.references.get(hash_),
        "windows": len(windows),
        "from_ms": windows[0].start_ms,
        "to_ms": windows[-1].end_ms,
    }


def kept(text: str) -> Markup:
    """A sentence whose dates and whose numbers with their units are not broken into lines."""
    whole = _UNIT.sub("\N{NO-BREAK SPACE}", str(escape(text)))
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', whole))


_UNIT = re.compile(r"(?<=\d) (?=%|ms\b)")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("stream_monitor.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        kept,
        words.moment,
        words.number,
        words.count,
        words.column_name,
    ):
        environment.filters[function.__name__] = function
    return environment.get_template("page.html")
