"""The figures of performance that a model is known by, which two dashboards show."""

from __future__ import annotations

from scripts.dashboards.panels import Panel, graph
from scripts.dashboards.promql import newest
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
