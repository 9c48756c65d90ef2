"""Figures of reports beside what a scenario expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream_monitor.config import duration
from stream_monitor.scenarios.expect.outcome import Outcome
from stream_monitor.scenarios.spec.expectations import Figure

Report = Mapping[str, Any]


def figures(
    wanted: Sequence[Figure], reports: Sequence[Report], start_ms: int, begins_ms: int
) -> Iterator[Outcome]:
    """What each figure was in the reports of its time, first or as last revised."""
    for one in wanted:
        after = begins_ms if one.after_ms is None else one.after_ms
        values = []
        for report in restated(reports, first=one.first):
            end = report["window"]["end_ms"] - start_ms
            if after < end <= one.by_ms:
                value = figure(report, one.figure, one.column)
                if value is not None:
                    values.append((end, value))
        good = [(end, value) for end, value in values if _fits(one, value)]
        bad = [(end, value) for end, value in values if not _fits(one, value)]
        told = bad if one.every and bad else good or bad
        yield Outcome(
            f"figure {one.figure}" + (f" of {one.column}" if one.column else ""),
            _stated(one, after),
            f"{_shown(told[0][1])} at {duration.render(told[0][0])}" if told else "not reported",
            bool(good) and not (one.every and bad),
        )


def restated(reports: Sequence[Report], *, first: bool) -> list[Report]:
    """One report a window, in order: revision 0, or with what the last revision says over it."""
    found: dict[int, dict[str, Any]] = {}
    for report in reports:
        key = report["window"]["end_ms"]
        if key not in found:
            found[key] = dict(report)
        elif not first:
            before = found[key]
            kept = {(v["monitor"], v["column"]): v for v in before["verdicts"]}
            kept |= {(v["monitor"], v["column"]): v for v in report["verdicts"]}
            found[key] = before | dict(report) | {"verdicts": list(kept.values())}
    return [found[key] for key in sorted(found)]


def figure(report: Report, name: str, column: str) -> float | str | None:
    """One figure of a report, ``None`` where it has none.

    ``version:NAME:METRIC`` is what is decided of a version beside the champion,
    ``slice:SEGMENT:VALUE:METRIC`` a figure of one value of a segment.
    """
    kind, _, rest = name.partition(":")
    if kind == "unknown":
        return float(report["unknown_features"].get(rest, 0))
    if kind == "slice":
        segment, _, rest = rest.partition(":")
        value, _, metric = rest.rpartition(":")
        return _of_slice(report, segment, value, metric)
    if kind == "version":
        version, _, metric = rest.partition(":")
        for comparison in report["cumulative"]["versions"]:
            if comparison["version"] == version:
                for one in comparison["metrics"]:
                    if one.get("metric") == metric:
                        return str(one["decided"]) if "decided" in one else None
        return None
    if name == "late_rows":
        return float(report["processing"]["late_rows"])
    if name in ("rows", "labelled", "status"):
        value = report[name]
        return str(value) if name == "status" else float(value)
    for verdict in report["verdicts"]:
        if verdict["monitor"] == name and verdict["column"] == column:
            statistic = verdict.get("statistic")
            return None if statistic is None else float(statistic)
    return None


def _of_slice(report: Report, segment: str, value: str, metric: str) -> float | None:
    dimension = report["slices"].get(f"segment:{segment}")
    found = None if dimension is None else dimension["values"].get(value)
    told = None if found is None else found["figures"].get(metric, {}).get("value")
    return None if told is None else float(told)


def _fits(wanted: Figure, value: float | str) -> bool:
    if wanted.equals is not None:
        return str(value) == wanted.equals
    if isinstance(value, str):
        return False
    low = wanted.at_least is None or value >= wanted.at_least
    return low and (wanted.at_most is None or value <= wanted.at_most)


def _stated(wanted: Figure, after_ms: int) -> str:
    parts = [f"is {wanted.equals}"] if wanted.equals is not None else []
    parts += [f"at least {wanted.at_least:g}"] if wanted.at_least is not None else []
    parts += [f"at most {wanted.at_most:g}"] if wanted.at_most is not None else []
    when = "in every window" if wanted.every else "once"
    span = f"{duration.render(after_ms)} to {duration.render(wanted.by_ms)}"
    return f"{' and '.join(parts)}, {when} from {span}"


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}"
