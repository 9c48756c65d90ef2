"""The report as one JSON document, with the figures that the page draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stream_monitor.alerts.columns import columns_to_list
from stream_monitor.alerts.times import rfc3339
from stream_monitor.reports.columns import LISTED
from stream_monitor.reports.episodes import Episode
from stream_monitor.reports.figures import FigureStory
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.history import History
from stream_monitor.reports.overview import what
from stream_monitor.reports.period import summarise
from stream_monitor.reports.series import Dated, thinned

SCHEMA = "stream-monitor/period/1"


def document(history: History) -> dict[str, Any]:
    """The document, of JSON's own types; series are thinned as on the page."""
    period = summarise(history)
    told = period.overview
    return {
        "schema": SCHEMA,
        "model": history.model,
        "since": rfc3339(history.since_ms),
        "until": rfc3339(history.until_ms),
        "verdict": {"tone": told.tone.value, "sentence": told.sentence},
        "windows": {
            "all": len(history.windows),
            "by_status": dict(sorted(told.statuses.items())),
            "dropped": history.dropped,
        },
        "found": {
            "from": None if history.found is None else rfc3339(history.found[0]),
            "to": None if history.found is None else rfc3339(history.found[1]),
            "is_whole": history.is_whole,
            "is_cut": history.is_cut,
        },
        "events": told.rows,
        "labelled": told.labelled,
        "references": [fact._asdict() for fact in history.references.values()],
        "recommendations": [each._asdict() for each in period.recommendations],
        "episodes": [_episode(each) for each in history.episodes],
        "columns": [
            {
                "column": one.column,
                "effect": one.now,
                "largest": one.largest,
                "largest_in_window_to": rfc3339(one.largest_ms),
                "windows_in_alarm": one.in_alarm,
                "windows_measured": one.measured,
                "drifted": one.is_drifted,
            }
            for one in period.columns
        ],
        "distributions": {
            column: {"window_to": rfc3339(shape.end_ms), **shape.counts}
            for column in [one.column for one in period.columns[:LISTED]]
            if (shape := history.newest.get(column)) is not None
        },
        "drift": [
            {"column": one.story.column, **_series(one.series), "forecast": _forecast(one.forecast)}
            for one in period.pictured
        ],
        "performance": [_figure(one) for one in period.performance],
        "coverage": [_figure(one) for one in period.coverage],
        "estimates": [_figure(one) for one in period.estimates],
        "estimate_errors": [_figure(one) for one in period.errors],
        "quality": [_figure(one) for one in period.quality],
        "bad_values": [
            {
                "column": one.column,
                "check": one.check,
                "share": one.now,
                "largest": one.worst,
                "largest_in_window_to": rfc3339(one.worst_ms),
                "windows_in_alarm": one.in_alarm,
            }
            for one in period.bad
        ],
        "latency": [_figure(one) for one in period.latency],
        "cumulative": _cumulative(history),
        "versions": list(history.cumulative.told.get("versions", ())),
        "slices": dict(history.cumulative.told.get("slices", {})),
    }


def _cumulative(history: History) -> dict[str, Any] | None:
    """What versions and slices are of."""
    found = history.cumulative
    if not found.told:
        return None
    return {
        "to": rfc3339(found.to_ms),
        "reference_hash": found.reference_hash,
        "events": int(found.told["rows"]),
        "labelled": found.labelled,
    }


def _episode(each: Episode) -> dict[str, Any]:
    event = each.told
    return {
        "alert_id": event.alert_id,
        "title": what(each),
        "severity": event.severity,
        "status": each.last.status,
        "since": rfc3339(each.since_ms),
        "until": None if each.end_ms is None else rfc3339(each.end_ms),
        "started": len(each.starts),
        "family": event.family,
        "monitor": event.monitor,
        "columns": columns_to_list(event.columns),
        "look_first": event.look_first,
        "summary": event.summary,
    }


def _figure(one: FigureStory) -> dict[str, Any]:
    return {
        "figure": one.name,
        "limit": one.limit,
        **_series(one.series),
        "forecast": _forecast(one.forecast),
    }


def _series(series: Sequence[Dated]) -> dict[str, Any]:
    shown, each = thinned(series)
    return {
        "windows_a_point": each,
        "points": [
            {
                "to": rfc3339(one.end_ms),
                "value": one.point.value,
                "lower": one.point.lower,
                "upper": one.point.upper,
                "alarm": one.point.alarm,
            }
            for one in shown
        ],
    }


def _forecast(found: Forecast | None) -> dict[str, Any] | None:
    if found is None:
        return None
    reaches = found.reaches
    return {
        "at": rfc3339(found.at_ms),
        "value": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "slope_a_day": None if found.slope is None else found.slope.value,
        "p_value": found.p_value,
        "windows": found.n,
        "reaches": None
        if reaches is None
        else {
            "at": rfc3339(reaches.at_ms),
            "earliest": rfc3339(reaches.earliest_ms),
            "latest": None if reaches.latest_ms is None else rfc3339(reaches.latest_ms),
        },
    }
