"""Versions and slices beside each other, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_monitor.reports.tables import Table
from stream_monitor.reports.words import count, cut, figure_name, interval, number

#: Values of a slice that have a line; those with most rows.
VALUES = 20


def slice_tables(cumulative: Mapping[str, Any]) -> list[Table]:
    """A table for each dimension: its values with rows, labels and figures."""
    return [_slices(name, found) for name, found in cumulative.get("slices", {}).items()]


def version_tables(cumulative: Mapping[str, Any]) -> list[Table]:
    """A table for each version beside the champion."""
    return [_version(each) for each in cumulative.get("versions", ())]


def _slices(name: str, dimension: Mapping[str, Any]) -> Table:
    values = sorted(dimension["values"].items(), key=lambda item: (-item[1]["rows"], item[0]))
    shown = values[:VALUES]
    figures = list(dict.fromkeys(f for _, found in shown for f in found["figures"]))
    rows = [
        [cut(value), f"{found['rows']:,}", f"{found['labelled']:,}"]
        + [_told(found["figures"].get(figure), figure) for figure in figures]
        for value, found in shown
    ]
    left = []
    if len(values) > VALUES:
        left.append(f"{count(len(values) - VALUES, 'more value')} with fewer events")
    if dimension.get("dropped_rows"):
        left.append(f"{count(dimension['dropped_rows'], 'event')} of values beyond the limit")
    note = f"Not shown: {' and '.join(left)}." if left else ""
    heads = [cut(name), "events", "labelled", *(figure_name(figure) for figure in figures)]
    return Table(f"By {cut(name)}", heads, rows, note)


def _version(found: Mapping[str, Any]) -> Table:
    version, champion = cut(str(found["version"])), cut(str(found["champion"]))
    rows = [
        [
            figure_name(each["metric"]),
            _told(each["champion"], each["metric"]),
            _told(each["candidate"], each["metric"]),
            number(each.get("difference"), each["metric"]),
            interval(each.get("lower"), each.get("upper"), each["metric"]),
            str(each["decided"]),
        ]
        for each in found["metrics"]
    ]
    heads = [
        "figure",
        f"{champion} (champion)",
        version,
        "difference",
        "95 % interval",
        "decided",
    ]
    note = "Decided: by a confidence sequence, which may be read at any time."
    worse = frozenset(at for at, each in enumerate(found["metrics"]) if each["decided"] == "worse")
    return Table(f"Version {version} beside {champion}", heads, rows, note, worse)


def _told(figure: Mapping[str, Any] | None, name: str) -> str:
    if figure is None or figure.get("value") is None:
        return "–"
    lower, upper = figure.get("lower"), figure.get("upper")
    told = number(figure["value"], name)
    return told if lower is None and upper is None else f"{told} ({interval(lower, upper, name)})"
