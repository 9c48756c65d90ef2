"""Panels that two dashboards show."""

from __future__ import annotations

from scripts.dashboards.colors import ALL_IS_WELL
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import Panel, graph, number
from scripts.dashboards.promql import JOB, OF_MODEL, newest, recorded
from scripts.dashboards.style import LIMIT, Query
from stream_monitor.metrics import names

_METRIC = ("model", "metric")
_HEADLINES = 'metric=~"accuracy|balanced_accuracy|f1|roc_auc"'
EVENTS_LATE = "job_model:stream_monitor_events_late:ratio_rate1h"


def on_labelled_events(title: str) -> Panel:
    """The headline figures of the latest window and their limits."""
    return graph(
        title,
        "On the labelled events of the latest window; figures change as labels "
        "come. Dashed: what the figure is in alarm beyond, where a limit is set.",
        "percentunit",
        Query(newest(names.PERFORMANCE, _METRIC, _HEADLINES), "{{metric}}"),
        Query(
            newest(names.PERFORMANCE_THRESHOLD, _METRIC, _HEADLINES),
            f"{LIMIT}: {{{{metric}}}}",
        ),
        least=None,
    )


def evidence_for_a_change() -> Panel:
    """One line: the verdicts of drift and of quality share the evidence of all columns."""
    threshold = newest(names.EVIDENCE_THRESHOLD, OF_MODEL)
    return graph(
        "Evidence for a change",
        "Powers of ten of the evidence that the data is not the reference's any more, of drift and "
        "of bad values together. At the limit, which follows from the budget of false alarms, it "
        "accuses the columns that carry it.",
        "none",
        Query(newest(names.EVIDENCE, OF_MODEL, 'column=""'), "evidence"),
        Query(threshold, f"{LIMIT}: alarm"),
    )


def events_late() -> Panel:
    """Of each model, with the alert's limit."""
    return graph(
        "Share of events late",
        "Share of the last hour's events that came after their window was judged and count "
        "nowhere. From the limit on StreamMonitorEventsLate begins.",
        "percentunit",
        Query(recorded(EVENTS_LATE), "{{model}}"),
        limits=(limit("events_late_ratio", "warning"),),
        span=8,
    )


def workers_up() -> Panel:
    """Of the chosen jobs."""
    return number(
        "Workers up",
        "Share of the workers that answer Prometheus.",
        "percentunit",
        Query(f"avg(up{{{JOB}}})", "up"),
        colors=ALL_IS_WELL,
    )
