"""The few facts of a window that a report on a period keeps: a window's report is far larger."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.detectors.verdict import Family, State
from stream_monitor.errors import DataError

#: The monitors whose effect a column's drift is shown by: the first that it has. All but the
#: last are within [0, 1], and 0 is no change.
BY = ("ks", "l_infinity", "psi", "jensen_shannon", "wasserstein", "chi_square")


class Point(NamedTuple):
    """One figure of one window: its value, its 95 % interval and its limit where it has them."""

    value: float
    lower: float | None = None
    upper: float | None = None
    threshold: float | None = None
    below: bool = False
    n: int = 0
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class First:
    """What a window's first report alone tells; later labels change none of it.

    ``effects``: of every column whose drift was measured. ``drifted``: the columns in alarm.
    ``bad``: share of bad rows by (check, column), of those above 0. ``broken``: those of them
    that are in alarm. ``figures``: of quality and latency.
    """

    effects: Mapping[str, float]
    drifted: frozenset[str]
    bad: Mapping[tuple[str, str], float]
    broken: frozenset[tuple[str, str]]
    figures: Mapping[str, Point]
    unknown: Mapping[str, int]
    late: int


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A window: what was said first (``None``: not in the period's records), and last of labels.

    ``revision`` is the newest one known. ``figures`` are those of performance.
    """

    report_id: str
    start_ms: int
    end_ms: int
    reference_hash: str
    revision: int
    rows: int
    labelled: int
    status: str
    figures: Mapping[str, Point]
    warnings: tuple[str, ...] = ()
    first: First | None = None

    def merge(self, other: WindowFacts) -> WindowFacts:
        """The newer revision of the same window, with what the first report said of the rest."""
        newer, older = (other, self) if other.revision > self.revision else (self, other)
        return replace(newer, first=newer.first or older.first)

    @property
    def size(self) -> int:
        """How many facts it holds, for what is kept to be bounded."""
        first = self.first
        more = 0 if first is None else len(first.effects) + len(first.bad) + len(first.figures)
        return 10 + len(self.figures) + more

    def figure(self, name: str) -> Point | None:
        """A figure of any family."""
        found = self.figures.get(name)
        return found if found or self.first is None else self.first.figures.get(name)


def facts_of(report: Mapping[str, Any]) -> WindowFacts:
    """The facts of one document of the topic ``reports``; DataError for another document."""
    try:
        window, verdicts = report["window"], report["verdicts"]
        return WindowFacts(
            report_id=str(report["report_id"]),
            start_ms=int(window["start_ms"]),
            end_ms=int(window["end_ms"]),
            reference_hash=str(report["reference_hash"]),
            revision=int(report["revision"]),
            rows=int(report["rows"]),
            labelled=int(report["labelled"]),
            status=str(report["status"]),
            figures=_figures(verdicts, Family.PERFORMANCE),
            warnings=tuple(str(each) for each in report["warnings"]),
            first=_first(report, verdicts) if "drifted" in report else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            "a window's report has not the fields that docs/verdicts.md lists: "
            f"{type(error).__name__} {error}; was it written by another version?"
        ) from error


def _first(report: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]) -> First:
    drift = [each for each in verdicts if each["family"] == Family.DRIFT and each["column"]]
    effects: dict[str, tuple[int, float]] = {}
    for each in drift:
        effect = each.get("effect")
        if each["monitor"] in BY and effect is not None and each["state"] != State.THIN:
            found = (BY.index(each["monitor"]), float(effect))
            effects[each["column"]] = min(found, effects.get(each["column"], found))
    quality = [each for each in verdicts if each["family"] == Family.QUALITY]
    shares = {
        (each["monitor"], each["column"]): float(each["statistic"])
        for each in quality
        if each["column"] and each["monitor"] != EVIDENCE and each.get("statistic")
    }
    return First(
        effects={column: effect for column, (_, effect) in effects.items()},
        drifted=frozenset(report["drifted"]),
        bad=shares,
        broken=frozenset(
            (each["monitor"], each["column"])
            for each in quality
            if each["state"] == State.ALARM and (each["monitor"], each["column"]) in shares
        ),
        figures=_figures(quality, Family.QUALITY) | _figures(verdicts, Family.LATENCY),
        unknown={str(k): int(v) for k, v in report["unknown_features"].items()},
        late=int(report.get("processing", {}).get("late_rows", 0)),
    )


def _figures(verdicts: Sequence[Mapping[str, Any]], family: Family) -> dict[str, Point]:
    """The figures of the model itself, by monitor; those of columns and classes are left out."""
    told = {}
    for each in verdicts:
        value = each.get("statistic")
        if each["family"] != family or each["column"] or each["state"] == State.THIN:
            continue
        if value is None or not math.isfinite(value):
            continue
        told[str(each["monitor"])] = Point(
            float(value),
            each.get("lower"),
            each.get("upper"),
            each.get("threshold"),
            bool(each["below"]),
            int(each["n"]),
            each["state"] == State.ALARM,
        )
    return told
