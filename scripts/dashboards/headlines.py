"""Panels that two dashboards begin with."""

from __future__ import annotations

from scripts.dashboards.colors import ALL_IS_WELL
from scripts.dashboards.panels import Panel, graph, number
from scripts.dashboards.promql import JOB, newest
from scripts.dashboards.style import LIMIT, Query
from stream_monitor.metrics import names

_METRIC = ("model", "metric")
_HEADLINES = 'metric=~"accuracy|balanced_accuracy|f1|roc_auc"'


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


def workers_up() -> Panel:
    return number(
        "Workers up",
        "Share of the workers that answer Prometheus.",
        "percentunit",
        Query(f"avg(up{{{JOB}}})", "up"),
        colors=ALL_IS_WELL,
    )
