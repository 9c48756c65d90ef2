"""What to do, each with the reason: rules over what the period shows and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stream_monitor.alerts.names import listed
from stream_monitor.alerts.rule import Severity
from stream_monitor.alerts.times import rfc3339
from stream_monitor.detectors.verdict import Family, State
from stream_monitor.detectors.worse import MONITOR as WORSE
from stream_monitor.reports.columns import Pictured
from stream_monitor.reports.episodes import Episode
from stream_monitor.reports.figures import ERROR, FigureStory
from stream_monitor.reports.history import History
from stream_monitor.reports.overview import Overview, gravest, what
from stream_monitor.reports.words import (
    capital,
    chance,
    column_name,
    count,
    figure_name,
    limit,
    moment,
)
from stream_monitor.reports.words import lasted as lasting

#: Recommendations at most; whoever has more to do begins with these.
MOST = 12
#: A drift that has lasted for so many windows may be here to stay.
LASTING = 12
#: An alert that started so often within the period flaps.
FLAPS = 3
_ALERTS = 5
_LATE = 0.01
_FEW_LABELS = 0.1
_THIN = 0.5


class Recommendation(NamedTuple):
    """What to do and why; ``section`` is the part of the page that shows the evidence."""

    what: str
    why: str
    section: str


class Evidence(NamedTuple):
    """What the rules look at."""

    history: History
    overview: Overview
    performance: list[FigureStory]
    errors: list[FigureStory]  # of the estimates
    others: list[FigureStory]  # coverage, quality, latency
    columns: list[Pictured]


Rule = Callable[[Evidence], Iterator[Recommendation]]


def recommend(evidence: Evidence) -> list[Recommendation]:
    """What follows from the evidence, the most urgent first; never empty."""
    found = [each for rule in RULES for each in rule(evidence)][:MOST]
    if found:
        return found
    if not evidence.overview.statuses:
        return [
            Recommendation(
                "Check that the model sends events and that a worker runs.",
                "No window of this period was reported.",
                "overview",
            )
        ]
    return [Recommendation("Nothing needs to be done.", evidence.overview.sentence, "overview")]


def _open_alerts(evidence: Evidence) -> Iterator[Recommendation]:
    for each in gravest(evidence.overview.open)[:_ALERTS]:
        if each.told.look_first:
            grave = " (critical)" if each.told.severity == Severity.CRITICAL else ""
            why = f"{capital(what(each))}{grave}, open since {moment(each.since_ms)}."
            yield Recommendation(f"Look first at {each.told.look_first}.", why, "timeline")


def _both_worse(evidence: Evidence) -> Iterator[Recommendation]:
    drifts, worse = _of(evidence, Family.DRIFT), _of(evidence, Family.PERFORMANCE)
    # A version that is worse is no reason to retrain the others; see _versions.
    worse = [each for each in worse if each.told.monitor != WORSE]
    if drifts and worse:
        yield Recommendation(
            "Retrain on recent rows with labels, or go back to inputs that the model knows.",
            f"{capital(what(drifts[0]))} and {what(worse[0])} are open together, so the change "
            "has reached the results.",
            "performance",
        )
    elif worse:
        yield Recommendation(
            "Compare recent wrong predictions with older ones; retrain if the labels are right.",
            f"{capital(what(worse[0]))}, and no feature has drifted: what the inputs mean for the "
            "result may have changed.",
            "performance",
        )


def _lasting(evidence: Evidence) -> Iterator[Recommendation]:
    history = evidence.history
    if _of(evidence, Family.PERFORMANCE) or not evidence.performance:
        return  # whether the model still works has to be known
    newest = history.windows[-1].end_ms
    for each in _of(evidence, Family.DRIFT):
        lasted = newest - each.since_ms
        labelled = sum(w.labelled for w in history.windows if w.start_ms >= each.since_ms)
        if lasted < LASTING * history.settings.slide_ms or labelled < history.settings.min_samples:
            continue
        yield Recommendation(
            "If this is how it will be from now on, make it the reference: stream-monitor "
            f"reference promote {shlex.quote(history.model)} --since {rfc3339(each.since_ms)}",
            f"{capital(what(each))} has lasted {lasting(lasted)}, and no performance "
            "alert is open.",
            "drift",
        )


def _dates(evidence: Evidence) -> Iterator[Recommendation]:
    for figure in (*evidence.performance, *evidence.others):
        found = figure.forecast
        if found is not None and found.reaches is not None:
            yield Recommendation(
                f"Act before {moment(found.reaches.at_ms)}: by then {figure_name(figure.name)} "
                f"reaches its limit of {limit(found.limit, figure.name)} if it goes on like this.",
                f"A trend over {count(found.n, 'window')} ({chance(found.p_value)}).",
                "forecast",
            )
    for column in evidence.columns:
        found = column.forecast
        if found is not None and found.reaches is not None:
            name = column_name(column.story.column)
            yield Recommendation(
                f"Find out why {name} is moving before {moment(found.reaches.at_ms)}, when its "
                f"drift becomes large enough to matter ({limit(found.limit)}).",
                f"A trend over {count(found.n, 'window')} ({chance(found.p_value)}).",
                "forecast",
            )


def _versions(evidence: Evidence) -> Iterator[Recommendation]:
    for each in evidence.history.cumulative.told.get("versions", ()):
        by_decision: dict[str, list[str]] = {}
        for metric in each["metrics"]:
            by_decision.setdefault(str(metric["decided"]), []).append(figure_name(metric["metric"]))
        better, worse = by_decision.get("better", []), by_decision.get("worse", [])
        if better and not worse:
            yield Recommendation(
                f"Consider version {each['version']} in place of {each['champion']}.",
                f"It is better by {listed(better)}, at a level that may be read at any time.",
                "versions",
            )
        if worse:
            yield Recommendation(
                f"Do not roll version {each['version']} out further.",
                f"It is worse than {each['champion']} by {listed(worse)}, at a level that may be "
                "read at any time.",
                "versions",
            )


def _estimates(evidence: Evidence) -> Iterator[Recommendation]:
    off = [
        each.name.removeprefix(ERROR)
        for each in evidence.errors
        if each.newest.point.lower is not None
        and each.newest.point.upper is not None
        and not each.newest.point.lower <= 0 <= each.newest.point.upper
    ]
    if off:
        yield Recommendation(
            "Do not rely on the estimates, and build the reference anew from recent rows with "
            "labels.",
            f"The estimates of {listed([figure_name(name) for name in off])} were off by more than "
            "chance: what a score is worth has changed.",
            "coverage",
        )


def _labels(evidence: Evidence) -> Iterator[Recommendation]:
    warned = [text for window in evidence.history.windows[-1:] for text in window.warnings]
    for text in warned:
        yield Recommendation(
            "Read the performance figures as those of the labelled part only.", text, "coverage"
        )
    rows, labelled = evidence.overview.rows, evidence.overview.labelled
    if labelled and labelled < _FEW_LABELS * rows:
        yield Recommendation(
            "Get more of the labels, or a random sample of them.",
            f"{labelled:,} of {count(rows, 'event')} have a label ({labelled / rows:.1%}), so the "
            "intervals are wide.",
            "coverage",
        )


def _flapping(evidence: Evidence) -> Iterator[Recommendation]:
    for each in evidence.history.episodes:
        if len(each.starts) >= FLAPS:
            yield Recommendation(
                "Raise alerts.recover or alerts.cooldown, or the smallest effect that matters.",
                f"The alert on {what(each)} has started {len(each.starts)} times.",
                "timeline",
            )
            return


def _setting(evidence: Evidence) -> Iterator[Recommendation]:
    """What hinders the monitor itself."""
    history, firsts = evidence.history, [w.first for w in evidence.history.windows if w.first]
    thin, windows = evidence.overview.statuses[State.THIN], len(history.windows)
    if thin > _THIN * windows:
        yield Recommendation(
            "Set a longer window, so that more windows hold enough rows.",
            f"{thin:,} of {count(windows, 'window')} held too few rows to be judged.",
            "overview",
        )
    unknown = sorted({name for first in firsts[-1:] for name in first.unknown})
    if unknown:
        yield Recommendation(
            "Build the reference with these features, or stop sending them.",
            f"{listed(unknown)} came and the reference has no such feature, so nothing of it is "
            "judged.",
            "quality",
        )
    late = max((first.late for first in firsts), default=0)
    if late > _LATE * max(1, evidence.overview.rows):
        yield Recommendation(
            "Raise allowed_lateness.",
            f"{count(late, 'event')} came after their windows had been judged.",
            "quality",
        )
    hashes = {window.reference_hash for window in history.windows}
    if len(hashes) > 1:
        yield Recommendation(
            "Compare drift only between windows of the same reference.",
            f"The windows were judged by {len(hashes)} references.",
            "overview",
        )
    if evidence.performance and not any(each.limit is not None for each in evidence.performance):
        yield Recommendation(
            "Set a limit for the figure that matters most, under performance.min or "
            "performance.max.",
            "No figure of performance has one, so none of them alarms by itself.",
            "performance",
        )


#: In the order of urgency.
RULES: tuple[Rule, ...] = (
    _open_alerts,
    _both_worse,
    _dates,
    _versions,
    _lasting,
    _estimates,
    _labels,
    _flapping,
    _setting,
)


def _of(evidence: Evidence, family: Family) -> list[Episode]:
    return [each for each in gravest(evidence.overview.open) if each.told.family == family]
